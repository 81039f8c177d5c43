"""Tells when Ingresses of two virtual clusters claim the same host name.

Nothing is refused: which of them gets the requests is up to the host's controllers, and they, too,
mostly go by the age of the Ingress. An index in Redis has all claims; it is made from the host's
Ingresses alone, so after a loss it comes back with them.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from common.actions import EmitEvent
from common.ingress.claimed import EVERY, claimed_hosts
from common.keys import Key
from common.lua import source
from common.objects import Obj, meta, timestamp_s
from common.process.logs import get_log
from common.process.metrics import INGRESS_HOST_CONFLICTS
from common.store import text
from common.workqueue import WorkQueue
from workers.events import emit
from workers.session import Session
from workers.work import Work

PLURAL = "ingresses"
REASON = "HostNameConflict"
MOST = 20
"""Claims of each other virtual cluster that are looked at, for one host name."""
MOST_HOSTS = 200
"""Of one Ingress; they are looked up in one go, while Redis does nothing else."""
_PREFIX = "tohost:{ingress-hosts}"
_KEPT = 10_000
_SHOWN = 5
_SOURCE = source("claim")
_log = get_log(__name__)


@dataclass(frozen=True, slots=True, order=True)
class Claim:
    """`since`: when the host's Ingress was created, Unix seconds."""

    since: float
    key: Key


class HostNames:
    """`clusters`: the virtual clusters of the configuration. `clock` gives Unix seconds."""

    def __init__(
        self,
        redis: Redis,
        queue: WorkQueue,
        clusters: Collection[str],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._script: Any = redis.register_script(_SOURCE)
        self._queue = queue
        self._clusters = clusters
        self._clock = clock
        self._told: OrderedDict[Key, frozenset[str]] = OrderedDict()

    async def look_at(self, work: Work, session: Session) -> None:
        """Note what an Ingress claims after it was reconciled; tell when another was first."""
        try:
            taken = await asyncio.to_thread(self.claim, work.key, work.host)
        except RedisError as error:
            _log.warning("host names not noted", key=str(work.key), error=str(error))
            return
        if self._is_news(work.key, frozenset(taken)):
            INGRESS_HOST_CONFLICTS.labels(work.key.cluster).inc()
            for host, other in sorted(taken.items()):
                _log.warning(
                    "host name claimed twice", host=host, by=str(work.key), first=str(other)
                )
            event = EmitEvent("Warning", REASON, _message(sorted(taken)))
            await emit(session.virtual, work, event, self._clock())

    def claim(self, key: Key, host: Obj | None) -> dict[str, Key]:
        """Note the claims of a host Ingress, None when it is gone; answers those of its host names
        that an older Ingress of another virtual cluster has, with that one.

        Younger ones are woken when the claims are new, to be told. Raises RedisError.
        """
        mine = Claim(timestamp_s(str(meta(host or {}).get("creationTimestamp") or "")), key)
        hosts = claimed_hosts(host)[:MOST_HOSTS] if host else []
        answer = self._script(
            keys=[_PREFIX], args=[key.cluster, key.field, mine.since, MOST, *hosts]
        )
        changed, *rest = answer
        others = [
            (name, claim) for name, claim in _read(rest) if claim.key.cluster in self._clusters
        ]
        if changed:
            self._wake(claim.key for _, claim in others if claim > mine)
        return {name: claim.key for name, claim in others if claim < mine}

    def _wake(self, keys: Iterable[Key]) -> None:
        for key in dict.fromkeys(keys):
            self._queue.add(key.cluster, [key.member])

    def _is_news(self, key: Key, taken: frozenset[str]) -> bool:
        """Whether this process has not told it yet."""
        before = self._told.pop(key, frozenset())
        if taken:
            self._told[key] = taken
        if len(self._told) > _KEPT:
            self._told.popitem(last=False)
        return not taken <= before


def _read(rest: list[Any]) -> Iterable[tuple[str, Claim]]:
    for i in range(0, len(rest), 4):
        host, cluster, field, since = map(text, rest[i : i + 4])
        yield host, Claim(float(since), Key.from_field(cluster, PLURAL, field))


def _message(hosts: list[str]) -> str:
    """Whose Ingress it is stays the operator's to know."""
    named = ", ".join("every host" if host == EVERY else host for host in hosts[:_SHOWN])
    more = f" and {len(hosts) - _SHOWN} more" if len(hosts) > _SHOWN else ""
    return (
        f"an older Ingress of another virtual cluster claims {named}{more} too; which of them gets"
        " the requests is up to the ingress controller"
    )
