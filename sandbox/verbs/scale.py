"""The scale subresource: replicas of a workload without the rest of it."""

from __future__ import annotations

from typing import Any

from sandbox.messages.reply import Reply, json_reply
from sandbox.messages.request import Request
from sandbox.patch.untyped import merge_patch
from sandbox.state.cluster import Cluster
from sandbox.state.storage import Item
from sandbox.verbs.update import replace

Object = dict[str, Any]


def get_scale(cluster: Cluster, request: Request) -> Reply:
    return json_reply(_scale(cluster.item(request.target)))


def set_scale(cluster: Cluster, request: Request) -> Reply:
    """PUT and merge patches; both boil down to a new number of replicas."""
    item = cluster.item(request.target)
    changes = Request(request.method, request.target, body=request.body).parse_body()
    wanted = merge_patch(_scale(item), changes)
    new = item.copy()
    new["spec"]["replicas"] = wanted["spec"].get("replicas", 0)
    replace(cluster, request, new, item)
    return get_scale(cluster, request)


def _scale(item: Item) -> Object:
    metadata, spec, status = item.obj["metadata"], item.obj["spec"], item.obj.get("status") or {}
    identity = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    selector = ((spec.get("selector") or {}).get("matchLabels")) or {}
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: metadata[key] for key in identity if key in metadata},
        "spec": {"replicas": spec.get("replicas", 0)},
        "status": {
            "replicas": status.get("replicas", 0),
            "selector": ",".join(f"{key}={value}" for key, value in selector.items()),
        },
    }
