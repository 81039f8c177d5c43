"""A Kubernetes to try things on: two API servers, a kubelet and a Redis, from nothing but Python.

It stands in for a real control plane and is not part of the product: nothing in `watchers` or
`workers` imports it. `tests/conformance` runs the same tests against it and against a real kube-
apiserver; where they differ, the real one is right.

The API server is in rooms that import downward only: `server`, `verbs`, `patch`, `state`,
`messages`, `kinds`. What is beside them is for the rest of tohost, or for every room.
"""
