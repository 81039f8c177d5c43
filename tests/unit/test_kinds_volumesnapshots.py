"""VolumeSnapshots and their contents: where they are watched, and what is read of the host."""

from common.cluster import Cluster
from common.context import Context, Ref, Related
from common.kinds import REGISTRY
from common.metadata import MANAGED_BY, NAME
from common.objects import Obj

SNAPSHOTS, CONTENTS = REGISTRY["volumesnapshots"], REGISTRY["volumesnapshotcontents"]
BOTH = Cluster("v", "h", enabled=frozenset({"volumesnapshots", "volumesnapshotcontents"}))
SNAPSHOTS_ONLY = Cluster("v", "h", enabled=frozenset({"volumesnapshots"}))


def snapshot(bound: str = "", source: str = "", **status: object) -> Obj:
    spec = {"source": {"volumeSnapshotContentName": source}}
    status = {"boundVolumeSnapshotContentName": bound, **status}
    metadata = {"name": "s", "namespace": "n", "annotations": {NAME: "s"}}
    return {"metadata": metadata, "spec": spec, "status": status}


def read_for_snapshot(virtual: Obj, host: Obj, cluster: Cluster = BOTH) -> Ref | None:
    assert SNAPSHOTS.live is not None
    return SNAPSHOTS.live(virtual, host, Context(cluster))


def read_for_content(virtual: Obj | None, name: str = "snapcontent-7") -> Ref | None:
    assert CONTENTS.live is not None
    related = Related(host_referrers=(snapshot("snapcontent-7"),))
    return CONTENTS.live(virtual, None, Context(BOTH, related, name=name))


def test_a_content_that_may_be_ours_is_read_unless_the_snapshot_tells_its_name() -> None:
    host = snapshot("vcluster-kept-x-h-x-v")
    assert read_for_snapshot(snapshot(), host) == Ref(
        "volumesnapshotcontents", "", "vcluster-kept-x-h-x-v"
    )
    assert read_for_snapshot(snapshot(source="kept"), host) is None
    assert read_for_snapshot(snapshot("kept"), host) is None


def test_dynamic_contents_and_those_of_others_are_not_read_for_a_name() -> None:
    assert read_for_snapshot(snapshot(), snapshot("snapcontent-7")) is None
    assert read_for_snapshot(snapshot(), snapshot("vcluster-x"), SNAPSHOTS_ONLY) is None
    assert read_for_snapshot(snapshot(), snapshot()) is None


def test_a_content_is_read_until_its_stand_in_is_ready() -> None:
    marks = {"labels": {MANAGED_BY: "v"}, "annotations": {NAME: "snapcontent-7"}}
    stand_in: Obj = {"metadata": {"name": "snapcontent-7", **marks}}
    wanted = Ref("volumesnapshotcontents", "", "snapcontent-7")
    assert read_for_content(None) == read_for_content(stand_in) == wanted
    assert read_for_content({**stand_in, "status": {"readyToUse": True}}) is None
    assert read_for_content(None, "another") is None


def test_a_snapshot_leads_to_its_content_and_a_content_is_woken_by_its_snapshot() -> None:
    assert list(SNAPSHOTS.host_references(snapshot("c"))) == [
        Ref("volumesnapshotcontents", "", "c")
    ]
    content: Obj = {
        "metadata": {},
        "spec": {"volumeSnapshotRef": {"namespace": "n", "name": "s"}},
    }
    assert list(CONTENTS.references(content)) == [Ref("volumesnapshots", "n", "s", "referrer")]


def test_contents_are_watched_only_where_snapshots_or_contents_are_wanted() -> None:
    draining = frozenset({"volumesnapshotcontents"})
    assert CONTENTS.sides(Cluster("v", "h")) == ()
    assert CONTENTS.sides(SNAPSHOTS_ONLY) == ("virtual",)
    assert CONTENTS.sides(BOTH) == ("virtual", "host")
    assert CONTENTS.sides(Cluster("v", "h", draining=draining)) == ("host",)
    assert CONTENTS.sides(
        Cluster("v", "h", enabled=frozenset({"volumesnapshots"}), draining=draining)
    ) == ("virtual", "host")


def test_stand_ins_go_when_snapshots_are_cleaned_up() -> None:
    draining = Cluster("v", "h", draining=frozenset({"volumesnapshots"}))
    assert CONTENTS.sides(draining) == ("virtual",)
