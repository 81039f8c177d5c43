"""Tolerations: how people write them in the configuration, and how they come together."""

import re
from collections.abc import Iterable
from typing import Any

from common.objects import Obj

_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_NAME = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_DOMAIN = r"(?=.{1,253}/)[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?"
_FORM = re.compile(
    rf"(?P<key>(?:{_DOMAIN}/)?{_NAME})?(?P<equal>=(?P<value>(?:{_NAME})?))?(?::(?P<effect>\w+))?"
)
_REMEDY = (
    "write key=value:Effect, key:Effect for any value, :Effect for any key, or *, with Effect one"
    f" of {', '.join(_EFFECTS)}"
)


def parse_toleration(text: str) -> Obj:
    """From `key=value:Effect` and its shorter forms, as kubectl writes taints.

    Without `=` any value is tolerated, without a key any key, without an effect any effect.
    Raises ValueError that says what to write.
    """
    if text == "*":
        return {"operator": "Exists"}
    form = _FORM.fullmatch(text)
    if form is None or not text or (form["equal"] and not form["key"]):
        raise ValueError(f'"{text}" is no toleration; {_REMEDY}')
    if form["effect"] not in (None, *_EFFECTS):
        raise ValueError(f'"{text}" has an unknown effect; {_REMEDY}')
    toleration: Obj = {"operator": "Equal" if form["equal"] else "Exists"}
    fields = {key: form[key] for key in ("key", "value", "effect") if form[key]}
    return {**fields, **toleration}


def enforced(own: Iterable[Obj] | None, more: Iterable[Obj]) -> list[Obj]:
    """The pod's own tolerations, then those that it lacks."""
    found = list(own or ())
    present = {_match(each) for each in found}
    return [*found, *(each for each in more if _match(each) not in present)]


def with_missing(found: list[Obj], wanted: list[Obj]) -> list[Obj] | None:
    """The host's tolerations with the missing ones added, and the times of those that are there
    as wanted: all that Kubernetes lets change. None when nothing does."""
    if wanted == found:
        return None
    by_match = {_match(each): each for each in wanted}
    kept = [by_match.pop(_match(each), each) for each in found]
    merged = kept + list(by_match.values())
    return None if merged == found else merged


def _match(toleration: Obj) -> tuple[Any, ...]:
    """What it tolerates, however it is spelled; for how long doesn't count."""
    operator = toleration.get("operator") or "Equal"
    keys = (toleration.get(key) or "" for key in ("key", "value", "effect"))
    return (operator, *keys)
