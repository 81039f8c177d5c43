"""The worker process: runs many reconciles at once, of keys that `workers.taking` takes in batches,
and gives keys back.

Blocking calls to Redis run in threads, one at a time for each loop. Ending is batched by itself:
while one flush is under way, the next outcomes gather.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from redis.exceptions import RedisError

from common.clock import running_s
from common.config import Config
from common.errors import RetryError
from common.keys import Key
from common.kind import Kind
from common.objects import Obj, meta
from common.pace import Pace
from common.process.health import Readiness
from common.process.logs import get_log
from common.redis.trouble import Troubles
from common.store import Store
from common.workqueue import Again, Done, Retry, Taken, WorkQueue
from workers import host_names, timing
from workers.connections import Connections
from workers.ending import Ending, answers_of, flush
from workers.event_up import EVENTS, EventUp
from workers.fights import Fights
from workers.gauges import ConnectionGauges
from workers.host_names import HostNames
from workers.live import with_live
from workers.opening import Openings
from workers.purge import PURGE_S, Purge
from workers.reconcile import Reconciler, broken
from workers.rhythm import Rhythm
from workers.room import Room, Servers
from workers.scans import Scans
from workers.session import Session
from workers.snapshots import Snapshot, SnapshotReader
from workers.taking import PAUSE_S, Taking
from workers.work import Work

HEARTBEAT_S = 3.0
SHOW_S = 0.5
SWEEP_S = 0.2
MOVES_S = 0.05
GATE_S = 0.5
_log = get_log(__name__)


class Worker:
    """One process's loops over the keys of all virtual clusters; `run` starts and ends them."""

    def __init__(
        self,
        config: Config,
        queue: WorkQueue,
        store: Store,
        reader: SnapshotReader,
        scans: Scans,
        host_names: HostNames,
    ) -> None:
        self._stopping = asyncio.Event()
        self._troubles = Troubles()
        self._connections = Connections(config, store, self._troubles)
        self._queue = queue
        self._store = store
        self._scans = scans
        self._host_names = host_names
        self._fights = Fights()
        self._event_up = EventUp(store)
        self._rhythm = Rhythm()
        self._openings = Openings(store)
        self._tombstones = Purge(store, queue.clusters)
        self.room = Room(config.workers.concurrency, queue.clusters, self._servers)
        self.connected = ConnectionGauges(self._connections, queue.clusters)
        self._taking = Taking(
            queue, reader, self.room, self._event_up.may_take, self._begin, self._troubles
        )
        self._running: set[asyncio.Task[None]] = set()
        self._ended: asyncio.Queue[Ending] = asyncio.Queue()
        self._pace = Pace(self.room.pace)

    def readiness(self) -> Readiness:
        """Not ready without Redis; a virtual cluster that can't be used is only noted."""
        waiting = {"redis": self._troubles.words} if self._troubles.words else {}
        if not self._connections.sessions and self._connections.waiting:
            waiting |= self._connections.waiting
        return Readiness(waiting, {**self.room.notes(), **self._connections.notes})

    async def run(self, stop: asyncio.Event, grace_s: float) -> None:
        """Work until `stop` is set; then give reconciles `grace_s` and hand back the rest.

        Raises ConfigError when the host's kubeconfig can't be read, and whatever breaks a loop.
        """
        await self._connections.connect_host()
        loops = [
            asyncio.create_task(self._connections.connect_virtual()),
            asyncio.create_task(self._every(GATE_S, self._look_at_gate)),
            asyncio.create_task(self._every(HEARTBEAT_S, self._heartbeat)),
            asyncio.create_task(self._every(SHOW_S, self._show)),
            asyncio.create_task(self._every(SWEEP_S, self._sweep)),
            asyncio.create_task(self._every(PURGE_S, self._purge)),
            asyncio.create_task(self._every(MOVES_S, self._call_moves)),
            asyncio.create_task(self._scans.run(self._connections.sessions, self._fights)),
            asyncio.create_task(self._end_all()),
        ]
        taking = asyncio.create_task(self._taking.run(self._stopping))
        try:
            await _until(stop, {taking, *loops})
            self._stopping.set()
            await taking
            await self._drain(grace_s)
        finally:
            tasks = {taking, *loops, *self._running}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.to_thread(self._leave)
            await self._connections.close()

    async def _drain(self, grace_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(grace_s):
                await self._taking.all_ended()

    def _leave(self) -> None:
        held = self._taking.held
        try:
            self._queue.hand_back(held)
            self._queue.close()
        except RedisError as error:
            _log.warning("keys not handed back", keys=len(held), error=str(error))

    def _servers(self, cluster: str) -> Servers | None:
        session = self._connections.sessions.get(cluster)
        return Servers(session.virtual.breaker, session.host.breaker) if session else None

    def _begin(self, taken: Taken, snapshot: Snapshot | Exception) -> None:
        task = asyncio.create_task(self._reconcile(taken, snapshot))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _reconcile(self, taken: Taken, snapshot: Snapshot | Exception) -> None:
        """Whatever happens, the key comes back: a bug must not cost more than the one key."""
        began_s = running_s()
        try:
            ending = await self._run(taken, snapshot)
        except RetryError as error:
            ending = Ending(taken, Retry(error.after_s, str(error)))
        except Exception as error:
            ending = Ending(taken, broken(taken.key, error))
        ending.began_s, ending.ended_s = began_s, running_s()
        self._ended.put_nowait(ending)

    async def _run(self, taken: Taken, snapshot: Snapshot | Exception) -> Ending:
        if isinstance(snapshot, Exception):
            raise snapshot
        key = taken.key
        self._rhythm.work()
        session = self._connections.at_work(key.cluster)
        kind = session.kind_at(key.plural, snapshot.synced, snapshot.records)
        if kind is None:
            return Ending(taken, Again(GATE_S, "waits until its streams are listed"))
        if key.plural == EVENTS.plural:
            return await self._bring_up(taken, snapshot, session)
        work = await self._work(kind, key, snapshot, session)
        reconciler = Reconciler(session, self._fights)
        outcome = await reconciler.reconcile(work, lambda: self._queue.holds(taken), taken.tries)
        if key.plural == host_names.PLURAL:
            await self._host_names.look_at(work, session)
        answers = tuple(answers_of(work, session, snapshot.positions))
        return Ending(taken, outcome, answers, plan_s=work.plan_s)

    async def _bring_up(self, taken: Taken, snapshot: Snapshot, session: Session) -> Ending:
        outcome = await self._event_up.bring_up(
            session, taken.key, snapshot, lambda: self._queue.holds(taken)
        )
        done = isinstance(outcome, Done)
        return Ending(taken, outcome, told=_version(snapshot.host) if done else "")

    async def _work(self, kind: Kind, key: Key, snapshot: Snapshot, session: Session) -> Work:
        related, watched = snapshot.related, kind.sides(session.cluster)
        if "live_host" in kind.needs:
            related = await with_live(session, kind, key, snapshot)
        return Work(
            key,
            kind,
            session.cluster,
            snapshot.virtual if "virtual" in watched else None,
            snapshot.host if "host" in watched else None,
            related,
            session.digest_key,
            snapshot.seen_deleted,
        )

    async def _end_all(self) -> None:
        while True:
            endings = [await self._ended.get()]
            await self._pace.wait()
            while not self._ended.empty():
                endings.append(self._ended.get_nowait())
            self._pace.took(len(endings))
            await self._end(endings)

    async def _end(self, endings: list[Ending]) -> None:
        while True:
            try:
                await asyncio.to_thread(flush, self._store, self._queue, endings)
                break
            except RedisError as error:
                await self._pause("ending", error)
        self._troubles.over("ending")
        timing.tell(endings)
        self._taking.ended(each.taken for each in endings)

    async def _every(self, seconds: float, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await step()
            except RedisError as error:
                await self._pause(step.__name__, error)
                continue
            self._troubles.over(step.__name__)
            await self._rhythm.pause(seconds)

    async def _pause(self, part: str, error: RedisError) -> None:
        self._troubles.met(part, error)
        await asyncio.sleep(PAUSE_S)

    async def _show(self) -> None:
        if self._taking.held:
            await asyncio.to_thread(self._queue.show)

    async def _heartbeat(self) -> None:
        for key in await asyncio.to_thread(self._queue.heartbeat):
            _log.warning("lease lost", key=str(key))

    async def _sweep(self) -> None:
        if self._queue.sweep_due:
            await asyncio.to_thread(self._queue.sweep)

    async def _call_moves(self) -> None:
        for cluster, session in dict(self._connections.sessions).items():
            if due := session.moves.due():
                await asyncio.to_thread(self._queue.add, cluster, due)

    async def _purge(self) -> None:
        await asyncio.to_thread(self._tombstones.purge, dict(self._connections.sessions))

    async def _look_at_gate(self) -> None:
        sessions = dict(self._connections.sessions)
        if self._openings.due(sessions):
            self._taking.open = await asyncio.to_thread(self._openings.look, sessions)


def _version(obj: Obj | None) -> str:
    return str(meta(obj or {}).get("resourceVersion") or "")


async def _until(stop: asyncio.Event, tasks: set[asyncio.Task[None]]) -> None:
    """Returns when `stop` is set; raises what a task raises."""
    stopped = asyncio.create_task(stop.wait())
    pending: set[asyncio.Task[Any]] = {stopped, *tasks}
    try:
        while not stopped.done():
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        stopped.cancel()
