"""Stand-ins: made, kept, and let go although their protection says otherwise."""

from common.actions import Delete, Patch
from common.cluster import Cluster
from common.metadata import MANAGED_BY
from common.objects import Obj
from common.standin import keep_standin, let_go, remove_standin

CLUSTER = Cluster("v", "h")
GOING = "2026-01-01T00:00:00Z"


def stand_in(**metadata: object) -> Obj:
    own = {"name": "pvc-7", "uid": "p", "resourceVersion": "4", "labels": {MANAGED_BY: "v"}}
    return {"metadata": {**own, **metadata}}


def test_a_stand_in_that_nothing_needs_is_deleted_and_then_let_go() -> None:
    protected = {"finalizers": ["kubernetes.io/pv-protection"]}
    (delete,) = remove_standin(stand_in(**protected), CLUSTER)
    assert isinstance(delete, Delete)
    (patch,) = remove_standin(stand_in(**protected, deletionTimestamp=GOING), CLUSTER)
    assert isinstance(patch, Patch)
    assert (patch.patch, patch.resource_version) == ({"metadata": {"finalizers": None}}, "4")


def test_one_that_a_user_deletes_while_it_is_needed_goes_before_it_comes_again() -> None:
    going = stand_in(deletionTimestamp=GOING, finalizers=["kubernetes.io/pv-protection"])
    (patch,) = keep_standin(going, stand_in(), CLUSTER)
    assert isinstance(patch, Patch)
    assert keep_standin(stand_in(deletionTimestamp=GOING), stand_in(), CLUSTER) == []


def test_finalizers_of_others_stay() -> None:
    (patch,) = let_go(stand_in(finalizers=["a/b", "kubernetes.io/pv-protection", "c/d"]))
    assert isinstance(patch, Patch)
    assert patch.patch == {"metadata": {"finalizers": ["a/b", "c/d"]}}
    assert let_go(stand_in(finalizers=["a/b"])) == []
