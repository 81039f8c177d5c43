"""Nodes: a virtual stand-in for each node that a synced pod runs on."""

from common.actions import Action
from common.context import Context
from common.kind import Doc, Kind
from common.naming import shorten
from common.objects import Obj, get_path, labels, name_of
from common.standin import keep_standin, remove_standin, standin_labels

# Told of a node that the host does not let us read.
_KUBELET_VERSION = "v1.36.0"
_CAPACITY = {"cpu": "16", "memory": "32Gi", "ephemeral-storage": "100Gi", "pods": "110"}
_SYSTEM = {"operatingSystem": "linux", "architecture": "amd64"}

_COPIED_LABELS = (
    "kubernetes.io/arch",
    "kubernetes.io/os",
    "node.kubernetes.io/instance-type",
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
)
_READY = {
    "type": "Ready",
    "status": "True",
    "reason": "HostNode",
    "message": "a stand-in for the host cluster's node of this name",
}


def stand_in(name: str, context: Context) -> Obj:
    """The virtual Node: the host's own values where they can be read."""
    host = context.related.live_host or {}
    found: Obj = host.get("status") or {}
    capacity = found.get("capacity") or _CAPACITY
    system = get_path(found, "nodeInfo") or {"kubeletVersion": _KUBELET_VERSION, **_SYSTEM}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": _labels(name, host, context)},
        # API servers taint a new Node as not ready, and no controller here would take that off.
        "spec": {"taints": []},
        "status": {
            "capacity": capacity,
            "allocatable": found.get("allocatable") or capacity,
            "nodeInfo": system,
            "addresses": [{"type": "Hostname", "address": name}],
            "conditions": [_READY],
        },
    }


def _labels(name: str, host: Obj, context: Context) -> dict[str, str]:
    copied = {key: labels(host)[key] for key in _COPIED_LABELS if key in labels(host)}
    defaults = {"kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux"}
    own = {"kubernetes.io/hostname": shorten(name), **standin_labels(context.cluster)}
    return {**defaults, **copied, **own}


def _translate(_virtual: Obj, _context: Context) -> Obj:
    return {}


def _plan(virtual: Obj | None, _host: Obj | None, context: Context) -> list[Action]:
    if not context.related.referrers:
        return remove_standin(virtual, context.cluster)
    name = context.name or name_of(virtual or context.related.live_host or {})
    desired = stand_in(name, context)
    if virtual is not None and context.related.live_host is None:
        desired["status"] = {"conditions": [_READY]}  # what was read earlier stays
    return keep_standin(virtual, desired, context.cluster)


KIND = Kind(
    plural="nodes",
    kind="Node",
    option="",
    namespaced=False,
    host_watched=False,
    translate=_translate,
    needs=frozenset({"referrers", "live_host"}),
    plan=_plan,
    virtual_access=("nodes: create patch delete", "nodes/status: patch"),
    host_access=("nodes: get",),
    doc=Doc(
        up=(
            "a Node that a synced pod runs on appears as a stand-in, with the host's version and"
            " capacity where tohost may read Nodes, and goes when no pod needs it"
        )
    ),
)
