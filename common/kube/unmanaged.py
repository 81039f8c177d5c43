"""Parses what API servers send of an object without its managedFields, which nobody here reads.

They are about half of the text, and most of its small maps. They are cut out before it is parsed,
up to their first bracket, as FieldsV1 has no arrays. The result shows whether that was right. When
the bracket was in a name, what follows begins within a string and is no JSON; when somebody else's
managedFields were cut, the mark isn't in the metadata. Then the whole text is parsed.
"""

from typing import Any

import orjson

_START = b'"managedFields":['
_MARK = 0


def parse_unmanaged(raw: bytes, *, event: bool = False) -> Any:
    """The JSON of an object, or of a watch event about one. Raises ValueError.

    In texts of another layout, such as with blanks, and in lists managedFields stay.
    """
    start = raw.find(_START) + len(_START)
    end = raw.find(b"]", start)
    if start < len(_START) or end < 0:
        return orjson.loads(raw)
    try:
        body = orjson.loads(b"%b%d%b" % (raw[:start], _MARK, raw[end:]))
        metadata = (body["object"] if event else body)["metadata"]
        if metadata.pop("managedFields") == [_MARK]:
            return body
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    return orjson.loads(raw)
