"""Forgets what the store has of streams that nobody watches any more: of kinds switched off.

A Secret that only an Ingress refers to must not stay on the host for ever once ingresses are off,
and a kind that is switched on again must not start from what it was then.
"""

from collections.abc import Collection, Mapping
from typing import cast

from common.objects import Side
from common.process.logs import get_log
from common.store import Store
from common.workqueue import WorkQueue
from watchers.leases import Leases
from watchers.streams import StreamId

SIDES: tuple[Side, ...] = ("virtual", "host")
log = get_log(__name__)


class Retired:
    """`kinds`: the plurals of all that there are, by virtual cluster. `streams`: all that are
    watched, by whichever watcher. Synchronous."""

    def __init__(
        self,
        kinds: Mapping[str, Collection[str]],
        streams: Collection[StreamId],
        store: Store,
        queue: WorkQueue,
        leases: Leases,
    ) -> None:
        self._store = store
        self._queue = queue
        self._leases = leases
        self._watched: Mapping[str, set[tuple[str, str]]] = {name: set() for name in kinds}
        for each in streams:
            self._watched[each.cluster].add((each.side, each.plural))
        self._others = {
            name: {(side, plural) for plural in plurals for side in SIDES} - self._watched[name]
            for name, plurals in kinds.items()
        }
        self._active = {(each.cluster, each.plural) for each in streams}

    def forget(self) -> None:
        """What another watcher still holds by an older configuration is passed over. Raises
        redis.RedisError."""
        for cluster, stored in self._store.stored_by_cluster(self._others).items():
            for side, plural in sorted(stored - self._watched[cluster]):
                self._forget(StreamId(cluster, cast(Side, side), plural))
        for cluster, plural in sorted(self._queue.known() - self._active):
            self._drop_queue(cluster, plural)

    def _forget(self, stream: StreamId) -> None:
        with self._leases.borrowed([stream]) as mine:
            if mine:
                cluster, side, plural = stream.cluster, stream.side, stream.plural
                self._queue.push(cluster, self._store.forget_stream(cluster, side, plural))
                log.info("stream forgotten, as its kind is off", stream=stream)

    def _drop_queue(self, cluster: str, plural: str) -> None:
        """Nobody ever works off the queue of a kind without streams, and once there are some every
        object is new to the store."""
        with self._leases.borrowed([StreamId(cluster, side, plural) for side in SIDES]) as mine:
            if mine:
                self._queue.drop(cluster, plural)
                log.info("queue dropped, as its kind is off", queue=f"{cluster}.{plural}")
