"""The parts of a pod's translation; `common.kinds.pods` puts them together."""
