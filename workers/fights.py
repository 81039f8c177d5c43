"""Never fight: what something else keeps changing back is left alone after a while.

Patches of both sides are judged, and deletions of host objects that are only made anew.

Kept in the worker's memory: with many workers each gives up by itself, which is bounded too.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, TypeGuard

import orjson

from common.actions import Action, Delete, EmitEvent, Patch
from common.keys import Key
from common.objects import Obj, Side, annotations, labels, meta, uid
from common.process.logs import get_log
from common.process.metrics import FIGHTS
from workers.answers import fields_of, reverted
from workers.work import Work

ROUNDS: Final = 3
MOST: Final = 20
# A virtual controller that doubts a stand-in now and then, as a node's, must not win by patience.
PEACE_S: Final[Mapping[Side, float]] = {"host": 60.0, "virtual": 20.0}
TRUCE_S: Final = 600.0
_KEPT: Final = 10_000
_BROUGHT_UP: Final = {"nodeName", "volumeName", "clusterIP", "clusterIPs"}
_log = get_log(__name__)

Judged = Patch | Delete


@dataclass(slots=True)
class _Fight:
    """`rounds`: how often the last write was sent in a row; `total`: how many there were in all."""

    cause: bytes
    content: bytes
    last_s: float
    rounds: int = 0
    total: int = 0
    given_up: bool = False


class Fights:
    """The same write ROUNDS times in a row for the same cause, never with peace in between, is a
    fight; so are MOST patches of any content to a host object. The cause is what the other side
    says: a change of it ends the fight, and so do TRUCE_S seconds after it was given up.

    `clock` gives seconds, any start.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._fights: OrderedDict[tuple[Key, Side, str], _Fight] = OrderedDict()
        self._truces: dict[str, set[str]] = {}

    def new_truces(self) -> Mapping[str, Collection[str]]:
        """Members of the keys whose fights were given up since the last call, by cluster."""
        truces, self._truces = self._truces, {}
        return truces

    def judge(self, work: Work, write: Judged) -> list[Action]:
        """What to do in place of a write: send it, or tell that it's given up, or nothing then."""
        fight = self._going_on(work, write)
        if fight is None or not _is_lost(fight, write):
            return [write]
        if fight.given_up:
            return []
        fight.given_up = True
        self._truces.setdefault(work.key.cluster, set()).add(work.key.member)
        FIGHTS.labels(work.key.cluster, work.key.plural).inc()
        _log.warning(
            "fight given up",
            key=str(work.key),
            side=write.side,
            name=write.name,
            about=_fields_of(write),
        )
        return [_event(write)]

    def sent(self, work: Work, write: Judged, before: Obj | None) -> bool:
        """Count a write that the server took; True when some of it didn't last until the answer.

        `before` is the object as it was; `work` has the answer. Without a change there is no event
        that would lead to the next round.
        """
        fight, content = self._going_on(work, write), _content(write)
        if fight is None:
            fight = _Fight(_cause(work, write), content, 0.0)
        if fight.content != content:
            fight.content, fight.rounds, fight.given_up = content, 0, False
        fight.rounds += 1
        fight.total += 1
        fight.last_s = self._clock()
        about = work.key, write.side, _part_of(write)
        self._fights[about] = fight
        self._fights.move_to_end(about)
        if len(self._fights) > _KEPT:
            self._fights.popitem(last=False)
        return _compared(write) and reverted(before, write.patch, work.on(write.side))

    def _going_on(self, work: Work, write: Judged) -> _Fight | None:
        fight = self._fights.get((work.key, write.side, _part_of(write)))
        if fight is None or fight.cause != _cause(work, write):
            return None
        limit_s = TRUCE_S if fight.given_up else PEACE_S[write.side]
        return None if self._clock() - fight.last_s > limit_s else fight


def is_judged(action: Action) -> TypeGuard[Judged]:
    return isinstance(action, Patch) or (isinstance(action, Delete) and bool(action.why))


def _part_of(write: Judged) -> str:
    """Writes to different parts of an object don't count together."""
    return write.subresource if isinstance(write, Patch) else "the object anew"


def _compared(write: Judged) -> TypeGuard[Patch]:
    """Strategic patches say too little about what they are to make."""
    return isinstance(write, Patch) and not write.patch_type


def _is_lost(fight: _Fight, write: Judged) -> bool:
    """A status may change often for causes that are in other objects, so only repeats count."""
    if write.side == "host" and not _part_of(write) and fight.total >= MOST:
        return True
    return fight.rounds >= ROUNDS and fight.content == _content(write)


def _fields_of(write: Judged) -> str:
    return fields_of(write.patch) if isinstance(write, Patch) else "a field that can't change"


def _event(write: Judged) -> EmitEvent:
    if write.side == "virtual":
        why = f"something in the virtual cluster keeps changing it back ({_fields_of(write)})"
        return EmitEvent(
            "Warning",
            "VirtualObjectChangedBack",
            f"{why}; what the host says is not told until the host object changes",
        )
    where = "/".join(filter(None, (write.namespace, write.name)))
    return EmitEvent(
        "Warning",
        "HostObjectChangedBack",
        f"something on the host keeps changing {where} back ({_fields_of(write)}); it is left as it"
        " is until this object changes",
    )


def _cause(work: Work, write: Judged) -> bytes:
    """What the write follows from: what people ask for, without what we write there ourselves; on
    the way up the host object, if there is one."""
    if write.side == "virtual":
        version = meta(work.host or {}).get("resourceVersion") or ""
        return f"{write.uid} {uid(work.host or {})} {version}".encode()
    virtual = work.virtual or {}
    wanted = {key: value for key, value in virtual.items() if key not in ("metadata", "status")}
    if isinstance(spec := wanted.get("spec"), dict):
        wanted["spec"] = {key: spec[key] for key in spec.keys() - _BROUGHT_UP}
    return _digest({**wanted, "is": [uid(virtual), labels(virtual), annotations(virtual)]})


def _content(write: Judged) -> bytes:
    return _digest(write.patch) if isinstance(write, Patch) else b""


def _digest(part: Obj) -> bytes:
    return sha256(orjson.dumps(part, option=orjson.OPT_SORT_KEYS)).digest()
