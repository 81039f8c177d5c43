"""What a watcher does beside watching: it clears up after kinds that were switched off."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import count

from redis import RedisError

from common.cluster import Cluster
from common.kinds import REGISTRY, kinds_of
from common.kube.discovery import Discovery
from common.process.logs import get_log
from common.store import Store
from common.workqueue import WorkQueue
from watchers.leases import Leases
from watchers.leftovers import Leftovers
from watchers.retired import Retired
from watchers.streams import StreamId

SOON_S = 0.1
FIRST_S = 30.0
EVERY_S = 30.0
OFTEN = 10
SELDOM_S = 300.0
log = get_log(__name__)


class Housekeeping:
    """For all virtual clusters and the streams that there are for them. `ready`: whether this
    watcher is, which comes first."""

    def __init__(
        self,
        clusters: Sequence[Cluster],
        streams: Sequence[StreamId],
        host: Discovery,
        store: Store,
        queue: WorkQueue,
        leases: Leases,
        ready: Callable[[], bool],
    ) -> None:
        kinds = {each.name: REGISTRY.keys() | kinds_of(each).keys() for each in clusters}
        self._retired = Retired(kinds, streams, store, queue, leases)
        self._leases = leases
        self._ready = ready
        self._leftovers = Leftovers(clusters, host)

    @property
    def notes(self) -> Mapping[str, str]:
        """What people should know, by virtual cluster and kind."""
        return self._leftovers.notes

    async def run(self) -> None:
        """Never returns. What goes wrong is tried again: none of it is urgent."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._report())
            group.create_task(self._forget())

    async def _report(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(FIRST_S):
                while not self._ready():
                    await asyncio.sleep(SOON_S)
        try:
            await self._leftovers.report()
        except Exception:
            log.exception("leftovers not reported")

    async def _forget(self) -> None:
        """Not only at the start, as a watcher of the configuration before may still be there."""
        while not self._leases.alive:
            await asyncio.sleep(SOON_S)
        for looks in count(1):
            try:
                await asyncio.to_thread(self._retired.forget)
            except RedisError as error:
                log.debug("streams of kinds that are off not forgotten yet", error=str(error))
            except Exception:
                log.exception("streams of kinds that are off not forgotten")
            await asyncio.sleep(EVERY_S if looks < OFTEN else SELDOM_S)
