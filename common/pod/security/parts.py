"""How the controls look into a pod and name what breaks them.

Patches of the configuration may leave anything anywhere. What has another form than a pod's counts
as missing: an API server takes no such pod.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from common.objects import Obj, get_path
from common.references import CONTAINER_LISTS

_SHOWN = 5
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class Control:
    """`name`: what users of Pod Security Admission know it by. `broken`: what in a pod breaks it,
    as a phrase; "" when nothing does."""

    name: str
    broken: Callable[[Obj], str]


def containers(pod: Obj) -> Iterator[Obj]:
    """All of them: init, ordinary and ephemeral ones."""
    for key in CONTAINER_LISTS:
        yield from items(pod, f"spec.{key}")


def items(holder: Obj, path: str) -> list[Obj]:
    """The maps in the list at a path."""
    found = get_path(holder, path)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def on_windows(pod: Obj) -> bool:
    return bool(get_path(pod, "spec.os.name") == "windows")


def in_user_namespace(pod: Obj) -> bool:
    """Its root is nobody on the node."""
    return get_path(pod, "spec.hostUsers") is False


def container_setters(pod: Obj, broken: Callable[[Obj], object]) -> list[str]:
    """The names of the containers for which `broken` holds."""
    return [str(each.get("name")) for each in containers(pod) if broken(each)]


def setters(pod: Obj, broken: Callable[[Obj], object]) -> str:
    """Who has a security context for which `broken` holds: the pod itself, containers or both."""
    of_pod = get_path(pod, "spec.securityContext")
    found = ["the pod"] if isinstance(of_pod, dict) and broken(of_pod) else []
    named = container_setters(pod, lambda each: broken(security(each)))
    return " and ".join([*found, *([container_list(named)] if named else [])])


def security(container: Obj) -> Obj:
    found = container.get("securityContext")
    return found if isinstance(found, dict) else {}


def container_list(names: Iterable[str]) -> str:
    return _counted("container", names)


def volume_list(names: Iterable[str]) -> str:
    return _counted("volume", names)


def quoted(texts: Iterable[object]) -> str:
    """Each once, sorted; of many only the first."""
    each = sorted({str(text) for text in texts})
    shown = ", ".join(json.dumps(text[:_LONGEST], ensure_ascii=False) for text in each[:_SHOWN])
    return shown if len(each) <= _SHOWN else f"{shown} and {len(each) - _SHOWN} more"


def _counted(noun: str, names: Iterable[str]) -> str:
    names = list(names)
    return f"{noun if len(names) == 1 else f'{noun}s'} {quoted(names)}"
