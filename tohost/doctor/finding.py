"""What a check answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from common.objects import Obj

Level = Literal["ok", "warning", "problem", "skipped"]
"""warning: it works for now, or in part. skipped: it can't be told, and the words say why."""
HOST, REDIS = "host", "redis"


@dataclass(frozen=True, slots=True)
class Finding:
    """`where`: "redis", "host", or the name of a virtual cluster: there `manifest` is to be applied
    and `remedy` to be done. `check`: in a word or two, what was looked at."""

    where: str
    check: str
    level: Level
    words: str
    remedy: str = ""
    manifest: Sequence[Obj] = ()


def ok(where: str, check: str, words: str) -> Finding:
    return Finding(where, check, "ok", words)


def skipped(where: str, check: str, words: str) -> Finding:
    return Finding(where, check, "skipped", words)
