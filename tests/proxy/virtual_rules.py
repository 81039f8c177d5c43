"""What tohost may write in a virtual cluster, said without any of the code that decides about it.

Statuses, bindings, Events and tokens; stand-ins for what exists on the host alone, which bear the
managed-by label; of everything else only the fields that `_FIELDS` names, which the host decides.
What goes is a pod whose host pod is gone, a stand-in, a tenant's volume or snapshot content that
the host has reclaimed with its data, and the leaked note of an address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from common.objects import Obj, labels, uid
from tests.proxy.audit import Write
from tests.proxy.host_rules import MARK, PREFIX

_REVIEWS: Final = "authorization.k8s.io"
_PRECONDITIONS: Final = r"metadata\.(uid|resourceVersion)"
_STATUS: Final = r"status(\..*)?"
_MARKED: Final = ("nodes", "persistentvolumes", "servicecidrs", "volumesnapshotcontents")
"""The kinds of which tohost makes objects of its own: stand-ins, and the host's service range."""
_CALLS: Final = (("pods", "binding"), ("serviceaccounts", "token"))
_DELETED: Final = ("pods", "nodes", "persistentvolumes", "volumesnapshotcontents", "ipaddresses")
_POLICIES: Final = {
    "persistentvolumes": "persistentVolumeReclaimPolicy",
    "volumesnapshotcontents": "deletionPolicy",
}
_FIELDS: Final = {
    "namespaces": rf"metadata\.annotations\.{re.escape(PREFIX)}not-synced",
    "persistentvolumeclaims": (
        r"metadata\.annotations\.(pv|volume(\.beta)?)\.kubernetes\.io/.*|spec\.volumeName"
    ),
    "persistentvolumes": (
        r"metadata\.finalizers|spec\.(claimRef|capacity|volumeAttributesClassName)(\..*)?"
    ),
    "services": (
        rf"metadata\.annotations\.{re.escape(PREFIX)}(moving|host-cluster-ip)"
        r"|spec\.(type|externalName|clusterIPs?|ipFamilies|ipFamilyPolicy|ports|externalIPs"
        r"|healthCheckNodePort|allocateLoadBalancerNodePorts"
        r"|(internal|external)TrafficPolicy)(\..*)?"
    ),
}


class VirtualRules:
    """`cluster` is the virtual cluster's name. `inspect` and `judge` are for a Proxy and its
    Audit."""

    def __init__(self, cluster: str) -> None:
        self._cluster = cluster
        self._events: set[str] = set()

    def inspect(self, write: Write) -> Iterator[str]:
        """What must be known of a write before it is done."""
        changes = write.verb == "delete" or (write.verb == "patch" and not write.target.subresource)
        if changes and write.target.plural != "events":
            yield write.own_path

    def judge(self, write: Write) -> Iterator[str]:
        """What is wrong with it, in words."""
        if not write.may_have_happened or write.target.group == _REVIEWS:
            return
        match write.verb:
            case "create":
                wrong = self._judge_creation(write)
            case "patch" if write.target.plural == "events":
                wrong = "" if write.path in self._events else "an Event that tohost didn't make"
            case "patch":
                wrong = self._judge_patch(write)
            case "delete":
                wrong = self._judge_deletion(write)
            case _:
                wrong = "is nothing that tohost does"
        if wrong:
            yield f"{write}: {wrong}"

    def _judge_creation(self, write: Write) -> str:
        target, body = write.target, write.body
        if target.subresource:
            known = (target.plural, target.subresource) in _CALLS
            return "" if known else f"creates a {target.subresource}"
        if target.plural == "events":
            self._events.add(f"{write.path}/{body['metadata']['name']}")
            return ""
        if target.plural not in _MARKED:
            return "is nothing that tohost makes here"
        return "" if self._is_marked(body) else "a stand-in without our label"

    def _judge_patch(self, write: Write) -> str:
        allowed = [_PRECONDITIONS, _STATUS]
        if not write.target.subresource:
            if write.before and write.target.plural in _MARKED and self._is_marked(write.before[0]):
                return ""
            allowed.append(_FIELDS.get(write.target.plural, _STATUS))
        elif write.target.subresource != "status":
            return "is nothing that tohost patches"
        found = [each for each in _paths(write.body) if not _matches(each, allowed)]
        return f"changes {', '.join(found)}" if found else ""

    def _judge_deletion(self, write: Write) -> str:
        plural = write.target.plural
        if plural not in _DELETED or write.target.subresource:
            return "is nothing that tohost deletes"
        before = write.before[0] if write.before else {}
        meant = (write.body.get("preconditions") or {}).get("uid")
        if before and meant != uid(before):
            return f"means uid {meant!r}, and {uid(before)!r} was there"
        if plural in _MARKED and before and not self._is_marked(before):
            policy = (before.get("spec") or {}).get(_POLICIES.get(plural, ""))
            return "" if policy == "Delete" else f"a tenant's own, with policy {policy}"
        return ""

    def _is_marked(self, obj: Obj) -> bool:
        return labels(obj).get(MARK) == self._cluster


def _paths(patch: Obj, start: str = "") -> Iterator[str]:
    """What a merge patch sets, as dotted paths down to values and lists."""
    for key, value in patch.items():
        if isinstance(value, dict) and value:
            yield from _paths(value, f"{start}{key}.")
        else:
            yield f"{start}{key}"


def _matches(path: str, patterns: list[str]) -> bool:
    return any(re.fullmatch(each, path) for each in patterns)
