"""One key from the store's snapshot to its outcome: plan, perform, and plan again if need be.

Every error that a cluster can cause ends as one of the workqueue's outcomes; what is left over
is a bug and becomes a failed job that names its place, so one bad object never stops the others.
"""

import traceback
from collections.abc import Callable

from common.actions import Action, Create, EmitEvent, Patch, RequeueAfter
from common.clock import running_s
from common.context import Context
from common.errors import BlockedError, HeldError, RetryError, TerminalError
from common.keys import Key
from common.naming import host_name, host_namespace
from common.objects import name_of, namespace_of
from common.process.logs import get_log
from common.process.metrics import INTERNAL_ERRORS
from common.workqueue import Again, Blocked, Done, Outcome, Retry, Terminal, Tries
from workers import service_replace
from workers.answers import came_out_changed
from workers.events import emit
from workers.fights import Fights, is_judged
from workers.perform import Performer
from workers.plan import plan
from workers.session import Session
from workers.work import Work

MAX_ROUNDS = 5
TELL_AFTER_FAILURES = 4
TELL_EVERY = 16
"""Of failures in a row after those; so their Event stays until they end, and costs little."""
NO_TRIES = Tries()
_DECIDED = {
    Retry: "failed, is tried again",
    Blocked: "waits for something else",
    Terminal: "refused, is tried again",
}
_log = get_log(__name__)


class Reconciler:
    """For one virtual cluster. `clock` gives Unix seconds; without it the virtual API server's
    does, which set the times that plans look at."""

    def __init__(
        self, session: Session, fights: Fights, clock: Callable[[], float] | None = None
    ) -> None:
        self._session = session
        self._fights = fights
        self._clock = clock or session.virtual.clock
        self._performer = Performer(session, self._clock)

    async def reconcile(
        self, work: Work, holds: Callable[[], bool], tries: Tries = NO_TRIES
    ) -> Outcome:
        """Bring both sides together. `holds` says whether the key's lease still stands; `tries`
        counts the failures in a row before."""
        outcome = await self._outcome(work, holds, tries)
        if not isinstance(outcome, Done | Again) and _worth_telling(tries.total, first=True):
            _log.info(
                _DECIDED[type(outcome)],
                virtual=str(work.key),
                host=_host_name(work),
                why=outcome.message,
            )
        return outcome

    async def _outcome(self, work: Work, holds: Callable[[], bool], tries: Tries) -> Outcome:
        try:
            return await self._rounds(work, holds)
        except HeldError as error:
            return Again(error.wait_s, str(error))
        except BlockedError as error:
            if _worth_telling(tries.blocks):
                await self._tell(work, error.reason, str(error))
            return Blocked(str(error), error.reason)
        except RetryError as error:
            if _worth_telling(tries.failures):
                await self._tell(work, "SyncRetried", str(error))
            return Retry(error.after_s, str(error))
        except TerminalError as error:
            await self._tell(work, error.reason, str(error))
            return Terminal(str(error), error.reason)
        except Exception as error:
            return broken(work.key, error)

    async def _tell(self, work: Work, reason: str, message: str) -> None:
        event = EmitEvent("Warning", reason, message)
        await emit(self._session.virtual, work, event, self._clock(), one=True)

    async def _rounds(self, work: Work, holds: Callable[[], bool]) -> Outcome:
        if service_replace.is_moving(work):
            await service_replace.finish(self._session, work, self._clock())
        for _ in range(MAX_ROUNDS):
            work.plan_again = False
            context = Context(work.cluster, work.related, self._clock(), work.key.name)
            began_s = running_s()
            actions = plan(work.kind, work.virtual, work.host, context)
            work.plan_s += running_s() - began_s
            for action in actions:
                if not holds():
                    return Retry(None, "the lease was lost")
                await self._one(work, action)
                if work.plan_again and not isinstance(action, Patch):
                    break
            if not work.plan_again:
                break
        else:
            return Again(1.0, f"still not in sync after {MAX_ROUNDS} rounds")
        if work.requeue_after_s is not None:
            return Again(work.requeue_after_s, work.requeue_reason)
        return Done()

    async def _one(self, work: Work, action: Action) -> None:
        if not is_judged(action):
            await self._perform(work, action)
            return
        before = work.on(action.side)
        for allowed in self._fights.judge(work, action):
            await self._perform(work, allowed)
            if allowed is action and self._fights.sent(work, action, before):
                work.plan_again = True

    async def _perform(self, work: Work, action: Action) -> None:
        await self._performer.perform(work, action)
        if isinstance(action, Create) and action.side == "host":
            work.plan_again |= came_out_changed(action.body, work.host)
        if not isinstance(action, RequeueAfter):
            _log.info(
                "performed",
                action=type(action).__name__,
                side=getattr(action, "side", "virtual"),
                virtual=str(work.key),
                host=_host_name(work),
            )


def _worth_telling(before: int, *, first: bool = False) -> bool:
    """Whether people should hear of a failure after so many of its sort; of the `first`, too."""
    after = before - TELL_AFTER_FAILURES
    return (first and before == 0) or (after >= 0 and after % TELL_EVERY == 0)


def _host_name(work: Work) -> str:
    """With its namespace. While there's no host object: what its name would be."""
    if work.host is not None:
        return f"{namespace_of(work.host)}/{name_of(work.host)}"
    key, cluster = work.key, work.cluster
    if not work.kind.namespaced:
        return f"/{work.kind.host_name(cluster, key.name)}"
    name = host_name(cluster, key.namespace, key.name, key.plural)
    return f"{host_namespace(cluster, key.namespace)}/{name}"


def broken(key: Key, error: Exception) -> Terminal:
    """The outcome of a bug."""
    message = _without_values(error)
    INTERNAL_ERRORS.labels(key.cluster, key.plural).inc()
    _log.error("reconcile broke", key=str(key), error=message)
    return Terminal(message, "InternalError")


def _without_values(error: Exception) -> str:
    """Type and place only: a message made from an object might hold its data."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    file = place.filename.rpartition("/")[2]
    return f"internal error: {type(error).__name__} in {place.name} ({file}:{place.lineno})"
