"""A host object's status on its way up, for kinds whose status means the same on both sides."""

from typing import Any

from common.actions import Action, Patch
from common.objects import Obj, merge_diff, name_of, namespace_of, uid


def status_up(virtual: Obj, status: Obj) -> list[Action]:
    """What makes the virtual object's status this one.

    What is empty counts as missing, since API servers turn one into the other.
    """
    changes = merge_diff(_filled(virtual.get("status") or {}), _filled(status))
    if not changes:
        return []
    return [
        Patch(
            side="virtual",
            namespace=namespace_of(virtual),
            name=name_of(virtual),
            patch={"status": changes},
            uid=uid(virtual),
            subresource="status",
        )
    ]


def _filled(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    filled = {key: _filled(each) for key, each in value.items()}
    return {key: each for key, each in filled.items() if each not in (None, {}, [])}
