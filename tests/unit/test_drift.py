"""What counts as drift, and what a scan must not be woken by."""

from dataclasses import replace
from typing import Any

from common.actions import EmitEvent, Patch, RequeueAfter
from common.cluster import Cluster
from common.context import Context, Related
from common.kind import Kind
from common.kinds import REGISTRY
from common.objects import Obj
from workers.drift import drifted

CLUSTER = Cluster("v", "h", enabled=frozenset(REGISTRY), all_objects=frozenset({"configmaps"}))
PLAIN = REGISTRY["configmaps"]


def asking(*actions: Any) -> Kind:
    """A kind whose plan is always this."""
    return replace(PLAIN, plan=lambda *_: list(actions))


def found(kind: Kind, virtual: Obj | None = None, host: Obj | None = None, **related: Any) -> bool:
    return drifted(kind, virtual, host, Context(CLUSTER, Related(**related), name="n"))


def test_an_event_or_a_later_look_alone_is_no_drift() -> None:
    later, event = RequeueAfter(1.0, "later"), EmitEvent("Warning", "NotSynced", "no")
    assert not found(asking(later, event))
    assert found(asking(later, Patch("virtual", "d", "n", {"status": {}})))


def test_a_host_object_without_virtual_one_is_drift_and_so_is_the_reverse() -> None:
    host: Obj = {"metadata": {"name": "n", "namespace": "h", "uid": "u"}}
    virtual: Obj = {"metadata": {"name": "n", "namespace": "d", "uid": "u"}}
    assert found(PLAIN, None, host)
    assert found(PLAIN, virtual, None)
    assert not found(PLAIN, None, None)


def test_a_stand_in_whose_node_only_the_host_can_describe_is_left_alone() -> None:
    nodes = REGISTRY["nodes"]
    assert not found(nodes, None, None, referrers=frozenset({"pods d/n"}))
    labels = {"vcluster.loft.sh/managed-by": "v"}
    nobodys: Obj = {"metadata": {"name": "n", "uid": "u", "labels": labels}}
    assert found(nodes, nobodys, None), "nothing needs it, which takes no look at the host"


def test_a_write_to_the_host_counts_even_where_the_plan_takes_a_look_at_it() -> None:
    claims = REGISTRY["persistentvolumeclaims"]
    spec = {"resources": {"requests": {"storage": "2Gi"}}}
    virtual: Obj = {"metadata": {"name": "n", "namespace": "d", "uid": "u"}, "spec": spec}
    notes = {f"vcluster.loft.sh/{key}": "n" for key in ("name", "namespace", "uid")}
    smaller = {"resources": {"requests": {"storage": "1Gi"}}, "volumeName": "vcluster-x-x-h-x-v"}
    metadata = {"name": "n-x-d-x-v", "namespace": "h", "uid": "w", "annotations": notes}
    host: Obj = {"metadata": metadata, "spec": smaller}
    assert found(claims, virtual, host)
