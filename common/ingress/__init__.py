"""What an Ingress names, part by part: `common.kinds.ingresses` puts them together."""
