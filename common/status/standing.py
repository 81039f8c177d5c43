"""How tohost stands, as far as Redis knows: only reads, and asks no cluster."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from redis import Redis

from common.keys import redis_prefix
from common.safety.brake_state import BrakeState
from common.status import reports
from common.status.crew import crew
from common.store import Store, text
from common.workqueue.overview import Load, Trouble, overview

_IDENTITY = re.compile(r"tohost:\{([^{}]+)\}:identity")
_SIDES = {"virtual": "the virtual cluster", "host": "the host"}


@dataclass(frozen=True, slots=True)
class Row:
    """One kind: objects on both sides, and its part of the workqueue."""

    plural: str
    virtual: int
    host: int
    load: Load

    @property
    def in_sync(self) -> int:
        """Objects for which nothing is to be done. Every pair is stored under one name, so there
        are as many as the side has that has more."""
        return max(0, max(self.virtual, self.host) - self.load.pending - self.load.failing)


@dataclass(frozen=True, slots=True)
class Scan:
    """The last periodic scan: `ago_s` since its end, pairs looked at, keys woken."""

    ago_s: float
    pairs: int
    woken: int


@dataclass(frozen=True, slots=True)
class Standing:
    """One virtual cluster. problems: what somebody should see to; notes: what is good to know."""

    name: str
    rows: Sequence[Row]
    troubles: Sequence[Trouble]
    problems: Sequence[str]
    notes: Sequence[str]
    scan: Scan | None

    @property
    def fine(self) -> bool:
        return not self.problems and all(each.state != "failing" for each in self.troubles)


@dataclass(frozen=True, slots=True)
class Everything:
    """`problems`: those of all virtual clusters together."""

    clusters: Sequence[Standing]
    watchers: int
    workers: int
    problems: Sequence[str]

    @property
    def fine(self) -> bool:
        return not self.problems and all(each.fine for each in self.clusters)


def known_clusters(redis: Redis) -> list[str]:
    """The virtual clusters of which Redis knows, by name."""
    found = (_IDENTITY.fullmatch(text(key)) for key in redis.scan_iter("tohost:{*}:identity"))
    return sorted(match[1] for match in found if match)


def read(redis: Redis, names: Iterable[str]) -> Everything:
    """Raises redis.RedisError."""
    clusters = [_standing(redis, name) for name in names]
    found = crew(redis)
    running = {"watcher": found.watchers, "worker": found.workers}
    problems = [f"no {name} runs" for name, count in running.items() if not count]
    return Everything(clusters, found.watchers, found.workers, problems)


def _standing(redis: Redis, name: str) -> Standing:
    store, found = Store(redis), overview(redis, name)
    synced, streams = store.synced(name), store.stored_streams(name, ())
    plurals = sorted({plural for _, plural in streams} | found.loads.keys())
    counts = _counts(redis, name, plurals)
    rows = [Row(p, *counts[p], found.loads.get(p, Load())) for p in plurals]
    said = reports.read(redis, name)
    problems = [each for each in (said.pop(name, ""),) if each]
    problems += [each for each in _braked(redis, name) if not any(map(_tells_of_brake, problems))]
    problems += _unlisted(streams - synced) if streams else ["nothing of it was listed yet"]
    return Standing(
        name,
        [row for row in rows if row.virtual or row.host or row.load != Load()],
        found.troubles,
        problems,
        [f"{what.removeprefix(name).strip()}: {words}" for what, words in sorted(said.items())],
        _scan(redis, name),
    )


def _counts(redis: Redis, name: str, plurals: Sequence[str]) -> Mapping[str, tuple[int, int]]:
    with redis.pipeline(transaction=False) as pipe:
        for plural in plurals:
            for side in ("virtual", "host"):
                pipe.hlen(f"{redis_prefix(name)}:obj:{side}:{plural}")
        lengths = pipe.execute()
    return dict(zip(plurals, zip(lengths[::2], lengths[1::2], strict=True), strict=True))


def _braked(redis: Redis, name: str) -> Iterable[str]:
    """While the brake holds deletions."""
    for side, held in BrakeState(redis, name).engaged().items():
        yield (
            f"deletion brake: {held.count} of {held.of} {side} objects would be deleted, as their"
            f" counterparts are missing; find out why, or: tohost release {name}"
        )


def _tells_of_brake(words: str) -> bool:
    return "deletion brake" in words


def _unlisted(streams: Iterable[tuple[str, str]]) -> list[str]:
    """Nothing is done to a kind before all that matters for it is listed once."""
    names = [f"{plural} of {_SIDES.get(side, side)}" for side, plural in sorted(streams)]
    return [f"not listed yet: {', '.join(names)}"] if names else []


def _scan(redis: Redis, name: str) -> Scan | None:
    found = {
        text(key): text(each) for key, each in redis.hgetall(f"{redis_prefix(name)}:scan").items()
    }
    try:
        ago_s = redis.time()[0] - float(found["at"])
        return Scan(max(0.0, ago_s), int(found["pairs"]), int(found["woken"]))
    except (KeyError, ValueError):
        return None
