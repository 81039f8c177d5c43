"""What can be done to a pod besides writing it.

Binding it to a node, evicting it, reading its log.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sandbox.errors import ApiError, bad_request, conflict
from sandbox.messages.reply import Reply, json_reply, success
from sandbox.messages.request import Request, Target
from sandbox.messages.selectors import label_selector
from sandbox.objects import timestamp
from sandbox.state.cluster import Cluster
from sandbox.state.storage import Item
from sandbox.verbs import deletion

Object = dict[str, Any]


def bind(cluster: Cluster, request: Request) -> Reply:
    """Assigns the pod to a node, once."""
    item = cluster.item(request.target)
    binding = request.parse_body()
    if (binding.get("metadata") or {}).get("name") != item.name:
        raise bad_request("name in URL does not match name in Binding object")
    node = (binding.get("target") or {}).get("name")
    if not node:
        raise bad_request("target.name: Required value")
    pod = item.copy()
    if pod["metadata"].get("deletionTimestamp"):
        why = f"pod {item.name} is being deleted, cannot be assigned to a host"
        raise conflict("pods/binding", "", item.name, why)
    if pod["spec"].get("nodeName"):
        why = f'pod {item.name} is already assigned to node "{pod["spec"]["nodeName"]}"'
        raise conflict("pods/binding", "", item.name, why)
    pod["spec"]["nodeName"] = node
    annotations = (binding.get("metadata") or {}).get("annotations")
    if annotations:
        pod["metadata"]["annotations"] = (pod["metadata"].get("annotations") or {}) | annotations
    _note_scheduled(pod)
    if not request.dry_run:
        cluster.storage.put("pods", pod)
    return json_reply(success(code=201), 201)


def _note_scheduled(pod: Object) -> None:
    conditions = [
        part for part in pod["status"].get("conditions") or () if part["type"] != "PodScheduled"
    ]
    scheduled = {
        "type": "PodScheduled",
        "status": "True",
        "lastProbeTime": None,
        "lastTransitionTime": timestamp(),
    }
    pod["status"]["conditions"] = [*conditions, scheduled]


def evict(cluster: Cluster, request: Request) -> Reply:
    """Deletes the pod unless a disruption budget forbids it: 429."""
    item = cluster.item(request.target)
    _check_budgets(cluster, item)
    options = request.parse_body().get("deleteOptions") or {}
    if not request.dry_run:
        deletion.start(cluster, request.resource, item, options.get("gracePeriodSeconds"))
    return json_reply(success(code=201), 201)


def _check_budgets(cluster: Cluster, item: Item) -> None:
    if item.obj["status"].get("phase") in ("Pending", "Succeeded", "Failed"):
        return
    for budget in cluster.storage.collection("poddisruptionbudgets.policy").items(item.namespace):
        if _selects(budget.obj, item.obj) and budget.obj["status"].get("disruptionsAllowed", 0) < 1:
            cause = {
                "reason": "DisruptionBudget",
                "message": f"The disruption budget {budget.name} does not allow more disruptions",
            }
            message = "Cannot evict pod as it would violate the pod's disruption budget."
            raise ApiError(429, "TooManyRequests", message, {"causes": [cause]})


def _selects(budget: Object, pod: Object) -> bool:
    """An empty selector means every pod, none means none."""
    selector = budget["spec"].get("selector")
    if selector is None:
        return False
    matches = label_selector(selector)
    return matches is None or matches(pod)


def log(cluster: Cluster, request: Request) -> Reply:
    """Nothing runs, so there is one line that says so."""
    item = cluster.item(request.target)
    line = f"sandbox: pod {item.namespace}/{item.name} does not really run\n"
    return Reply(200, line.encode(), "text/plain")


def bind_by_name(cluster: Cluster, request: Request) -> Reply:
    """POST of a Binding to the namespace: the pod's name stands in the body."""
    name = (request.parse_body().get("metadata") or {}).get("name", "")
    resource = cluster.registry.find("", "v1", "pods")
    if resource is None or not name:
        raise bad_request("metadata.name: Required value")
    return bind(cluster, replace(request, target=Target(resource, request.target.namespace, name)))
