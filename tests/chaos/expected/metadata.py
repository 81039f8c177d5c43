"""The labels and annotations of a host object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tests.chaos.expected.view import View
from tests.chaos.kinds import Served
from tests.chaos.names import (
    PREFIX,
    host_name,
    label_key,
    managed_by,
    namespace_label_key,
)
from tests.chaos.objects import Obj, labels_of, name_of, namespace_of, notes_of, uid_of

_SERVICE: Final = "kubernetes.io/service-name"
_AUTH_SECRET: Final = "nginx.ingress.kubernetes.io/auth-secret"
_BINDER: Final = ("pv.kubernetes.io/", "volume.kubernetes.io/", "volume.beta.kubernetes.io/")


def metadata_differs(view: View, served: Served, virtual: Obj, host: Obj) -> Iterator[str]:
    """Each difference in words."""
    labels, notes = labels_of(host), notes_of(host)
    for what, wanted, found in (
        ("label", _labels(view, served, virtual), labels),
        ("annotation", _notes(view, served, virtual), notes),
    ):
        for key, value in wanted.items():
            if found.get(key) != value:
                yield f"{what} {key} is {found.get(key)!r}, not {value!r}"
    for key in (notes.get(f"{PREFIX}managed-labels") or "").split("\n"):
        if key and key not in _labels(view, served, virtual):
            yield f"label {key} is still noted as ours"
    if served.plural == "pods":
        yield from _stale_namespace_labels(view, virtual, labels)


def _labels(view: View, served: Served, virtual: Obj) -> dict[str, str]:
    tenant, namespace = view.tenant, namespace_of(virtual)
    own = {key: each for key, each in labels_of(virtual).items() if not key.startswith(PREFIX)}
    found = {label_key(tenant, key): value for key, value in own.items()}
    found[f"{PREFIX}managed-by"] = managed_by(tenant, served.namespaced)
    if served.namespaced:
        found[f"{PREFIX}namespace"] = namespace
    if served.plural == "pods":
        for key, value in view.namespace_labels(namespace).items():
            found[namespace_label_key(tenant, key)] = value
    if served.plural == "endpointslices":
        found[_SERVICE] = host_name(tenant, namespace, own[_SERVICE])
    if served.plural == "namespaces":
        found.pop("kubernetes.io/metadata.name", None)
        found |= dict(tenant.extra_labels)
    return found


def _notes(view: View, served: Served, virtual: Obj) -> dict[str, str]:
    own = notes_of(virtual)
    found = {key: own[key] for key in own if not key.startswith((PREFIX, *_BINDER))}
    found[f"{PREFIX}name"] = name_of(virtual)
    found[f"{PREFIX}uid"] = uid_of(virtual)
    found[f"{PREFIX}kind"] = f"{served.group_version}, Kind={served.kind}"
    if served.group_version == "v1":
        found[f"{PREFIX}kind"] = f"/v1, Kind={served.kind}"
    if served.namespaced:
        found[f"{PREFIX}namespace"] = namespace_of(virtual)
    if served.plural == "pods":
        found |= _of_pod(virtual)
    if served.plural == "namespaces" and name_of(virtual) == "kube-system":
        del found[f"{PREFIX}uid"]  # it identifies the virtual cluster, and is kept secret
    if served.plural == "ingresses" and _AUTH_SECRET in found:
        found[_AUTH_SECRET] = host_name(view.tenant, namespace_of(virtual), found[_AUTH_SECRET])
    return found


def _of_pod(pod: Obj) -> dict[str, str]:
    """What the downward API answers from."""
    lines = sorted(f'{key}="{value}"' for key, value in labels_of(pod).items())
    return {
        f"{PREFIX}labels": "\n".join(lines),
        f"{PREFIX}service-account-name": pod["spec"].get("serviceAccountName") or "",
        "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
    }


def _stale_namespace_labels(view: View, pod: Obj, labels: dict[str, str]) -> Iterator[str]:
    start = f"{PREFIX}ns-label-{view.tenant.name}-x-"
    wanted = _labels(view, _PODS, pod)
    for key in labels:
        if key.startswith(start) and key not in wanted:
            yield f"label {key} is of a namespace's label that has gone"


_PODS: Final = Served("pods", "Pod", "v1", "pods")
