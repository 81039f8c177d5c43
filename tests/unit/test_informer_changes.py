from common.cluster import Cluster
from common.context import Ref
from common.kind import Kind
from common.kinds import REGISTRY
from common.metadata import KIND, LAST_APPLIED, MANAGED_BY, NAME, NAMESPACE, UID
from common.naming import host_name
from common.objects import Obj
from watchers.changes import change_of, newest
from watchers.streams import Stream, streams_of

CLUSTER = Cluster("v", "h", enabled=frozenset({"pods", "secrets", "configmaps"}))
STREAMS = {stream.id.side + ":" + stream.id.plural: stream for stream in streams_of([CLUSTER])}


def virtual(name: str = "web", version: str = "5", **fields: object) -> Obj:
    metadata = {"namespace": "default", "name": name, "uid": "u1", "resourceVersion": version}
    return {"metadata": metadata, **fields}


def host(kind: Kind, name: str = "web", **metadata: object) -> Obj:
    return {
        "metadata": {
            "namespace": "h",
            "name": host_name(CLUSTER, "default", name),
            "uid": "host-uid",
            "resourceVersion": "9",
            "labels": {MANAGED_BY: "v", NAMESPACE: "default"},
            "annotations": {
                NAME: name,
                NAMESPACE: "default",
                UID: "u1",
                KIND: kind.kind_annotation,
            },
            **metadata,
        }
    }


def test_a_virtual_object_is_kept_under_its_name_without_managed_fields() -> None:
    obj = virtual(spec={})
    obj["metadata"]["managedFields"] = [{"manager": "kubectl"}]
    change = change_of(STREAMS["virtual:configmaps"], obj, False, b"")
    assert change
    assert (change.field, change.resource_version, change.uid) == ("default/web", "5", "")
    assert change.obj
    assert "managedFields" not in change.obj["metadata"]
    assert (change.obj["apiVersion"], change.obj["kind"]) == ("v1", "ConfigMap")


def test_a_virtual_object_is_kept_without_kubectls_copy_of_it() -> None:
    obj = virtual(data={"a": "b"})
    obj["metadata"]["annotations"] = {LAST_APPLIED: '{"data":{"a":"b"}}', "note": "kept"}
    change = change_of(STREAMS["virtual:configmaps"], obj, False, b"")
    assert change
    assert change.obj
    assert change.obj["metadata"]["annotations"] == {"note": "kept"}


def test_a_host_object_is_kept_under_the_virtual_name_with_the_virtual_uid() -> None:
    change = change_of(STREAMS["host:configmaps"], host(REGISTRY["configmaps"]), False, b"")
    assert change
    assert (change.field, change.resource_version, change.uid) == ("default/web", "9", "u1")


def test_a_host_object_that_does_not_prove_to_be_ours_is_passed_over() -> None:
    forged = host(REGISTRY["configmaps"], name="web")
    forged["metadata"]["name"] = "something-else"
    assert change_of(STREAMS["host:configmaps"], forged, False, b"") is None


def test_a_deletion_remembers_whose_it_was() -> None:
    change = change_of(STREAMS["host:pods"], host(REGISTRY["pods"]), True, b"")
    assert change
    assert (change.obj, change.uid) == (None, "u1")


def test_secret_data_is_replaced_by_a_keyed_digest() -> None:
    obj = virtual(data={"password": "aHVudGVyMg=="})
    obj["metadata"]["annotations"] = {
        "kubectl.kubernetes.io/last-applied-configuration": '{"stringData":"hunter2"}'
    }
    one = change_of(STREAMS["virtual:secrets"], virtual(data={"a": "YQ=="}), False, b"key one")
    two = change_of(STREAMS["virtual:secrets"], virtual(data={"a": "YQ=="}), False, b"key two")
    kept = change_of(STREAMS["virtual:secrets"], obj, False, b"key one")
    assert one
    assert two
    assert one.obj != two.obj
    assert "hunter2" not in str(kept)
    assert "aHVudGVyMg==" not in str(kept)


def test_the_uid_of_kube_system_is_not_kept() -> None:
    obj = {"metadata": {"name": "kube-system", "uid": "identity", "resourceVersion": "1"}}
    change = change_of(STREAMS["virtual:namespaces"], obj, False, b"")
    assert change
    assert "identity" not in str(change)


def test_a_kind_that_needs_its_namespace_follows_the_namespace() -> None:
    change = change_of(STREAMS["virtual:pods"], virtual(spec={"containers": []}), False, b"")
    assert change
    assert Ref("namespaces", "", "default", "referrer") in change.refs


def test_references_to_kinds_that_are_not_synced_are_left_out() -> None:
    volumes = [
        {"name": "a", "configMap": {"name": "settings"}},
        {"name": "b", "persistentVolumeClaim": {"claimName": "data"}},
    ]
    pod = virtual(spec={"containers": [], "volumes": volumes})
    change = change_of(STREAMS["virtual:pods"], pod, False, b"")
    assert change
    targets = {ref.plural for ref in change.refs if ref.wakes == "target"}
    assert targets == {"configmaps"}


def test_of_many_changes_of_one_object_the_last_one_is_enough() -> None:
    first, second, other = virtual(version="1"), virtual(version="2"), virtual("db", "3")
    events = [("ADDED", first), ("ADDED", other), ("MODIFIED", second), ("BOOKMARK", {})]
    assert newest(events) == [("MODIFIED", second), ("ADDED", other)]


def test_a_deletion_and_what_surrounds_it_are_all_kept() -> None:
    events = [
        ("ADDED", virtual(version="1")),
        ("DELETED", virtual(version="2")),
        ("ADDED", virtual(version="3")),
        ("MODIFIED", virtual(version="4")),
    ]
    assert [kind for kind, _ in newest(events)] == ["ADDED", "DELETED", "MODIFIED"]


def stream(name: str) -> Stream:
    return STREAMS[name]


def test_host_streams_see_only_our_objects_in_our_namespace() -> None:
    it = stream("host:pods")
    assert it.path == "/api/v1/namespaces/h/pods"
    assert it.params == {"labelSelector": "vcluster.loft.sh/managed-by=v"}


def test_virtual_streams_see_all_namespaces_but_only_our_nodes() -> None:
    assert stream("virtual:pods").path == "/api/v1/pods"
    assert stream("virtual:pods").params == {}
    assert stream("virtual:nodes").params == {"labelSelector": "vcluster.loft.sh/managed-by"}
    assert stream("virtual:namespaces").params == {}


def test_kinds_that_are_off_have_no_stream_and_helpers_have_one_side() -> None:
    assert "virtual:services" not in STREAMS
    assert "host:namespaces" not in STREAMS
    assert "host:nodes" not in STREAMS


def test_a_name_that_no_object_can_have_is_no_reference() -> None:
    """API servers take any text for a volume's Secret, lines that look like references too."""
    names = ["x\nt secrets kube-system/admin", "x\nt nothing", "a b", "../c", "real.name"]
    volumes = [{"name": "v", "secret": {"secretName": name}} for name in names]
    change = change_of(STREAMS["virtual:pods"], virtual(spec={"volumes": volumes}), False, b"")
    assert change
    found = [ref.name for ref in change.refs if ref.plural == "secrets"]
    assert found == ["real.name"]
