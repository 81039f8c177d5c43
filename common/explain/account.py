"""What is told of one object: pure, but for `explain`, which reads the facts first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from redis import Redis

from common.explain.facts import Facts, Stored, read
from common.explain.notes import agrees, notes
from common.keys import Key
from common.objects import is_deleting, meta, name_of, namespace_of, uid
from common.selective import SELECTIVE
from common.store import is_tombstone, seen_end

State = Literal["in sync", "queued", "running", "waiting", "failing", "not synced", "unknown"]
"""waiting: it's tried again by itself, or waits for something else. not synced: nobody is at work,
and only one of the two objects is there. unknown: neither is, or there is no such kind."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One side, as it was last seen."""

    name: str
    namespace: str
    resource_version: str
    uid: str
    deleting: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """words: why, for people; tries: failures in a row, since_s: for how long, or how long it has
    been queued; next_s: until it's looked at again, 0 for now or when something changes.
    referred_by, refers_to: `pods default/web-0`. notes: what else bears on it."""

    key: Key
    virtual: Seen | None
    host: Seen | None
    state: State
    words: str
    tries: int
    since_s: float
    next_s: float
    referred_by: Sequence[str]
    refers_to: Sequence[str]
    notes: Sequence[str]


def explain(redis: Redis, cluster: str, plural: str, namespace: str, name: str) -> Explanation:
    """Raises redis.RedisError. Of an object that nobody knows it says so."""
    return account(read(redis, Key(cluster, plural, namespace, name)))


def account(facts: Facts) -> Explanation:
    state, words = _judged(facts)
    return Explanation(
        key=facts.key,
        virtual=_seen(facts.virtual),
        host=_seen(facts.host),
        state=state,
        words=words,
        tries=facts.tries.total,
        since_s=facts.since_s or facts.queued_s,
        next_s=facts.due_s if facts.state in ("d", "w", "f") else 0.0,
        referred_by=facts.referred_by,
        refers_to=facts.refers_to,
        notes=list(notes(facts)),
    )


def _judged(facts: Facts) -> tuple[State, str]:
    """The workqueue first: who is in it isn't done."""
    last = f"; last time: {facts.words}" if facts.words and facts.tries.total else ""
    if facts.state == "s":
        return "running", f"a worker is at work on it{last}"
    if facts.state == "q" or (facts.dirty and not facts.state):
        return "queued", f"{_waits(facts)}{last}"
    if facts.state == "f" or facts.tries.refusals or facts.tries.blocked_for_long:
        return "failing", facts.words or "it was refused; the answer is no longer known"
    if facts.state and facts.tries.total:
        return "waiting", facts.words or "it's tried again after a transient failure"
    if facts.state and not agrees(facts):
        return "waiting", facts.words or "it's looked at again at a time of its own"
    return _resting(facts)


def _waits(facts: Facts) -> str:
    if facts.before is None:
        return "it's due, and about to be queued"
    return f"queued; {facts.before} before it" if facts.before else "queued; it's next of its kind"


def _resting(facts: Facts) -> tuple[State, str]:
    """Nobody has to do anything now."""
    virtual, host, plural = facts.virtual, facts.host, facts.key.plural
    if _is_there(virtual) and _is_there(host):
        return "in sync", _both(facts)
    if _is_there(virtual):
        return "not synced", _only_virtual(facts)
    if _is_there(host):
        return (
            "not synced",
            f"the host object is there, and its virtual one isn't: {_gone(virtual)}",
        )
    if not facts.known and not facts.streams:
        return "unknown", f"Redis knows of no virtual cluster {facts.key.cluster}"
    plurals = sorted({each for _, each in facts.streams})
    if plural not in plurals:
        there = ", ".join(plurals) or "none yet"
        return "unknown", f"no {plural} of this virtual cluster are watched; watched are: {there}"
    return "unknown", f"it is on neither side: {_gone(virtual)}"


def _is_there(stored: Stored) -> bool:
    return stored.obj is not None or stored.unreadable


def _both(facts: Facts) -> str:
    if agrees(facts):
        return "both are there and nothing is to be done"
    pair = (("virtual", facts.virtual.obj), ("host", facts.host.obj))
    leaving = [side for side, each in pair if each is not None and is_deleting(each)]
    return f"the {' and the '.join(leaving)} object is being deleted" if leaving else "both exist"


def _only_virtual(facts: Facts) -> str:
    plural = facts.key.plural
    if ("host", plural) not in facts.streams:
        return f"{plural} are only read in the virtual cluster, by its settings"
    if plural in SELECTIVE and not facts.referrers:
        option = f"sync.toHost.{SELECTIVE[plural]}.all"
        return f"nothing that is synced refers to it, and {option} is off"
    return "nothing is to be done: by the settings it's not wanted on the host"


def _gone(stored: Stored) -> str:
    if not is_tombstone(stored.version):
        return "none was ever seen, or its end is long ago"
    if seen_end(stored.version.encode()):
        return "it was deleted, as a watch showed"
    return "it was deleted, as a list lacked it"


def _seen(stored: Stored) -> Seen | None:
    obj = stored.obj
    if obj is None:
        return None
    version = str(meta(obj).get("resourceVersion") or stored.version.partition(":")[0])
    return Seen(name_of(obj), namespace_of(obj), version, uid(obj), is_deleting(obj))
