"""Kubernetes quantities such as `1Gi`, `500m` or `2e3`, as numbers that can be compared."""

import re
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
