"""Strategic merge patch: lists whose elements have a key are merged by it, others replaced.

Which list has which key is in the schema. Without a type (custom resources under server-side apply)
all lists are replaced.
"""

from __future__ import annotations

from typing import Any

from sandbox.errors import bad_request
from sandbox.kinds.schema import Field, fields

Object = dict[str, Any]


def strategic_merge(target: Any, patch: Any, type_: str) -> Any:
    """`target` with the patch merged in; changes `target`.

    Knows the directives $patch, $deleteFromPrimitiveList, $retainKeys and, for lists of objects,
    $setElementOrder.
    """
    if not isinstance(patch, dict):
        return patch
    if not isinstance(target, dict):
        target = {}
    directive = patch.get("$patch")
    if directive == "replace":
        return {key: value for key, value in patch.items() if key != "$patch"}
    if directive == "delete":
        return {}
    _retain_keys(target, patch)
    known = fields(type_)
    for key, value in patch.items():
        _merge_field(target, key, value, known.get(key), patch.get(f"$setElementOrder/{key}"))
    return target


def _retain_keys(target: Object, patch: Object) -> None:
    retained = patch.get("$retainKeys")
    if retained is not None:
        for key in [key for key in target if key not in retained]:
            del target[key]


def _merge_field(
    target: Object, key: str, value: Any, field: Field | None, order: list[Any] | None
) -> None:
    type_ = field.type if field else ""
    if key.startswith("$deleteFromPrimitiveList/"):
        name = key.partition("/")[2]
        target[name] = [item for item in target.get(name, []) if item not in value]
    elif key.startswith("$"):
        return
    elif value is None:
        target.pop(key, None)
    elif isinstance(value, list):
        target[key] = _merge_list(target.get(key) or [], value, field, order)
    else:
        target[key] = strategic_merge(target.get(key), value, type_)


def _merge_list(
    target: list[Any], patch: list[Any], field: Field | None, order: list[Any] | None
) -> list[Any]:
    replaced = any(isinstance(item, dict) and item.get("$patch") == "replace" for item in patch)
    if field is None or field.merge_key is None or replaced:
        return [item for item in patch if not (isinstance(item, dict) and "$patch" in item)]
    if field.merge_key == "":
        return target + [item for item in patch if item not in target]
    merged = list(target)
    for item in patch:
        _merge_element(merged, item, field.merge_key, field.type)
    return _ordered(merged, target, patch, order, field.merge_key)


def _ordered(
    merged: list[Any], server: list[Any], patch: list[Any], order: list[Any] | None, key: str
) -> list[Any]:
    """What the patch names stands in the patch's order, the rest where the server had it relative
    to that.
    """
    names = [item[key] for item in (order or patch)]
    places = {item.get(key): index for index, item in enumerate(server)}
    named = sorted(
        (item for item in merged if item[key] in names), key=lambda item: names.index(item[key])
    )
    rest = [item for item in merged if item[key] not in names]
    result = []
    while named and rest:
        place = places.get(named[0][key])
        before = place is not None and places[rest[0][key]] < place
        result.append((rest if before else named).pop(0))
    return result + named + rest


def _merge_element(target: list[Any], item: Any, key: str, type_: str) -> None:
    if not isinstance(item, dict) or key not in item:
        raise bad_request(f"map: {item} does not contain declared merge key: {key}")
    same = [index for index, known in enumerate(target) if known.get(key) == item[key]]
    if item.get("$patch") == "delete":
        for index in reversed(same):
            del target[index]
    elif same:
        target[same[0]] = strategic_merge(target[same[0]], item, type_)
    else:
        target.append(strategic_merge({}, item, type_))
