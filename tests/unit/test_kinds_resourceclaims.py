"""ResourceClaims: whom they are reserved for, and what tohost must be allowed for that."""

from common.access import virtual_rules
from common.actions import Patch, RequeueAfter
from common.cluster import Cluster
from common.context import Context, Related
from common.kinds import REGISTRY
from common.metadata import NAME, NAMESPACE, UID
from common.objects import Obj

KIND = REGISTRY["resourceclaims"]
GIVEN = {"allocation": {"devices": {"results": [{"device": "gpu-0"}]}}}


def claim(*reserved: str, **status: object) -> Obj:
    consumers = [{"resource": "pods", "name": "x", "uid": uid} for uid in reserved]
    metadata = {"name": "gpu", "namespace": "n", "uid": "u"}
    return {"metadata": metadata, "status": {**status, "reservedFor": consumers}}


def pod(host_uid: str, name: str) -> Obj:
    notes = {NAME: name, NAMESPACE: "n", UID: f"virtual-{name}"}
    return {"metadata": {"name": "host-pod", "uid": host_uid, "annotations": notes}}


def up(virtual: Obj, host: Obj, *pods: Obj, referrers: int) -> list[object]:
    members = frozenset(f"pods n/p{number}" for number in range(referrers))
    related = Related(referrers=members, host_referrers=pods)
    return list(KIND.up(virtual, host, Context(Cluster("v", "h"), related)))


def test_pods_are_told_by_their_virtual_names() -> None:
    (patch,) = up(claim(), claim("hp", **GIVEN), pod("hp", "train"), referrers=1)
    assert isinstance(patch, Patch)
    told = {"resource": "pods", "name": "train", "uid": "virtual-train"}
    assert patch.patch["status"] == {**GIVEN, "reservedFor": [told]}


def test_who_may_be_a_pod_that_was_not_seen_yet_is_not_struck_off() -> None:
    virtual = claim("virtual-train", **GIVEN)
    (again,) = up(virtual, claim("hp", **GIVEN), referrers=1)
    assert isinstance(again, RequeueAfter)


def test_nobody_waits_for_a_consumer_that_is_not_ours() -> None:
    assert up(claim(**GIVEN), claim("theirs", **GIVEN), pod("hp", "train"), referrers=1) == []


def test_allocations_need_rights_of_their_own() -> None:
    rules = {rule.resource: rule.verbs for rule in virtual_rules(KIND)}
    assert rules["resourceclaims/binding"] == ("patch",)
    assert rules["resourceclaims/driver"] == ("arbitrary-node:patch",)
