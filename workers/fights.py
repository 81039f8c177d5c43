"""Never fight: a host object that something else keeps changing back is left alone after a while.

Kept in the worker's memory: with many workers each gives up by itself, which is bounded too.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import orjson

from common.actions import EmitEvent, Patch
from common.keys import Key
from common.logs import get_log
from common.objects import meta
from workers.work import Work

ROUNDS = 3
WINDOW_S = 60.0
_KEPT = 10_000
_log = get_log(__name__)


@dataclass(slots=True)
class _Fight:
    cause: tuple[str, bytes]
    rounds: int
    last_s: float


class Fights:
    """`clock` gives seconds, any start."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._fights: OrderedDict[Key, _Fight] = OrderedDict()

    def judge(self, work: Work, patch: Patch) -> EmitEvent | None:
        """None when the patch may be sent; else the Event that says why not any more.

        The same patch for the same version of the virtual object, sent ROUNDS times with never
        WINDOW_S of peace in between, is a fight. A change of the virtual object ends it.
        """
        cause = (str(meta(work.virtual or {}).get("resourceVersion")), _content(patch))
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


def _content(patch: Patch) -> bytes:
    return orjson.dumps(patch.patch, option=orjson.OPT_SORT_KEYS)
