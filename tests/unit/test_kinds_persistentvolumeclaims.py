"""PersistentVolumeClaims: when the host's volume must be read to name it."""

import pytest

from common.cluster import Cluster
from common.context import Context, Ref
from common.kinds import REGISTRY
from common.objects import Obj

KIND = REGISTRY["persistentvolumeclaims"]
ON = Cluster("v", "h", enabled=frozenset({"persistentvolumes", "persistentvolumeclaims"}))
OFF = Cluster("v", "h", enabled=frozenset({"persistentvolumeclaims"}))


def claim(volume: str = "") -> Obj:
    return {"metadata": {"name": "a", "namespace": "n"}, "spec": {"volumeName": volume}}


def read(virtual: Obj | None, host: Obj | None, cluster: Cluster) -> Ref | None:
    assert KIND.live is not None
    return KIND.live(virtual, host, Context(cluster))


def test_a_volume_that_may_be_ours_is_read_once() -> None:
    host = claim("vcluster-pv1-x-h-x-v")
    assert read(claim(), host, ON) == Ref("persistentvolumes", "", "vcluster-pv1-x-h-x-v")
    assert read(claim("pv1"), host, ON) is None


@pytest.mark.parametrize(
    ("virtual", "host", "cluster"),
    [
        (claim(), claim("vcluster-pv1-x-h-x-v"), OFF),
        (claim(), claim("pvc-7"), ON),
        (claim(), claim(), ON),
        (claim(), None, ON),
        (None, claim("vcluster-pv1-x-h-x-v"), ON),
    ],
)
def test_any_other_is_not(virtual: Obj | None, host: Obj | None, cluster: Cluster) -> None:
    assert read(virtual, host, cluster) is None


def test_what_is_not_to_be_made_is_told_once_and_stays_if_it_exists() -> None:
    assert KIND.plan is not None
    foreign = claim()
    foreign["spec"] = {"dataSource": {"apiGroup": "x.y", "kind": "Importer", "name": "i"}}
    (event,) = KIND.plan(foreign, None, Context(ON)) or []
    assert event.message == "its dataSource is not synced: Importer i"  # type: ignore[union-attr]
    assert KIND.plan(foreign, claim("pvc-7"), Context(ON)) is None
    going = {**foreign, "metadata": {**foreign["metadata"], "deletionTimestamp": "now"}}
    assert KIND.plan(going, None, Context(ON)) is None
