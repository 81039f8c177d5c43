"""Whether a pair of objects differs from what it should be, told from the store alone."""

from common.actions import Action, EmitEvent, RequeueAfter
from common.context import Context
from common.kind import Kind
from common.objects import Obj
from workers.plan import plan


def drifted(kind: Kind, virtual: Obj | None, host: Obj | None, context: Context) -> bool:
    """Whether a reconcile would write. To say something again or to look later is no write.

    Where a plan takes a live look at the host (`Kind.live`) what it would write upward can't be
    known here, and counts for nothing; what it would write to the host doesn't depend on that.
    """
    blind = is_blind(kind, virtual, host, context)
    actions = plan(kind, virtual, host, context)
    return any(_writes(action) and not (blind and _goes_up(action)) for action in actions)


def is_blind(kind: Kind, virtual: Obj | None, host: Obj | None, context: Context) -> bool:
    """Whether the worker would read something from the host before it plans."""
    if "live_host" not in kind.needs:
        return False
    if kind.live is None:
        return bool(context.related.referrers)
    return kind.live(virtual, host, context) is not None


def _writes(action: Action) -> bool:
    return not isinstance(action, RequeueAfter | EmitEvent)


def _goes_up(action: Action) -> bool:
    """What bears no side concerns the virtual object, or only ever comes beside another write."""
    return getattr(action, "side", "virtual") == "virtual"
