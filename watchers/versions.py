"""What resourceVersions tell of order: pure.

Only whole numbers can be compared; anything else counts as no version.
"""

from collections.abc import Sequence
from typing import Any


def older(left: str, right: str) -> bool:
    """Whether one version comes before another; never when one of them is none."""
    return left.isdecimal() and right.isdecimal() and int(left) < int(right)


def latest(left: str, right: str) -> str:
    """The newer one of two."""
    return right if right.isdecimal() and not older(right, left) else left


def version_of(events: Sequence[tuple[str, Any]]) -> str:
    """The last one that these events of a watch bear, "" when none does."""
    for _, obj in reversed(events):
        metadata = obj.get("metadata") if isinstance(obj, dict) else None
        version = metadata.get("resourceVersion") if isinstance(metadata, dict) else None
        if isinstance(version, str) and version.isdecimal():
            return version
    return ""
