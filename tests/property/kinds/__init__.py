"""A file for each kind, of its name; they are found by themselves.

Each has `OBJECTS`, valid virtual objects, and as far as they need more: `STATUSES`, what a host
may say of them; `RELATED`, strategies of what else `common.kind.Related` says around them; and
`lived`, what a host adds to its object besides a status, as a merge patch.
"""

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from common.objects import Obj
from tests.property.strategies import Strategy

_MODULES = {
    module.name: import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)
}


def _each(part: str) -> dict[str, Any]:
    """By plural, for the kinds that have this part."""
    found = sorted(_MODULES.items())
    return {plural: getattr(module, part) for plural, module in found if hasattr(module, part)}


KINDS: dict[str, Strategy[Obj]] = _each("OBJECTS")
STATUSES: dict[str, Strategy[Obj]] = _each("STATUSES")
RELATED: dict[str, dict[str, Strategy[Any]]] = _each("RELATED")
LIVED: dict[str, Callable[[Obj], Obj]] = _each("lived")
