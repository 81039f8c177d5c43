"""Never fight: a host object that something else keeps changing back is left alone after a while.

Kept in the worker's memory: with many workers each gives up by itself, which is bounded too.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

import orjson

from common.actions import EmitEvent, Patch
from common.keys import Key
from common.logs import get_log
from common.objects import Obj, annotations, labels, uid
from workers.work import Work

ROUNDS = 3
WINDOW_S = 60.0
_KEPT = 10_000
_log = get_log(__name__)


@dataclass(slots=True)
class _Fight:
    cause: tuple[bytes, bytes]
    rounds: int
    last_s: float


class Fights:
    """`clock` gives seconds, any start."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._fights: OrderedDict[Key, _Fight] = OrderedDict()

    def judge(self, work: Work, patch: Patch) -> EmitEvent | None:
        """None when the patch may be sent; else the Event that says why not any more.

        The same patch for the same virtual object, sent ROUNDS times with never WINDOW_S of peace
        in between, is a fight. A change of the virtual object ends it, but for those that we make
        ourselves: the status, which follows the host's.
        """
        cause = (_content(_wanted(work.virtual or {})), _content(patch.patch))
        now_s = self._clock()
        fight = self._fights.pop(work.key, None)
        if fight is None or fight.cause != cause or now_s - fight.last_s > WINDOW_S:
            fight = _Fight(cause, 0, now_s)
        self._fights[work.key] = fight
        if len(self._fights) > _KEPT:
            self._fights.popitem(last=False)
        fight.rounds += 1
        if fight.rounds <= ROUNDS:
            fight.last_s = now_s
            return None
        _log.warning("fight given up", key=str(work.key), host=patch.name)
        return EmitEvent(
            "Warning",
            "HostObjectChangedBack",
            f"something on the host keeps changing {patch.namespace}/{patch.name} back; it is"
            " left as it is until this object changes",
        )


def _wanted(virtual: Obj) -> Obj:
    """What people ask for, which no write of ours to the status changes."""
    kept = {key: value for key, value in virtual.items() if key not in ("metadata", "status")}
    return {**kept, "is": [uid(virtual), labels(virtual), annotations(virtual)]}


def _content(part: Obj) -> bytes:
    return sha256(orjson.dumps(part, option=orjson.OPT_SORT_KEYS)).digest()
