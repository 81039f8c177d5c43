"""All that Redis has about one key, in three round trips however many objects there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redis import Redis
from rq.job import Job
from rq.utils import now, str_to_date

from common.encoding import UnreadableError, decode
from common.keys import Key, redis_prefix
from common.objects import Obj, Side
from common.safety.brake_state import BrakeState, Held
from common.status import reports
from common.store import Store
from common.workqueue import jobs
from common.workqueue.overview import last_words
from common.workqueue.tries import Tries

REFERRERS_SHOWN = 100
SIDES: tuple[Side, ...] = ("virtual", "host")


@dataclass(frozen=True, slots=True)
class Stored:
    """One side. `version`: "" for never seen, a tombstone when it ended; unreadable: it's there,
    and nobody can read it."""

    obj: Obj | None
    version: str
    unreadable: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """state: the workqueue's first letter, "" for idle. dirty: a mark stands. due_s: until it is
    looked at again, 0 for now or never. before: jobs that come first, None when it has none in the
    queue. queued_s: how long that has waited. words: what was said of it last. referrers: how many
    there are in all. streams: those that are stored, listed: those whose first list is complete.
    truce_s: how long scans still leave it alone."""

    key: Key
    virtual: Stored
    host: Stored
    state: str
    dirty: bool
    tries: Tries
    since_s: float
    due_s: float
    before: int | None
    queued_s: float
    words: str
    referred_by: Sequence[str]
    referrers: int
    refers_to: Sequence[str]
    known: bool
    streams: frozenset[tuple[str, str]]
    listed: frozenset[tuple[str, str]]
    truce_s: float
    said: Mapping[str, str]
    held: Mapping[Side, Held]


def read(redis: Redis, key: Key) -> Facts:
    """Raises redis.RedisError."""
    pair, own, seconds = _pair(redis, key), _own(redis, key), redis.time()
    store = Store(redis)
    # Redis' date may have been set back; the workqueue's clock was not (see lua/state.lua).
    now_s = seconds[0] + seconds[1] / 1e6
    clock_s = now_s + _seconds(own["behind"])
    tries = Tries.decode(_readable(own["attempts"]))
    place, enqueued_at = _token(redis, key)
    return Facts(
        key=key,
        virtual=pair[0],
        host=pair[1],
        state=_readable(own["state"]).partition(":")[0],
        dirty=own["dirty"] is not None,
        tries=tries,
        since_s=max(0.0, now_s - tries.since_s) if tries.total else 0.0,
        due_s=max(0.0, (own["due"] or clock_s) - clock_s),
        before=place,
        queued_s=_age_s(enqueued_at),
        words=next(last_words(redis, [key])),
        referred_by=sorted({_readable(each) for some in own["referrers"] for each in some}),
        referrers=sum(own["counts"]),
        refers_to=_targets(own["forward"]),
        known=bool(own["identity"]),
        streams=store.stored_streams(key.cluster, ()),
        listed=store.synced(key.cluster),
        truce_s=max(0.0, (own["truce"] or clock_s) - clock_s),
        said=reports.read(redis, key.cluster),
        held=BrakeState(redis, key.cluster).engaged(),
    )


def _pair(redis: Redis, key: Key) -> tuple[Stored, Stored]:
    start = redis_prefix(key.cluster)
    with redis.pipeline(transaction=False) as pipe:
        for side in SIDES:
            pipe.hget(f"{start}:obj:{side}:{key.plural}", key.field)
            pipe.hget(f"{start}:rv:{side}:{key.plural}", key.field)
        answers = pipe.execute()
    return _stored(*answers[:2]), _stored(*answers[2:])


def _stored(body: bytes | None, version: bytes | None) -> Stored:
    told = _readable(version)
    try:
        return Stored(decode(body) if body else None, told)
    except UnreadableError:
        return Stored(None, told, unreadable=True)


def _own(redis: Redis, key: Key) -> dict[str, Any]:
    """What the workqueue and the index of references have, under names of ours."""
    start, member = redis_prefix(key.cluster), key.member
    refs = [f"{start}:refs:{letter} {member}" for letter in ("t", "r")]
    with redis.pipeline(transaction=False) as pipe:
        pipe.hget(f"{start}:state", member)
        pipe.hget(f"{start}:dirty", member)
        pipe.hget(f"{start}:attempts", member)
        pipe.zscore(f"{start}:delayed", member)
        pipe.zscore(f"{start}:truce", member)
        pipe.hget(f"{start}:clock", "behind")
        pipe.get(f"{start}:identity")
        for each in refs:
            pipe.srandmember(each, REFERRERS_SHOWN)
            pipe.scard(each)
        for side in SIDES:
            pipe.hget(f"{start}:fwd:{side}:{key.plural}", key.field)
        answers = pipe.execute()
    names = ("state", "dirty", "attempts", "due", "truce", "behind", "identity")
    found: dict[str, Any] = dict(zip(names, answers, strict=False))
    rest = answers[len(names) :]
    return {**found, "referrers": rest[0:4:2], "counts": rest[1:4:2], "forward": rest[4:]}


def _readable(value: bytes | None) -> str:
    """Of what anybody may have written by hand."""
    return (value or b"").decode(errors="replace")


def _targets(forward: Sequence[bytes | None]) -> Sequence[str]:
    """From lines of `t plural ns/name`."""
    lines = (line for each in forward for line in _readable(each).splitlines())
    return sorted({line.partition(" ")[2] for line in lines})


def _token(redis: Redis, key: Key) -> tuple[int | None, bytes | None]:
    """Where its job is in the queue, None when it isn't; since when."""
    id_ = jobs.job_id(key)
    with redis.pipeline(transaction=False) as pipe:
        pipe.lpos(jobs.queue_key(key.cluster, key.plural), id_)
        pipe.hget(Job.key_for(id_), "enqueued_at")
        place, enqueued_at = pipe.execute()
    return place, enqueued_at if place is not None else None


def _seconds(value: bytes | None) -> float:
    """0 for what is no number."""
    try:
        return float(value or 0)
    except ValueError:
        return 0.0


def _age_s(enqueued_at: bytes | None) -> float:
    try:
        return max(0.0, (now() - str_to_date(enqueued_at)).total_seconds()) if enqueued_at else 0.0
    except ValueError:
        return 0.0  # somebody wrote it by hand
