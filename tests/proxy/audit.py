"""Every write that went through a proxy."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

import orjson

from common.objects import Obj
from tests.proxy.target import Target


@dataclass(slots=True)
class Write:
    """One request that is no GET. `time_s` is Unix time, when it came.

    `raw` and `answer`: the bodies. `forwarded`: whether the API server got it.
    `status`: what that answered, 0 when it was not asked or its answer was lost before the proxy
    had it, so that the write may or may not have happened. `found`: what the proxy read just
    before the write, by path; None is a 404, and any other failure leaves the path out.
    """

    time_s: float
    method: str
    verb: str
    path: str
    query: Mapping[str, str]
    target: Target
    content_type: str
    agent: str
    raw: bytes
    forwarded: bool = False
    status: int = 0
    answer: bytes = b""
    found: dict[str, Obj | None] = field(default_factory=dict)

    @property
    def own_path(self) -> str:
        """Where to read what is to be changed; "" when it is about no object."""
        if self.target.name or not self.target.plural:
            return self.target.path() if self.target.plural else ""
        query = {key: value for key, value in self.query.items() if key.endswith("Selector")}
        return self.target.path() + (f"?{urlencode(query)}" if query else "")

    @property
    def before(self) -> list[Obj]:
        """What was there, if the proxy read it: no or one object, or those of a collection."""
        seen = self.found.get(self.own_path) or {}
        items: list[Obj] = seen.get("items", [seen] if seen else [])
        return items

    @property
    def body(self) -> Obj:
        """{} where there is none, or none that is a JSON object."""
        return _parsed(self.raw)

    @property
    def answered(self) -> Obj:
        """The object, or Status, in the API server's answer; {} where there is none."""
        return _parsed(self.answer)

    @property
    def dry_run(self) -> bool:
        return "dryRun" in self.query or bool(self.body.get("dryRun"))

    @property
    def may_have_happened(self) -> bool:
        """Whether the API server did it, as far as anyone knows."""
        return self.forwarded and self.status < 400 and not self.dry_run

    def __str__(self) -> str:
        return f"{self.method} {self.path} -> {self.status}"


@dataclass(slots=True)
class Audit:
    """The writes in the order in which they ended. Safe to use from any thread.

    `judge` is called for each write in the proxy's thread; what it says of it is in `verdicts`.
    `keep`: whether the writes themselves stay; without it only verdicts and figures do. `seen`
    counts by verb and resource, such as "create pods" or "patch pods/status".
    """

    judge: Callable[[Write], Iterable[str]] | None = None
    keep: bool = True
    seen: Counter[str] = field(default_factory=Counter)
    verdicts: list[str] = field(default_factory=list)
    _writes: list[Write] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def count(self) -> int:
        return self.seen.total()

    @property
    def writes(self) -> list[Write]:
        with self._lock:
            return list(self._writes)

    def take(self) -> list[Write]:
        """The writes since the last call, which are forgotten here."""
        with self._lock:
            taken, self._writes = self._writes, []
            return taken

    def add(self, write: Write) -> None:
        said = list(self.judge(write)) if self.judge else []
        with self._lock:
            self.seen[f"{write.verb} {write.target.resource}"] += 1
            self.verdicts += said
            if self.keep:
                self._writes.append(write)


def _parsed(raw: bytes) -> Obj:
    try:
        parsed = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
