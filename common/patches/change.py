"""What one patch does to the values at its path, on the way down or up."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from common.context import Context
from common.errors import TerminalError
from common.naming import PREFIX
from common.objects import Obj, namespace_of
from common.patches.expression import Expression
from common.patches.path import Path, Place, Visit, rewritten, shown
from common.patches.reference import Reference
from common.patches.scope import Scope
from common.patches.selector import translate_label_value
from common.patches.values import EvaluationError

REASON = "PatchFailed"
_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Given:
    """What the changes of one object may look at, and what they leave behind.

    lenient: values that an expression can't do with stay as they are. structured: the lists and
    maps, as far as their place is fixed, that hold results which are more than a text or number.
    """

    virtual: Obj
    context: Context
    scope: Scope
    lenient: bool = False
    structured: dict[Place, None] = field(default_factory=dict)


class Change(Protocol):
    @property
    def path(self) -> Path: ...

    def visit(self, given: Given) -> Visit: ...


def apply_changes(changes: Iterable[Change], holder: Obj, given: Given) -> Obj:
    """`holder` after all changes, in their order. Raises TerminalError."""
    for change in changes:
        holder = rewritten(holder, change.path, change.visit(given))
    return holder


@dataclass(frozen=True, slots=True)
class Evaluated:
    """Values become what an expression makes of them."""

    path: Path
    expression: Expression

    def visit(self, given: Given) -> Visit:
        def evaluated(value: Any, exists: bool, place: Place) -> Any:
            if not exists and not self.expression.does_without:
                return value
            try:
                result = given.scope.evaluate(self.expression, value, exists, place)
                _check_mark(place, result)
            except EvaluationError as error:
                if given.lenient:
                    return value
                raise self._failed(place, error) from None
            if isinstance(result, dict | list):
                given.structured[_fixed(self.path)] = None
            return value if result == value and type(result) is type(value) else result

        return evaluated

    def _failed(self, place: Place, error: EvaluationError) -> TerminalError:
        text = " ".join(self.expression.text.split())
        text = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
        return TerminalError(f"patch of {shown(place)} failed: {error}; in: {text}", REASON)


@dataclass(frozen=True, slots=True)
class Followed:
    """Values that name an object get its name on the host."""

    reference: Reference

    @property
    def path(self) -> Path:
        return self.reference.path

    def visit(self, given: Given) -> Visit:
        namespace = namespace_of(given.virtual)

        def followed(value: Any, exists: bool, _place: Place) -> Any:
            return self.reference.followed(value, namespace, given.context) if exists else value

        return followed


@dataclass(frozen=True, slots=True)
class Labelled:
    """Maps of labels and label selectors get the host's keys."""

    path: Path

    def visit(self, given: Given) -> Visit:
        namespace, cluster = namespace_of(given.virtual), given.context.cluster

        def labelled(value: Any, exists: bool, _place: Place) -> Any:
            if not exists:
                return value
            return translate_label_value(value, self.path, namespace, cluster)

        return labelled


def _fixed(path: Path) -> Place:
    """The part of a path before it enters a list, or every entry of something."""
    place: list[str] = []
    for step in path:
        if not isinstance(step, str):
            break
        place.append(step)
    return tuple(place)


def _check_mark(place: Place, result: Any) -> None:
    """Labels and annotations are texts, and none of tohost's own."""
    if place[0] != "metadata" or result is None:
        return
    if len(place) > 2 and not isinstance(result, str):
        raise EvaluationError("the result is no text; write string(...)")
    if len(place) > 2:
        return
    if not isinstance(result, dict) or not all(isinstance(each, str) for each in result.values()):
        raise EvaluationError("the result is no map of texts")
    if own := next((key for key in result if key.startswith(PREFIX)), None):
        raise EvaluationError(f"the result has the key {own}, which is tohost's own")
