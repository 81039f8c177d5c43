"""Why there is no host object, by the configuration: the plan that a worker would make, told."""

from redis import Redis

from common.actions import Create, EmitEvent, RequeueAfter
from common.cluster import Cluster
from common.context import Context
from common.errors import ConfigError
from common.keys import Key
from common.kind import Kind
from common.kinds import kinds_of
from common.kube.served import full_name, resolved
from workers.plan import plan, skip_reason
from workers.snapshots import Snapshot, SnapshotReader


def why_not(redis: Redis, cluster: Cluster, key: Key, now_s: float) -> str:
    """Of an object, of a kind that is on, that is only in the virtual cluster; "" when nothing is
    to be said. Raises redis.RedisError, and ConfigError for a patch that can't be followed."""
    kinds = kinds_of(cluster)
    kind = kinds[key.plural]
    [snapshot] = SnapshotReader(redis, {key.cluster: kinds}).read([key])
    if isinstance(snapshot, Exception):
        return f"it can't be planned: {type(snapshot).__name__}: {snapshot}"
    found = resolved(kind, cluster, snapshot.records)
    if found is None:
        return f"{full_name(kind)} is not served on both sides in one version"
    if snapshot.virtual is None or snapshot.host is not None:
        return ""
    context = Context(cluster, snapshot.related, now_s, key.name)
    return _told(found, snapshot, context)


def _told(kind: Kind, snapshot: Snapshot, context: Context) -> str:
    """What can't be planned would fail in a worker, too."""
    virtual = snapshot.virtual
    assert virtual is not None
    try:
        reason = skip_reason(kind, virtual, context)
        actions = plan(kind, virtual, None, context)
    except ConfigError:
        raise
    except Exception as error:
        return f"it can't be planned: {type(error).__name__}: {error}"
    if reason:
        return reason
    for action in actions:
        if isinstance(action, Create) and action.side == "host":
            return "it would be created now; the next scan sees to it, or: tohost requeue"
        if isinstance(action, RequeueAfter):
            return action.reason
        if isinstance(action, EmitEvent):
            return action.message
    return ""
