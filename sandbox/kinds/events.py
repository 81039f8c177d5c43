"""Events are served in two groups with different field names; they are stored as v1 has them."""

from __future__ import annotations

from typing import Any, Final

Object = dict[str, Any]

GROUP: Final = "events.k8s.io"

_CORE_NAMES: Final = {
    "regarding": "involvedObject",
    "note": "message",
    "reportingController": "reportingComponent",
    "deprecatedSource": "source",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedCount": "count",
}
_NEW_NAMES: Final = {core: new for new, core in _CORE_NAMES.items()}


def to_core(event: Object) -> Object:
    return {_CORE_NAMES.get(key, key): value for key, value in event.items()}


def from_core(event: Object) -> Object:
    """As events.k8s.io has it, which leaves out an empty reporter where v1 writes it."""
    return {_NEW_NAMES.get(key, key): value for key, value in event.items() if value != ""}
