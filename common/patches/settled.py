"""Patched values that are more than a text or a number, as API servers fill them in.

Where an expression leaves out a field that the host's server has a default for, the host object
never looks as the expression says. So what was sent last is noted on the host object, and as long
as the expression says the same, what the host added to it may stay.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

import orjson

from common.naming import PREFIX
from common.objects import Obj
from common.patches.path import Place, rewritten, value_at
from common.quantity import number

# On a host object: the digest of its patched values, but for plain ones.
PATCHED = f"{PREFIX}patched"


def digest(body: Obj, places: Iterable[Place]) -> str:
    """Of the lists and maps at these places; "" when there are none."""
    found = {repr(place): value_at(body, place) for place in places}
    kept = {place: value for place, value in found.items() if isinstance(value, dict | list)}
    if not kept:
        return ""
    return hashlib.sha256(orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def settled(desired: Obj, host: Obj, places: Iterable[Place]) -> Obj:
    """`desired`, with the host's own values where they are the desired ones and more."""
    result = desired
    for place in places:
        wanted, found = value_at(desired, place), value_at(host, place)
        if wanted is not None and covers(found, wanted):
            result = rewritten(result, place, lambda *_, found=found: found)
    return result


def covers(found: Any, wanted: Any) -> bool:
    """Whether `found` is `wanted`, but for fields that an API server filled in or left out."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return all(covers(found.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list) and isinstance(found, list):
        same_length = len(wanted) == len(found)
        return same_length and all(map(covers, found, wanted))
    return bool(wanted == found or not (wanted or found) or _same_quantity(wanted, found))


def _same_quantity(one: Any, other: Any) -> bool:
    """API servers write `1000m` as `1`."""
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    amount = number(one)
    return amount is not None and amount == number(other)
