"""Tells host Events again in the virtual cluster, on the virtual object that they are about.

Too many about one object are dropped, as clients of Kubernetes do themselves; too many in a virtual
cluster wait in its queue. What can't be written is dropped too: no Event is worth a failed job.
Nothing here makes Events of its own, so none can beget another.
"""

import time
from collections.abc import Callable, Mapping

from redis.exceptions import RedisError

from common.actions import Create
from common.context import Context, Ref, Related
from common.errors import AlreadyExistsError, ApiError, NotFoundError, RetryError
from common.keys import Key
from common.kind import Kind
from common.kinds import REGISTRY
from common.naming import host_name, host_name_cluster
from common.objects import Obj, name_of, namespace_of
from common.process.logs import get_log
from common.store import Store
from common.workqueue import Again, Done, Outcome, Retry
from workers.involved import Involved, kind_of
from workers.plan import plan
from workers.rates import Rates
from workers.reconcile import broken
from workers.session import Session
from workers.snapshots import Snapshot

EVENTS = REGISTRY["events"]
OBJECT_BURST, OBJECT_PER_S = 25, 1 / 300
CLUSTER_BURST, CLUSTER_PER_S = 200, 50.0
AT_ONCE = 64
"""When so many run no more are begun: a virtual cluster that is slow to answer must not hold up
others."""
UNLISTED_S = 0.5
WARN_EVERY_S = 600.0
_log = get_log(__name__)


class EventUp:
    """For all virtual clusters of one worker. `clock` gives seconds, any start."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._involved = Involved(store)
        self._clock = clock
        self._objects = Rates[tuple[str, str]](OBJECT_BURST, OBJECT_PER_S, clock=clock)
        self._clusters = Rates[str](CLUSTER_BURST, CLUSTER_PER_S, clock=clock)
        self._warned: dict[tuple[str, int], float] = {}
        self._dropped = 0
        self._under_way = 0

    def may_take(self, queue: tuple[str, str]) -> bool:
        """Whether a (cluster, plural) queue isn't one of Events that have to wait."""
        cluster, plural = queue
        return plural != EVENTS.plural or (
            self._under_way < AT_ONCE and self._clusters.left(cluster) > 0
        )

    async def bring_up(
        self, session: Session, key: Key, snapshot: Snapshot, holds: Callable[[], bool]
    ) -> Outcome:
        """`snapshot`: of the Event, which is done already when there is none. `holds`: whether
        the key's lease still stands. Raises RetryError."""
        if snapshot.host is None:
            return Done()
        self._under_way += 1
        try:
            return await self._bring_up(session, key, snapshot.host, snapshot, holds)
        except ApiError as error:
            self._refused(key, error)
            return Done()
        except RedisError as error:
            raise RetryError(f"Redis: {error}") from error
        except RetryError:
            raise
        except Exception as error:
            broken(key, error)  # a bug; an Event's failed job would stay, as nothing wakes it
            return Done()
        finally:
            self._under_way -= 1

    async def _bring_up(
        self,
        session: Session,
        key: Key,
        event: Obj,
        snapshot: Snapshot,
        holds: Callable[[], bool],
    ) -> Outcome:
        about: Obj = event["involvedObject"]
        kind = kind_of(session, snapshot.records, about)
        if kind is None:
            return Done()
        if ("virtual", kind.plural) not in snapshot.synced:
            return Again(UNLISTED_S, f"waits until {kind.plural} are listed")
        virtual = await self._involved.virtual(session, kind, about)
        if virtual is None:
            return Done()
        if not holds():
            return Retry(None, "the lease was lost")
        related = Related(involved=virtual, host_names=_host_names(session, kind, virtual))
        for action in plan(EVENTS, None, event, Context(session.cluster, related)):
            if isinstance(action, Create):
                await self._tell(session, key, about["uid"], action.body)
        return Done()

    async def _tell(self, session: Session, key: Key, about_uid: str, body: Obj) -> None:
        """Write the Event unless there were too many about that object."""
        spender = (key.cluster, about_uid)
        if self._objects.left(spender) < 1:
            self._dropped += 1
            _log.debug("too many events", key=str(key), object=about_uid, dropped=self._dropped)
            return
        self._objects.take(spender)
        self._clusters.take(key.cluster)
        try:
            await _write(session, body)
        except RetryError:
            self._objects.take(spender, -1)
            raise

    def _refused(self, key: Key, error: ApiError) -> None:
        """What is gone, or going, needs no Events; of other refusals people hear now and then."""
        if _is_gone(error):
            return
        now_s, what = self._clock(), (key.cluster, error.status)
        if now_s - self._warned.get(what, float("-inf")) < WARN_EVERY_S:
            return
        self._warned[what] = now_s
        # What is refused as invalid is quoted in the message.
        why = str(error) if error.status in (403, 404) else f"{error.status} {error.reason}"
        _log.warning("events can't be brought up", cluster=key.cluster, error=why)


def _host_names(session: Session, kind: Kind, virtual: Obj) -> Mapping[str, str]:
    """By member, what the objects that the virtual one names are called on the host."""
    return {ref.member: _host_name(session, ref) for ref in kind.named(virtual) if ref.name}


def _host_name(session: Session, ref: Ref) -> str:
    cluster, kind = session.cluster, session.kinds.get(ref.plural)
    if ref.namespace:
        return host_name(cluster, ref.namespace, ref.name, ref.plural)
    return kind.host_name(cluster, ref.name) if kind else host_name_cluster(cluster, ref.name)


async def _write(session: Session, body: Obj) -> None:
    """Create the Event, or bring the one that was told earlier up to date."""
    namespace, name = namespace_of(body), name_of(body)
    try:
        await session.virtual.create(EVENTS, namespace, body)
    except AlreadyExistsError:
        fixed = ("apiVersion", "kind", "metadata", "involvedObject")
        patch = {key: value for key, value in body.items() if key not in fixed}
        try:
            await session.virtual.patch(EVENTS, namespace, name, patch)
        except NotFoundError as error:
            raise RetryError(str(error)) from error  # it ran out just now


def _is_gone(error: ApiError) -> bool:
    """Whether the object or its namespace is gone, or the namespace is being deleted."""
    causes = error.details.get("causes") or []
    ending = any(cause.get("reason") == "NamespaceTerminating" for cause in causes)
    return ending or (isinstance(error, NotFoundError) and bool(error.details))
