"""The end of runs: store what the servers answered, then give the keys back.

In this order, so that whoever runs a key next sees what the last run wrote.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from redis.client import Pipeline

from common.changes import change_of
from common.objects import Side
from common.store import Change, Store
from common.workqueue import Outcome, Taken, WorkQueue
from workers.session import Session
from workers.snapshots import Positions
from workers.work import Work

Stream: TypeAlias = tuple[str, Side, str]
SIDES: tuple[Side, Side] = ("virtual", "host")


@dataclass(slots=True)
class Ending:
    """`answers`: what the servers said, as the store keeps it. `told`: the version of a host Event
    that is done with, "" if this is none. `plan_s`: how long the plans took; `began_s`, `ended_s`:
    when the run did, by `common.clock.running_s`."""

    taken: Taken
    outcome: Outcome
    answers: tuple[tuple[Stream, Change], ...] = ()
    told: str = ""
    plan_s: float = 0.0
    began_s: float = 0.0
    ended_s: float = 0.0


def flush(store: Store, queue: WorkQueue, endings: Sequence[Ending]) -> None:
    """Synchronous. Raises redis.RedisError; then it may simply be called again."""
    streams = _by_stream(endings)
    _know(endings)

    def put(pipe: Pipeline) -> None:
        for stream, changes in streams.items():
            store.put_answers(pipe, *stream, changes)

    _forget(store, endings)
    woken = queue.finish([(each.taken, each.outcome) for each in endings], put)
    for (cluster, _, _), members in zip(streams, woken, strict=True):
        queue.push(cluster, [member.decode() for member in members])


def _by_stream(endings: Iterable[Ending]) -> dict[Stream, list[Change]]:
    streams: dict[Stream, list[Change]] = {}
    for ending in endings:
        for stream, change in ending.answers:
            streams.setdefault(stream, []).append(change)
    return streams


def _know(endings: Iterable[Ending]) -> None:
    """What a server answered is no news when its watch shows it."""
    for ending in endings:
        if ending.taken.known is not None:
            known = dict(zip(SIDES, ending.taken.known, strict=True))
            known |= {side: change.resource_version for (_, side, _), change in ending.answers}
            ending.taken.known = known["virtual"], known["host"]


def _forget(store: Store, endings: Sequence[Ending]) -> None:
    """Of Events that are done with the store keeps the versions only."""
    told: dict[str, dict[str, str]] = {}
    for each in endings:
        if each.told:
            told.setdefault(each.taken.key.cluster, {})[each.taken.key.field] = each.told
    for cluster, versions in told.items():
        store.forget(cluster, "host", "events", versions)


def answers_of(
    work: Work, session: Session, positions: Positions
) -> Iterable[tuple[Stream, Change]]:
    """The last answer of each side says it all. `positions`: to which versions the servers had come
    at least before they were asked."""
    for side, obj in dict(work.answers).items():
        change = change_of(
            work.kind, side, work.cluster, session.active, obj, False, session.digest_key
        )
        if change is not None and change.field == work.key.field:
            known = replace(change, known_at=positions.get((side, work.key.plural), ""))
            yield (work.key.cluster, side, work.key.plural), known
