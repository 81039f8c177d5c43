"""Kubernetes quantities such as `1Gi`, `500m` or `2e3`, as numbers that can be compared."""

import re
from collections.abc import Mapping
from decimal import Decimal

_FORM = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([KMGTPE]i|[numkMGTPE]))?")
_SCALE = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    **{suffix: Decimal(1000) ** power for power, suffix in enumerate("kMGTPE", start=1)},
    **{f"{suffix}i": Decimal(1024) ** power for power, suffix in enumerate("KMGTPE", start=1)},
}


def number(quantity: object) -> Decimal | None:
    """The quantity's value, None when it has no such form."""
    form = _FORM.fullmatch(str(quantity))
    if form is None:
        return None
    digits, exponent, suffix = form.groups()
    value = Decimal(digits + (exponent or ""))
    return value * _SCALE[suffix] if suffix else value


def grown(wanted: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    """Those of the wanted quantities that are more than what was found; nothing ever shrinks."""
    return {key: value for key, value in wanted.items() if _is_more(value, found.get(key))}


def _is_more(wanted: object, found: object) -> bool:
    asked, given = number(wanted), number(found)
    return asked is not None and (given is None or asked > given)
