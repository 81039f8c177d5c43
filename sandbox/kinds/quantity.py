"""Resource quantities in the one way a Kubernetes server writes them.

1000m is 1, 1024Mi is 1Gi, 0.5 is 500m.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import ceil
from typing import Any, Final

_FORM: Final = re.compile(
    r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([KMGTPE]i)|([numkMGTPE]?)|[eE]([+-]?\d+))"
)
_BINARY: Final = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_DECIMAL: Final = {
    -3: "n",
    -2: "u",
    -1: "m",
    0: "",
    1: "k",
    2: "M",
    3: "G",
    4: "T",
    5: "P",
    6: "E",
}
_POWERS: Final = {suffix: power for power, suffix in _DECIMAL.items()}
_FINEST: Final = Fraction(1, 10**9)


@lru_cache(maxsize=4096)
def canonical(text: str) -> str:
    """Raises ValueError when the text is no quantity."""
    value, (_, binary, _, exponent) = amount(text), _parts(text)
    if binary and value.denominator == 1 and abs(value) >= 1024:
        return _write_binary(int(value))
    return _write_decimal(value) if exponent is None else _write_exponent(value)


def amount(text: str) -> Fraction:
    """The number that a quantity stands for; raises ValueError when it is none."""
    number, binary, decimal, exponent = _parts(text)
    value = Fraction(Decimal(number))
    if binary:
        return value * int(1024 ** _BINARY.index(binary))
    if exponent is not None:
        return value * Fraction(10) ** int(exponent)
    power: int = _POWERS[decimal]
    return value * Fraction(1000) ** power


def _parts(text: str) -> tuple[Any, ...]:
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError(f"not a quantity: {text}")
    return match.groups()


def _write_binary(value: int) -> str:
    power = 0
    while value % 1024 == 0 and power + 1 < len(_BINARY):
        value, power = value // 1024, power + 1
    return f"{value}{_BINARY[power]}"


def _write_decimal(value: Fraction) -> str:
    mantissa, power = _scale(value)
    return f"{mantissa}{_DECIMAL[power]}"


def _write_exponent(value: Fraction) -> str:
    mantissa, power = _scale(value)
    return f"{mantissa}e{3 * power}" if power else str(mantissa)


def _scale(value: Fraction) -> tuple[int, int]:
    """A whole mantissa and the highest power of 1000 that allows it.

    Finer than nano is rounded up.
    """
    mantissa, power = ceil(value / _FINEST), -3
    if not mantissa:
        return 0, 0
    while mantissa % 1000 == 0 and power < 6:
        mantissa, power = mantissa // 1000, power + 1
    return mantissa, power
