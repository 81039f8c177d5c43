"""Kinds under a Pod Security Standard: pods as admission would have it, and volumes by which pods
would get around it.

As with Kubernetes' own admission what runs already may stay; what is new is checked: pods, new
images, ephemeral containers. A pod is judged as it would be sent, so patches of the configuration
may mend or break it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from common.actions import Action, EmitEvent, Patch
from common.cluster import Cluster
from common.context import Context, Ref
from common.errors import TerminalError
from common.kind import Kind
from common.metadata import marks
from common.objects import Obj, annotations, get_path
from common.pod.lifecycle import already_ran
from common.pod.security.parts import items
from common.pod.security.standards import broken_controls, told

REASON = "PodSecurityViolation"
_IMAGE_LISTS = ("initContainers", "containers")
_EPHEMERAL = "ephemeralContainers"
# Of volumes these are places on the node.
_NODE_PATHS = ("hostPath", "local")


def guarded(kinds: Mapping[str, Kind], cluster: Cluster) -> dict[str, Kind]:
    """Those of the kinds that the standard of their virtual cluster is about, under it."""
    if cluster.pod_security == "privileged":
        return {}
    return {
        "persistentvolumes": _guarded_volumes(kinds["persistentvolumes"], cluster),
        "pods": _guarded_pods(kinds["pods"], cluster),
    }


def _guarded_pods(kind: Kind, cluster: Cluster) -> Kind:
    guard = _Guard(kind, cluster)
    return replace(
        kind,
        refuse=guard.refuse,
        references=guard.references,
        patch_down=guard.patch_down,
        subresources_down=guard.subresources_down,
    )


def _guarded_volumes(kind: Kind, cluster: Cluster) -> Kind:
    """Through a claim these would be what a hostPath is in a pod."""

    def refuse(virtual: Obj, context: Context) -> list[Action]:
        body = kind.translate(virtual, context)
        found = [key for key in _NODE_PATHS if get_path(body, f"spec.{key}") is not None]
        if not found:
            return []
        broken = {f"{found[0]} volumes": "pods could mount what is on the node"}
        return [_warning(told(cluster.pod_security, broken))]

    return replace(kind, refuse=refuse)


class _Guard:
    def __init__(self, kind: Kind, cluster: Cluster) -> None:
        self._kind = kind
        self._cluster = cluster
        self._standard = cluster.pod_security
        self._patched = bool(cluster.patches.get(kind.plural))

    def refuse(self, virtual: Obj, context: Context) -> list[Action]:
        broken = self._broken(virtual, context)
        return [_warning(told(self._standard, broken))] if broken else []

    def references(self, virtual: Obj) -> Iterable[Ref]:
        """A pod that is refused needs nothing on the host, unless it's there from before."""
        if not _was_sent(virtual) and self._is_refused(virtual):
            return ()
        return self._kind.references(virtual)

    def patch_down(self, virtual: Obj, translated: Obj, host: Obj, context: Context) -> Obj:
        """Without new images in a pod that wouldn't be let in anew."""
        patch = self._compared(virtual, translated, host, context)
        spec: Obj = patch.get("spec") or {}
        if not any(key in spec for key in _IMAGE_LISTS) or not self._broken(virtual, context):
            return patch
        kept = {key: value for key, value in spec.items() if key not in _IMAGE_LISTS}
        rest = {key: value for key, value in patch.items() if key != "spec"}
        return {**rest, "spec": kept} if kept else rest

    def subresources_down(self, virtual: Obj, host: Obj, context: Context) -> list[Action]:
        found = [
            each
            for action in self._kind.subresources_down(virtual, host, context)
            for each in self._checked(action, host)
        ]
        return [*found, *self._kept_images(virtual, host, context)]

    def _is_refused(self, virtual: Obj) -> bool:
        """As far as it can be told without looking around; a pod whose patches fail isn't sent
        either."""
        try:
            return bool(self._broken(virtual, Context(self._cluster)))
        except TerminalError:
            return True

    def _broken(self, virtual: Obj, context: Context) -> dict[str, str]:
        """Translation alone changes nothing that the standards are about."""
        sent = virtual
        if self._patched:
            _, notes = marks(self._kind, virtual, context)
            sent = {"metadata": {"annotations": notes}, **self._kind.translate(virtual, context)}
        spec = {key: value for key, value in (sent.get("spec") or {}).items() if key != _EPHEMERAL}
        return broken_controls(self._standard, {**sent, "spec": spec})

    def _compared(self, virtual: Obj, translated: Obj, host: Obj, context: Context) -> Obj:
        assert self._kind.patch_down is not None
        return self._kind.patch_down(virtual, translated, host, context)

    def _kept_images(self, virtual: Obj, host: Obj, context: Context) -> Iterator[Action]:
        """What `patch_down` left out, told."""
        if not (broken := self._broken(virtual, context)):
            return
        translated = (self._kind.mutable or self._kind.translate)(virtual, context)
        desired = self._kind.settle(virtual, translated, host, context)
        spec = self._compared(virtual, desired, host, context).get("spec") or {}
        if any(key in spec for key in _IMAGE_LISTS):
            yield _warning(f"its new images are not sent: {told(self._standard, broken)}")

    def _checked(self, action: Action, host: Obj) -> Iterator[Action]:
        """Without ephemeral containers that the standard forbids in this host pod."""
        if not isinstance(action, Patch) or action.subresource != _EPHEMERAL.lower():
            yield action
            return
        allowed: list[Obj] = []
        for container in items(action.patch, f"spec.{_EPHEMERAL}"):
            if broken := broken_controls(self._standard, _alone(container, host)):
                name, reason = container.get("name"), told(self._standard, broken)
                yield _warning(f"ephemeral container {name} is not sent: {reason}")
            else:
                allowed.append(container)
        if allowed:
            yield replace(action, patch={"spec": {_EPHEMERAL: allowed}})


def _alone(container: Obj, host: Obj) -> Obj:
    """The host pod with nothing but this container and what it mounts: others may be the host's
    own, or there from before."""
    mounted = {each.get("name") for each in items(container, "volumeMounts")}
    left_out = (*_IMAGE_LISTS, "volumes", _EPHEMERAL)
    spec = {key: value for key, value in (host.get("spec") or {}).items() if key not in left_out}
    spec["volumes"] = [each for each in items(host, "spec.volumes") if each.get("name") in mounted]
    return {
        "metadata": {"annotations": annotations(host)},
        "spec": {**spec, _EPHEMERAL: [container]},
    }


def _was_sent(virtual: Obj) -> bool:
    """Whether the virtual pod shows that there is a host pod, be it without a node yet."""
    told_of = (each.get("type") for each in items(virtual, "status.conditions"))
    return already_ran(virtual) or "PodScheduled" in told_of


def _warning(message: str) -> EmitEvent:
    return EmitEvent("Warning", REASON, message)
