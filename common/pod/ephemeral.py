"""Ephemeral containers: those that are added to the virtual pod are added to the host pod.

None is ever changed or removed, by either side, so those of the host (a debugger that someone
attached there) just stay where they are.
"""

from collections.abc import Iterable

from common.actions import Action, Patch, RequeueAfter
from common.context import Context, Ref
from common.following import wait_for
from common.objects import Obj, meta, name_of, namespace_of, uid
from common.pod.environment import translate_container
from common.references import pod_references

_LIST = "ephemeralContainers"
_LOOK_AGAIN_S = 2.0


def ephemeral_down(virtual: Obj, host: Obj, context: Context) -> list[Action]:
    """Add to the host pod what it lacks."""
    wanted: list[Obj] = (virtual.get("spec") or {}).get(_LIST) or []
    if not wanted:
        return []
    there = {each.get("name") for each in (host.get("spec") or {}).get(_LIST) or ()}
    missing = [each for each in wanted if each.get("name") not in there]
    if not missing:
        return []
    if reason := wait_for(_named(virtual, missing), context):
        return [RequeueAfter(_LOOK_AGAIN_S, reason)]
    added = _translated(missing, virtual, host, context)
    return [
        Patch(
            side="host",
            namespace=namespace_of(host),
            name=name_of(host),
            patch={"spec": {_LIST: added}},
            uid=uid(host),
            subresource="ephemeralcontainers",
            patch_type="strategic",
        )
    ]


def _translated(missing: list[Obj], virtual: Obj, host: Obj, context: Context) -> list[Obj]:
    injected, namespace = _injected(virtual, host), namespace_of(virtual)

    def rename(plural: str, name: str) -> str:
        return context.host_name(plural, namespace, name)

    return [translate_container(each, injected, namespace, context, rename) for each in missing]


def _named(virtual: Obj, containers: list[Obj]) -> Iterable[Ref]:
    """What only these containers refer to."""
    return pod_references({"metadata": meta(virtual), "spec": {_LIST: containers}})


def adds_containers(virtual: Obj) -> bool:
    """Whether its host object may still have to be given something that names other objects."""
    return bool((virtual.get("spec") or {}).get(_LIST))


def _injected(virtual: Obj, host: Obj) -> list[Obj]:
    """The service variables that the host pod was created with: each of its containers has them
    before its own, but for those that it takes from elsewhere. The services of today may be
    others."""
    own = {each.get("name"): each for each in (virtual.get("spec") or {}).get("containers") or ()}
    found: dict[str, Obj] = {}
    for container in (host.get("spec") or {}).get("containers") or ():
        if container.get("name") in own:
            names = {each.get("name") for each in own[container["name"]].get("env") or ()}
            added = (each for each in container.get("env") or () if each.get("name") not in names)
            found |= {each["name"]: each for each in added}
    return [found[name] for name in sorted(found)]
