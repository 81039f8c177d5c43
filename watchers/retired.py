"""Forgets what the store has of streams that nobody watches any more: of kinds switched off.

A Secret that only an Ingress refers to must not stay on the host for ever once ingresses are off,
and a kind that is switched on again must not start from what it was then.
"""

from collections.abc import Collection, Mapping
from typing import cast

from common.logs import get_log
from common.objects import Side
from common.store import Store
from common.workqueue import WorkQueue
from watchers.leases import Leases
from watchers.streams import StreamId

SIDES: tuple[Side, ...] = ("virtual", "host")
log = get_log(__name__)


def forget_retired(
    kinds: Mapping[str, Collection[str]],
    streams: Collection[StreamId],
    store: Store,
    queue: WorkQueue,
    leases: Leases,
) -> None:
    """Synchronous. `kinds`: the plurals of all that there are, by virtual cluster. What another
    watcher still holds by an older configuration is passed over."""
    for cluster, plurals in kinds.items():
        wanted = {(each.side, each.plural) for each in streams if each.cluster == cluster}
        known = {(side, plural) for plural in plurals for side in SIDES}
        stored = store.stored_streams(cluster, sorted(known - wanted))
        for side, plural in sorted(stored - wanted):
            stream = StreamId(cluster, cast(Side, side), plural)
            with leases.borrowed([stream]) as mine:
                if mine:
                    queue.push(cluster, store.forget_stream(cluster, stream.side, plural))
                    log.info("stream forgotten, as its kind is off", stream=stream)
        _drop_queues(cluster, {plural for _, plural in wanted}, queue, leases)


def _drop_queues(cluster: str, wanted: Collection[str], queue: WorkQueue, leases: Leases) -> None:
    """Nobody ever works off the queue of a kind without streams, and once there are some every
    object is new to the store."""
    for name, plural in sorted(queue.known()):
        if name == cluster and plural not in wanted:
            with leases.borrowed([StreamId(name, side, plural) for side in SIDES]) as mine:
                if mine:
                    queue.drop(name, plural)
                    log.info("queue dropped, as its kind is off", queue=f"{name}.{plural}")
