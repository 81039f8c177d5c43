"""What a server's answer says about a write: whether all of it lasted until then. Pure."""

from collections.abc import Iterator
from typing import Any, Final

from common.objects import Obj
from workers.secret_data import DIGEST

_NAMED: Final = 3


def came_out_changed(body: Obj, answer: Obj | None) -> bool:
    """Whether a new object lacks something that it was created with; lists may have grown."""
    return _lacks(answer, _without_digest(body))


def reverted(before: Obj | None, patch: Obj, answer: Obj | None) -> bool:
    """Whether something that a merge patch was to change is in the answer as it was before."""
    return _is_as_before(before, _without_digest(patch), answer)


def fields_of(patch: Obj) -> str:
    """Names some of the fields that a patch is about, and nothing of what is in them."""
    fields = list(_leaves(patch))
    more = f" and {len(fields) - _NAMED} more" if len(fields) > _NAMED else ""
    return ", ".join(fields[:_NAMED]) + more


def _leaves(patch: Obj, path: str = "") -> Iterator[str]:
    for key, value in patch.items():
        where = f"{path}.{key}" if path else key
        if isinstance(value, dict) and value:
            yield from _leaves(value, where)
        else:
            yield where


def _is_as_before(before: Any, patch: Any, answer: Any) -> bool:
    if not isinstance(patch, dict):
        return bool(answer == before != patch)
    return any(
        _is_as_before(_part(before, key), wanted, _part(answer, key))
        for key, wanted in patch.items()
    )


def _lacks(answer: Any, wanted: Any) -> bool:
    """Missing, null, empty and false are the same."""
    if isinstance(wanted, dict):
        return any(_lacks(_part(answer, key), part) for key, part in wanted.items())
    return not isinstance(wanted, list) and answer != wanted and bool(answer or wanted)


def _without_digest(part: Obj) -> Obj:
    """A Secret's data is read when it is sent, and may be newer than the digest says."""
    return {key: value for key, value in part.items() if key != DIGEST}


def _part(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None
