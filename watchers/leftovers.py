"""Tells what kinds that are off have left on the host, for nothing removes it unless told to."""

import asyncio
from collections.abc import Iterator, Sequence

from common.cluster import Cluster
from common.errors import ApiError, RetryError
from common.kinds import kinds_of
from common.kube.discovery import Discovery
from common.kube.served import choose
from common.metadata import KIND
from common.objects import annotations
from common.process.logs import get_log
from watchers.streams import Stream

AGAIN_S = 30.0
COUNTED = 500
PAUSE_S = 0.02
"""None of it is urgent, and there may be many."""
log = get_log(__name__)


class Leftovers:
    """`notes`: what was found, by virtual cluster and kind."""

    def __init__(self, clusters: Sequence[Cluster], host: Discovery) -> None:
        self.notes: dict[str, str] = {}
        self._clusters = clusters
        self._host = host

    async def report(self) -> None:
        """Look once at each kind that is off; returns when the host has answered for all."""
        waiting = [stream for cluster in self._clusters for stream in _off(cluster)]
        while waiting:
            waiting = [stream for stream in waiting if not await self._looked_at(stream)]
            if waiting:
                await asyncio.sleep(AGAIN_S)

    async def _looked_at(self, stream: Stream) -> bool:
        """Whether the host answered. That we may not look is an answer, too."""
        kind = stream.kind
        await asyncio.sleep(PAUSE_S)
        try:
            count, more = await self._count(stream)
        except RetryError as error:
            log.debug("leftovers not counted yet", stream=stream.id, error=str(error))
            return False
        except ApiError as error:
            log.debug("leftovers can't be counted", stream=stream.id, error=str(error))
            return True
        if count:
            several = f"{count}{' or more' if more else ''} host objects of {kind.plural} are"
            note = (
                f"{several if count > 1 else f'1 host object of {kind.plural} is'} left from when"
                f" it was on; set sync.toHost.{kind.option}.cleanupOnDisable: true to remove"
                f" {'them' if count > 1 else 'it'}"
            )
            self.notes[f"{stream.cluster.name} {kind.plural}"] = note
            log.warning("host objects are left", cluster=stream.cluster.name, note=note)
        return True

    async def _count(self, stream: Stream) -> tuple[int, bool]:
        """How many of the first COUNTED, and whether there are more. Most often there are none,
        so one is asked for first. A pod's token Secret bears our label and isn't meant."""
        if stream.kind.discovered:
            served = choose(stream.kind, await self._host.offer(stream.kind), {})
            if served is None:
                return 0, False
            stream = stream.as_served(served)
        client, params = self._host.client, dict(stream.params)
        for limit in (1, COUNTED):
            page = await client.list_page(stream.path, {**params, "limit": str(limit)})
            if not page.items:
                return 0, False
        return sum(KIND in annotations(each) for each in page.items), bool(page.next)


def _off(cluster: Cluster) -> Iterator[Stream]:
    """The host streams that there would be if every kind were on."""
    for kind in kinds_of(cluster).values():
        has_own = kind.option and kind.host_watched and not kind.host_read_only
        if has_own and "host" not in kind.sides(cluster):
            yield Stream(cluster, kind, "host", frozenset())
