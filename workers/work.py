"""One key under work: what is known of both sides, and what the servers answered meanwhile."""

from dataclasses import dataclass, field

from common.cluster import Cluster
from common.context import Related
from common.keys import Key
from common.kind import Kind
from common.metadata import without_last_applied
from common.objects import Obj, Side, meta


@dataclass(slots=True)
class Work:
    """Mutable while one worker holds the key's lease.

    seen_deleted: a watch showed the end of the virtual object, no mere list that lacked it.
    answers: objects that the servers returned, to be stored before the key is given back.
    plan_again: a write without a version precondition may have met changes that were not seen.
    requeue_after_s: the earliest time that something asked for another look, None for none.
    plan_s: how long the plans took so far.
    """

    key: Key
    kind: Kind
    cluster: Cluster
    virtual: Obj | None
    host: Obj | None
    related: Related
    digest_key: bytes = field(repr=False)
    seen_deleted: bool = False
    answers: list[tuple[Side, Obj]] = field(default_factory=list)
    plan_again: bool = False
    requeue_after_s: float | None = None
    requeue_reason: str = ""
    plan_s: float = 0.0

    def on(self, side: Side) -> Obj | None:
        """The object of that side."""
        return self.virtual if side == "virtual" else self.host

    def saw(self, side: Side, obj: Obj) -> None:
        """Take a server's answer as the present state of that side, without what is secret."""
        obj = self.kind.stored(obj, self.digest_key)
        if side == "virtual":
            obj = without_last_applied(obj)
            self.virtual = obj
        else:
            self.host = obj
        # Without a version it answers a DELETE that another one overtook: the object is gone.
        if meta(obj).get("resourceVersion"):
            self.answers.append((side, obj))

    def requeue(self, after_s: float, reason: str) -> None:
        if self.requeue_after_s is None or after_s < self.requeue_after_s:
            self.requeue_after_s, self.requeue_reason = after_s, reason
