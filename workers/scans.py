"""Who scans when: of all workers one, for each virtual cluster, once in a while.

A key in Redis that expires is the turn: whoever sets it scans, and nobody else does before it has
run out. A worker that dies in the middle leaves the rest to the next turn.
"""

import asyncio
import random
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from common.keys import redis_prefix
from common.kind import Kind
from common.process.logs import get_log
from common.process.metrics import SCAN_AT, SCAN_EVERY, SCAN_PAIRS, SCAN_SECONDS, SCAN_WOKEN
from common.workqueue import WorkQueue
from common.workqueue.rest import Rest
from workers.fights import TRUCE_S, Fights
from workers.scan import Findings, Scan
from workers.scan_reader import ScanReader
from workers.session import Session
from workers.unchanged import Unchanged

LOOKS_PER_PERIOD = 20
RENEWALS_PER_PERIOD = 3
LONGEST_TICK_S = 15.0
JITTER = 0.1
REST = 1.0
"""A scan pauses for so many times as long as it worked: it has time, reconciles haven't. Longer
pauses cost more CPU than they spare others, as caches are cold after them."""
_log = get_log(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """`cpu_s`: of this process; `seconds`: with all pauses; `at`: Unix time of the end."""

    findings: Findings
    seconds: float
    cpu_s: float
    at: float


class Scans:
    """Of all virtual clusters, in one worker. `every_s`: 0 for never."""

    def __init__(
        self,
        redis: Redis,
        kinds: Mapping[str, Mapping[str, Kind]],
        queue: WorkQueue,
        every_s: float,
    ) -> None:
        self._redis = redis
        self._reader = ScanReader(redis, kinds)
        self._rest = Rest(redis, queue, TRUCE_S)
        self._unchanged = Unchanged(redis)
        self._worker = queue.worker
        self._every_s = every_s
        SCAN_EVERY.set(every_s)
        self._tick_s = min(every_s / LOOKS_PER_PERIOD or LONGEST_TICK_S, LONGEST_TICK_S)

    async def run(self, sessions: Mapping[str, Session], fights: Fights) -> None:
        """Never returns: scans whenever it's this worker's turn."""
        waited_for: set[str] = set()
        while True:
            await asyncio.sleep(self._tick_s)
            try:
                await self._tell_truces(fights)
                known = dict(sessions) if self._every_s else {}
                if new := known.keys() - waited_for:
                    await asyncio.to_thread(self._wait_first, new)
                    waited_for |= new
                for name in await asyncio.to_thread(self._free, known.keys() - new):
                    if await asyncio.to_thread(self._has_turn, name):
                        await self.look_at(known[name])
            except RedisError as error:
                _log.debug("scan put off", error=str(error))

    async def look_at(self, session: Session) -> None:
        """Scan one virtual cluster, unless nothing changed since its pairs were found to agree.
        Raises redis.RedisError."""
        state = await asyncio.to_thread(self._unchanged.state, session)
        pairs = self._unchanged.pairs(session, state)
        if pairs is None:
            report = await self.scan(session)
            self._unchanged.scanned(session, state, report.findings)
        else:
            report = Report(Findings(pairs), 0.0, 0.0, time.time())
            await asyncio.to_thread(self._store, session.cluster.name, report)
            SCAN_AT.labels(session.cluster.name).set(report.at)

    async def scan(self, session: Session) -> Report:
        """Scan one virtual cluster now. Raises redis.RedisError."""
        name, cpu_s = session.cluster.name, 0.0
        started_s = renewed_s = time.monotonic()
        scan = Scan(self._redis, session, self._reader, self._rest, session.virtual.clock)
        steps = scan.steps()
        while (used := await asyncio.to_thread(_timed, steps)) is not None:
            worked_s, used_s = used
            cpu_s += used_s
            await asyncio.sleep(REST * worked_s)
            if time.monotonic() - renewed_s > self._every_s / RENEWALS_PER_PERIOD:
                await asyncio.to_thread(self._keep_turn, name)
                renewed_s = time.monotonic()
        report = Report(scan.findings, time.monotonic() - started_s, cpu_s, time.time())
        await asyncio.to_thread(self._store, name, report)
        _tell(name, report)
        return report

    async def _tell_truces(self, fights: Fights) -> None:
        """What one worker gave up must not be begun again by another, because a scan woke it."""
        for cluster, members in fights.new_truces().items():
            await asyncio.to_thread(self._rest.leave_alone, cluster, members)

    def _wait_first(self, clusters: Collection[str]) -> None:
        """At the start everything is looked at anyway."""
        with self._redis.pipeline(transaction=False) as pipe:
            for name in clusters:
                px = self._period_ms(1 + random.random())
                pipe.set(_turn(name), self._worker, nx=True, px=px)
            pipe.execute()

    def _free(self, clusters: Collection[str]) -> list[str]:
        """The virtual clusters for which nobody has the turn."""
        with self._redis.pipeline(transaction=False) as pipe:
            for name in clusters:
                pipe.exists(_turn(name))
            taken = pipe.execute() if clusters else []
        return [name for name, there in zip(clusters, taken, strict=True) if not there]

    def _has_turn(self, cluster: str) -> bool:
        taken = self._redis.set(_turn(cluster), self._worker, nx=True, px=self._period_ms(1))
        return bool(taken)

    def _keep_turn(self, cluster: str) -> None:
        self._redis.set(_turn(cluster), self._worker, px=self._period_ms(1))

    def _store(self, cluster: str, report: Report) -> None:
        """What `tohost status` shows; and the next turn comes a period after the end of this."""
        said: dict[Any, str | int] = {
            "at": f"{report.at:.3f}",
            "pairs": report.findings.pairs,
            "woken": report.findings.woken,
            "seconds": f"{report.seconds:.3f}",
            "cpu": f"{report.cpu_s:.3f}",
        }
        self._redis.hset(f"{redis_prefix(cluster)}:scan", mapping=said)
        self._keep_turn(cluster)

    def _period_ms(self, part: float) -> int:
        jitter = random.uniform(1 - JITTER, 1 + JITTER)
        return max(1, int(self._every_s * 1000 * part * jitter))


def _turn(cluster: str) -> str:
    return f"{redis_prefix(cluster)}:scan-turn"


def _tell(cluster: str, report: Report) -> None:
    pairs, woken = report.findings.pairs, report.findings.woken
    _log.info(
        "scanned",
        cluster=cluster,
        pairs=pairs,
        woken=woken,
        seconds=round(report.seconds, 3),
        cpu=round(report.cpu_s, 3),
    )
    SCAN_PAIRS.labels(cluster).inc(pairs)
    SCAN_WOKEN.labels(cluster).inc(woken)
    SCAN_SECONDS.labels(cluster).inc(report.cpu_s)
    SCAN_AT.labels(cluster).set(report.at)


def _timed(steps: Iterator[None]) -> tuple[float, float] | None:
    """One step: its wall and CPU seconds, None when there was none left."""
    wall_s, cpu_s = time.monotonic(), time.thread_time()
    try:
        next(steps)
    except StopIteration:
        return None
    return time.monotonic() - wall_s, time.thread_time() - cpu_s
