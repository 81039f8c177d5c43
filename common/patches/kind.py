"""A Kind that obeys patches: the same kind, with the functions that they touch wrapped."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from common.actions import Action
from common.context import Context, Ref
from common.kind import Kind
from common.objects import Obj, annotations
from common.patches.change import Change, Evaluated, Followed, Given, Labelled, apply_changes
from common.patches.expression import compiled
from common.patches.path import Path, Place, parse
from common.patches.reference import Reference
from common.patches.rules import PatchRule
from common.patches.scope import Scope
from common.patches.settled import PATCHED, digest, settled

_MARKS = ("labels", "annotations")
Compare = Callable[[Obj, Obj, Obj, Context], Obj]


def patched(kind: Kind, rules: Sequence[PatchRule], kinds: Mapping[str, Kind]) -> Kind:
    """`kind` under these rules; `kinds`: what references may name.

    Raises ConfigError for a rule that can't be followed.
    """
    changes = _Changes(kind, rules, kinds)
    wrapped: dict[str, Any] = {}
    if changes.body:
        wrapped |= _body(kind, changes)
    if changes.marks:
        wrapped["adjust"] = partial(_adjust, kind, changes)
    if changes.up and kind.tells:
        wrapped["up"] = partial(_up, kind, changes)
    if changes.references:
        wrapped |= _referring(kind, changes.references)
    return replace(kind, **wrapped)


class _Changes:
    """The rules of one kind, ready to be applied."""

    def __init__(self, kind: Kind, rules: Sequence[PatchRule], kinds: Mapping[str, Kind]) -> None:
        self.kind = kind
        self.up: list[Change] = []
        self.references: list[Reference] = []
        down: list[Change] = []
        for rule in rules:
            path = parse(rule.path)
            if rule.expression:
                down.append(Evaluated(path, compiled(rule.expression)))
            if rule.reverse:
                self.up.append(Evaluated(path, compiled(rule.reverse)))
            if rule.reference is not None:
                self.references.append(Reference(path, rule.reference, kinds, kind.namespaced))
                down.append(Followed(self.references[-1]))
            if rule.labels:
                down.append(Labelled(path))
        self.marks = [change for change in down if change.path[0] == "metadata"]
        self.body = [change for change in down if change.path[0] != "metadata"]
        self._latest: tuple[Obj, Context, _Translation] | None = None

    def given(self, virtual: Obj, context: Context, *, lenient: bool = False) -> Given:
        return Given(virtual, context, Scope(self.kind, virtual, context.cluster), lenient)

    def translation(self, virtual: Obj, context: Context) -> "_Translation":
        """Made once for a plan, which asks for parts of it at several places."""
        if self._latest is not None:
            seen_virtual, seen_context, made = self._latest
            if seen_virtual is virtual and seen_context is context:
                return made
        made = self._translation(virtual, context)
        self._latest = virtual, context, made
        return made

    def _translation(self, virtual: Obj, context: Context) -> "_Translation":
        given = self.given(virtual, context)
        body = apply_changes(self.body, self.kind.translate(virtual, context), given)
        asked = apply_changes(self.body, virtual, self.given(virtual, context, lenient=True))
        places = tuple(given.structured)
        return _Translation(body, asked, places, digest(body, places))


@dataclass(frozen=True, slots=True)
class _Translation:
    """body: the patched translation. asked: the virtual object as if the tenant had asked for
    what the patches make of it, for the kind's functions that compare the host with that. places,
    digest: see `common.patches.settled`."""

    body: Obj
    asked: Obj
    places: tuple[Place, ...]
    digest: str


def _body(kind: Kind, changes: _Changes) -> dict[str, Any]:
    """The functions that make the host object's body, or compare it."""
    compared = bool(kind.owned) or kind.patch_down is not None

    def translate(virtual: Obj, context: Context) -> Obj:
        return changes.translation(virtual, context).body

    def asked(virtual: Obj, context: Context) -> Obj:
        return changes.translation(virtual, context).asked

    def decorate(
        virtual: Obj, context: Context, labels: dict[str, str], notes: dict[str, str]
    ) -> None:
        kind.decorate(asked(virtual, context), context, labels, notes)
        if compared and (noted := changes.translation(virtual, context).digest):
            notes[PATCHED] = noted

    def settle(virtual: Obj, desired: Obj, host: Obj, context: Context) -> Obj:
        made = changes.translation(virtual, context)
        if not made.digest or annotations(host).get(PATCHED) != made.digest:
            return desired
        return settled(desired, host, made.places)

    def before_patch(virtual: Obj, host: Obj, context: Context) -> list[Action]:
        return kind.before_patch(asked(virtual, context), host, context)

    def subresources_down(virtual: Obj, host: Obj, context: Context) -> list[Action]:
        return kind.subresources_down(asked(virtual, context), host, context)

    wrapped: dict[str, Any] = {
        "translate": translate,
        "mutable": None,
        "decorate": decorate,
        "subresources_down": subresources_down,
        "owned": _owned(kind.owned, [change.path for change in changes.body]),
    }
    if compared:
        wrapped["settle"] = settle
    if kind.in_steps:
        wrapped["before_patch"] = before_patch
    if (compare := kind.patch_down) is not None:
        wrapped["patch_down"] = partial(_compared, compare, asked)
    return wrapped


def _compared(
    compare: Compare,
    asked: Callable[[Obj, Context], Obj],
    virtual: Obj,
    desired: Obj,
    host: Obj,
    context: Context,
) -> Obj:
    return compare(asked(virtual, context), desired, host, context)


def _owned(owned: tuple[str, ...], paths: Iterable[Path]) -> tuple[str, ...]:
    """With the paths that patches write, so that later results arrive too; what is inside a list
    goes with the list. Of fields that belong to the host in part only that part is compared."""
    if not owned:
        return owned
    result = list(owned)
    for path in paths:
        steps: list[str] = []
        for step in path:
            if not isinstance(step, str) or "." in step:
                break
            steps.append(step)
        new = ".".join(steps)
        if new and not any(
            f"{new}.".startswith(f"{o}.") or f"{o}.".startswith(f"{new}.") for o in result
        ):
            result.append(new)
    return tuple(result)


def _adjust(
    kind: Kind,
    changes: _Changes,
    virtual: Obj,
    context: Context,
    labels: dict[str, str],
    notes: dict[str, str],
) -> None:
    kind.adjust(virtual, context, labels, notes)
    before: Obj = {"metadata": {"labels": labels, "annotations": notes}}
    after = apply_changes(changes.marks, before, changes.given(virtual, context))["metadata"]
    for held, name in ((labels, "labels"), (notes, "annotations")):
        if (made := after.get(name) or {}) is not held:
            held.clear()
            held.update(made)


def _up(kind: Kind, changes: _Changes, virtual: Obj, host: Obj, context: Context) -> list[Action]:
    told = apply_changes(changes.up, host, changes.given(virtual, context))
    return kind.up(virtual, told, context)


def _referring(kind: Kind, references: Sequence[Reference]) -> dict[str, Any]:
    """The functions that say whom an object refers to."""

    def refs(virtual: Obj) -> Iterable[Ref]:
        yield from kind.references(virtual)
        for reference in references:
            yield from reference.refs(virtual)

    def named(virtual: Obj) -> Iterable[Ref]:
        yield from kind.named(virtual)
        for reference in references:
            yield from reference.named(virtual)

    def names_later(virtual: Obj) -> bool:
        return not kind.runs_once or kind.names_later(virtual)

    return {"references": refs, "named": named, "names_later": names_later}
