"""Virtual objects as people write them."""

import base64
from typing import Any

from common.objects import Obj

IMAGE = "nginx:1.27"


def configmap(name: str, data: dict[str, str] | None = None, **fields: Any) -> Obj:
    return {"metadata": {"name": name}, "data": data or {"key": "value"}, **fields}


def secret(name: str, data: dict[str, str] | None = None, **fields: Any) -> Obj:
    """`data` is plain text."""
    encoded = {key: encode(value) for key, value in (data or {"key": "value"}).items()}
    return {"metadata": {"name": name}, "data": encoded, **fields}


def encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def pod(name: str, *references: Obj, **spec: Any) -> Obj:
    """`references` are merged into the spec, lists being joined: see `from_*` below."""
    whole: Obj = {"containers": [{"name": "main", "image": IMAGE}], **spec}
    for reference in references:
        for field, value in reference.items():
            if field == "main":
                whole["containers"][0] |= value
            else:
                whole[field] = [*whole.get(field, ()), *value]
    return {"metadata": {"name": name}, "spec": whole}


def in_env(plural: str, name: str, key: str = "key") -> Obj:
    source = {"configmaps": "configMapKeyRef", "secrets": "secretKeyRef"}[plural]
    variable = {"name": "FROM", "valueFrom": {source: {"name": name, "key": key}}}
    return {"main": {"env": [variable]}}


def in_env_from(plural: str, name: str) -> Obj:
    source = {"configmaps": "configMapRef", "secrets": "secretRef"}[plural]
    return {"main": {"envFrom": [{source: {"name": name}}]}}


def in_volume(plural: str, name: str) -> Obj:
    source: Obj = {"configMap": {"name": name}}
    if plural == "secrets":
        source = {"secret": {"secretName": name}}
    return {"volumes": [{"name": "files", **source}]}


def in_projection(plural: str, name: str) -> Obj:
    source = {"configmaps": "configMap", "secrets": "secret"}[plural]
    return {"volumes": [{"name": "files", "projected": {"sources": [{source: {"name": name}}]}}]}


def in_init_container(plural: str, name: str) -> Obj:
    return {"initContainers": [{"name": "init", "image": IMAGE, **in_env(plural, name)["main"]}]}


def in_pull_secrets(_plural: str, name: str) -> Obj:
    return {"imagePullSecrets": [{"name": name}]}


def token_volume(audience: str = "vault", expiration_s: int = 3600) -> Obj:
    token = {"audience": audience, "expirationSeconds": expiration_s, "path": "token"}
    source = {"serviceAccountToken": token}
    return {"volumes": [{"name": "identity", "projected": {"sources": [source]}}]}


def service(name: str, selected: bool = True, **spec: Any) -> Obj:
    whole: Obj = {"ports": [{"name": "http", "port": 80, "protocol": "TCP"}], **spec}
    if selected:
        whole["selector"] = {"app": name}
    return {"metadata": {"name": name}, "spec": whole}


def endpoints(name: str, address: str = "192.0.2.1") -> Obj:
    subset = {"addresses": [{"ip": address}], "ports": [{"name": "http", "port": 80}]}
    return {"metadata": {"name": name}, "subsets": [subset]}


def slice_of(service_name: str, name: str, address: str = "192.0.2.2", **labels: str) -> Obj:
    return {
        "metadata": {
            "name": name,
            "labels": {"kubernetes.io/service-name": service_name, **labels},
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": [address]}],
        "ports": [{"name": "http", "port": 80, "protocol": "TCP"}],
    }


def ingress(name: str, service: str, secret: str) -> Obj:
    backend = {"service": {"name": service, "port": {"number": 80}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    rule = {"host": f"{name}.example.com", "http": {"paths": [path]}}
    tls = [{"hosts": [f"{name}.example.com"], "secretName": secret}]
    return {"metadata": {"name": name}, "spec": {"rules": [rule], "tls": tls}}


def network_policy(name: str, app: str, **spec: Any) -> Obj:
    peer = {"podSelector": {"matchLabels": {"app": "client"}}}
    selector = {"matchLabels": {"app": app}}
    return {
        "metadata": {"name": name},
        "spec": {"podSelector": selector, "ingress": [{"from": [peer]}], **spec},
    }


def disruption_budget(name: str, app: str) -> Obj:
    selector = {"matchLabels": {"app": app}}
    return {"metadata": {"name": name}, "spec": {"minAvailable": 1, "selector": selector}}


def priority_class(name: str, value: int = 1000) -> Obj:
    return {"metadata": {"name": name}, "value": value, "description": "for tests"}


def claim(name: str, size: str = "1Gi") -> Obj:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    return {"metadata": {"name": name}, "spec": {**spec, "storageClassName": "fast"}}
