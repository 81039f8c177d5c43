"""Which admission webhooks a write is shown to, by the rules and selectors of their configurations.

`matchConditions` and `matchPolicy: Equivalent` are not looked at: a rule names the version in which
the write comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sandbox.messages.request import Request
from sandbox.messages.selectors import label_selector
from sandbox.state.cluster import Cluster

Object = dict[str, Any]

GROUP: Final = "admissionregistration.k8s.io"
MUTATING: Final = f"mutatingwebhookconfigurations.{GROUP}"
VALIDATING: Final = f"validatingwebhookconfigurations.{GROUP}"


@dataclass(frozen=True, slots=True)
class Write:
    """What a webhook is asked about. A deletion has no new object, a creation no old one."""

    request: Request
    operation: str
    name: str
    new: Object | None
    old: Object | None

    @property
    def namespace(self) -> str:
        """A namespace counts as being in itself."""
        target = self.request.target
        return self.name if target.resource.collection == "namespaces" else target.namespace


def configured(cluster: Cluster, collection: str) -> bool:
    return bool(cluster.storage.collection(collection).namespaces.get(""))


def hooks(cluster: Cluster, collection: str, write: Write) -> Iterator[tuple[str, Object]]:
    """Webhooks whose rules cover the write and whose selector its namespace, with the name of their
    configuration, in the order in which they are asked.

    What they look like themselves is no webhook's business.
    """
    if write.request.resource.group == GROUP:
        return
    for item in cluster.storage.collection(collection).items():
        for hook in item.obj.get("webhooks") or ():
            if any(_covers(rule, write) for rule in hook.get("rules") or ()) and _selects_namespace(
                cluster, hook["namespaceSelector"], write
            ):
                yield item.name, hook


def selects(hook: Object, write: Write) -> bool:
    """Whether the labels of the object, before or after, are those that the webhook is for."""
    matches = label_selector(hook["objectSelector"])
    return matches is None or any(matches(obj) for obj in (write.new, write.old) if obj)


def _covers(rule: Object, write: Write) -> bool:
    resource = write.request.resource
    scope = "Namespaced" if resource.namespaced else "Cluster"
    return (
        _among(write.operation, rule.get("operations"))
        and _among(resource.group, rule.get("apiGroups"))
        and _among(resource.version, rule.get("apiVersions"))
        and rule["scope"] in ("*", scope)
        and any(_names(pattern, write.request) for pattern in rule.get("resources") or ())
    )


def _among(value: str, listed: list[str] | None) -> bool:
    return not {"*", value}.isdisjoint(listed or ())


def _names(pattern: str, request: Request) -> bool:
    """`pods` is the pod itself, `pods/status` a part of it, `pods/*` either; `*` any resource."""
    plural, _, part = pattern.partition("/")
    target = request.target
    return plural in ("*", target.resource.plural) and part in ("*", target.subresource)


def _selects_namespace(cluster: Cluster, selector: Object, write: Write) -> bool:
    matches = label_selector(selector)
    if matches is None or not write.namespace:
        return True
    if write.request.resource.collection == "namespaces" and write.new and not write.old:
        return matches(write.new)
    item = cluster.storage.collection("namespaces").get("", write.namespace)
    return item is not None and matches(item.obj)
