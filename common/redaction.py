"""What servers quote of a request in their errors, without what is secret in it: pure.

An admission webhook may refuse a Secret and say why by repeating it. Errors end up in Redis, logs
and events, where no secret value may be.
"""

import base64
import binascii
import re
from collections.abc import Iterator

from common.objects import Obj

REDACTED = "(redacted)"
_TOKEN = re.compile(r"eyJ[\w-]{8,}\.[\w-]+(\.[\w-]+)?")
# What is shorter is in any sentence, and is nothing that anybody could look for.
_SHORTEST = 4
_SHORTEST_LINE = 8


def redacted(text: str, path: str, body: Obj | None) -> str:
    """`text` without tokens, and without the values of the Secret that was sent to `path`."""
    for value in sorted(_values(body), key=len, reverse=True) if "/secrets" in path else ():
        text = text.replace(value, REDACTED)
    return _TOKEN.sub(REDACTED, text)


def _values(body: Obj | None) -> Iterator[str]:
    """Each value as it is sent and as it is meant; lines of it too, as they may be quoted apart."""
    for part in ("data", "stringData"):
        values = (body or {}).get(part)
        for value in values.values() if isinstance(values, dict) else ():
            if isinstance(value, str):
                yield from _forms(value, encoded=part == "data")


def _forms(value: str, *, encoded: bool) -> Iterator[str]:
    plain = _decoded(value) if encoded else value
    other = value if encoded else base64.b64encode(value.encode()).decode()
    yield from (form for form in (plain, other) if len(form) >= _SHORTEST)
    yield from (line for line in plain.splitlines() if len(line) >= _SHORTEST_LINE)


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value).decode(errors="replace")
    except binascii.Error:
        return value
