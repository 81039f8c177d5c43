"""Objects that can't be understood cost only themselves: custom resources may hold anything
anywhere, and no server keeps a bug of ours from meeting it."""

import traceback
from typing import Any

from common.process.logs import get_log
from common.process.metrics import ODD_OBJECTS
from watchers.streams import Stream

_TOLD_OF = 1000
log = get_log(__name__)


class Odd:
    """Those of one stream: counted each time, told of once, by name and without content."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._told: set[str] = set()

    def skip(self, obj: Any, why: Exception | str) -> None:
        stream = self._stream
        ODD_OBJECTS.labels(stream.cluster.name, stream.side, stream.kind.plural).inc()
        name = _name(obj)
        if name in self._told or len(self._told) >= _TOLD_OF:
            return
        self._told.add(name)
        error = why if isinstance(why, str) else _place(why)
        log.error(
            "object passed over, as it can't be understood",
            stream=stream.id,
            object=name,
            error=error,
        )


def _name(obj: Any) -> str:
    metadata = obj.get("metadata") if isinstance(obj, dict) else None
    if not isinstance(metadata, dict):
        return "(without metadata)"
    return f"{metadata.get('namespace') or ''}/{metadata.get('name') or ''}"[:300]


def _place(error: Exception) -> str:
    """Type and place only: a message made from an object might hold its data."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    file = place.filename.rpartition("/")[2]
    return f"{type(error).__name__} in {place.name} ({file}:{place.lineno})"
