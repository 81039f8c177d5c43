"""Strategic merge patches, as far as plans send them: items of lists are merged by their key."""

from typing import Any

from common.objects import Obj

_KEYS = {
    "conditions": "type",
    "containers": "name",
    "ephemeralContainers": "name",
    "initContainers": "name",
}


def strategic_patch(target: Any, patch: Any) -> Any:
    """`target` with the patch applied; neither is changed. New items come first, as on servers."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif key in _KEYS and isinstance(value, list):
            result[key] = _merged(result.get(key) or [], value, _KEYS[key])
        else:
            result[key] = strategic_patch(result.get(key), value)
    return result


def _merged(items: list[Obj], patches: list[Obj], key: str) -> list[Obj]:
    by_key = {each.get(key): each for each in patches}
    gone = {name for name, each in by_key.items() if each.get("$patch") == "delete"}
    kept = [
        strategic_patch(each, by_key.get(each.get(key), {}))
        for each in items
        if each.get(key) not in gone
    ]
    there = {each.get(key) for each in items}
    return [
        strategic_patch({}, each) for each in patches if each.get(key) not in there | gone
    ] + kept
