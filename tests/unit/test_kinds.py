"""The registry, and what single kinds keep out of Redis."""

from common.cluster import Cluster
from common.context import Context, Related
from common.kinds import REGISTRY, needing
from common.metadata import LAST_APPLIED
from common.objects import Obj
from common.quantity import number

KEY = b"digest key"
SECRETS, PODS = REGISTRY["secrets"], REGISTRY["pods"]


def secret(**fields: object) -> Obj:
    notes = {LAST_APPLIED: "aHVudGVyMg==", "note": "kept"}
    metadata = {"name": "login", "namespace": "default", "annotations": notes}
    return {"metadata": metadata, "type": "Opaque", **fields}


def test_kinds_are_found_and_named_by_their_plural() -> None:
    assert {"pods", "ingresses", "storageclasses"} <= REGISTRY.keys()
    assert all(kind.plural == plural for plural, kind in REGISTRY.items())


def test_kinds_without_an_option_have_a_plan_of_their_own() -> None:
    following = {plural for plural, kind in REGISTRY.items() if not kind.option}
    assert following == {"events", "nodes"}
    assert all(REGISTRY[plural].plan for plural in following)


def test_the_default_kinds_are_the_documented_seven() -> None:
    assert {kind.option for kind in REGISTRY.values() if kind.default} == {
        "pods",
        "services",
        "endpoints",
        "endpointSlices",
        "persistentVolumeClaims",
        "configMaps",
        "secrets",
    }


def test_pods_follow_their_namespace() -> None:
    assert [kind.plural for kind in needing("namespace")] == ["pods"]


def test_api_versions_and_kind_annotations() -> None:
    slices = REGISTRY["endpointslices"]
    assert (PODS.api_version, PODS.kind_annotation) == ("v1", "/v1, Kind=Pod")
    assert slices.api_version == "discovery.k8s.io/v1"
    assert slices.kind_annotation == "discovery.k8s.io/v1, Kind=EndpointSlice"


def test_a_stored_secret_holds_no_data_in_any_form() -> None:
    stored = SECRETS.stored(secret(data={"p": "aHVudGVyMg=="}, stringData={"q": "hunter2"}), KEY)
    assert "aHVudGVyMg==" not in repr(stored)
    assert "hunter2" not in repr(stored)
    assert stored["metadata"]["annotations"] == {"note": "kept"}
    assert stored["dataKeys"] == ["p", "q"]


def test_the_digest_depends_on_data_and_key_alone() -> None:
    def digest(data: Obj | None, key: bytes = KEY) -> str:
        return str(SECRETS.stored(secret(data=data), key)["dataDigest"])

    assert digest({"a": "x", "b": "y"}) == digest({"b": "y", "a": "x"})
    assert digest({}) == digest(None)
    assert len({digest({"a": "x"}), digest({"a": "z"}), digest({"a": "x"}, b"other")}) == 3


def test_storing_a_secret_twice_changes_nothing() -> None:
    stored = SECRETS.stored(secret(data={"a": "x"}), KEY)
    assert SECRETS.stored(stored, KEY) == stored


def test_a_stored_pod_holds_no_token() -> None:
    notes = {"vcluster.loft.sh/token-v-0": "eyJ", "vcluster.loft.sh/token-refresh-at": "17"}
    pod = {"metadata": {"name": "web", "annotations": {**notes, "note": "kept"}}}
    stored = PODS.stored(pod, KEY)["metadata"]["annotations"]
    assert "eyJ" not in stored.values()
    assert stored["vcluster.loft.sh/token-refresh-at"] == "17"
    assert stored["note"] == "kept"


def test_a_pod_without_tokens_is_stored_as_it_is() -> None:
    pod: Obj = {"metadata": {"name": "web", "annotations": {"note": "kept"}}}
    assert PODS.stored(pod, KEY) is pod


def test_quantities_compare_by_value() -> None:
    assert number("1Gi") == number("1024Mi") == number(1 << 30)
    assert number("1e3") == number("1k") == number("1000") == number("1000000m")
    assert number("1E") == number("1e18")
    assert number("nonsense") is None


def claim(plural: str, request: str) -> Obj:
    spec = {"resources": {"requests": {"storage": request}}}
    return {"metadata": {"name": plural, "namespace": "default"}, "spec": spec}


def test_a_claim_is_never_asked_to_shrink() -> None:
    claims, context = REGISTRY["persistentvolumeclaims"], Context(Cluster("v", "h"))
    assert claims.patch_down is not None
    small, large = claim("a", "1000Mi"), claim("a", "1Gi")
    assert claims.patch_down({}, small, large, context) == {}
    assert claims.patch_down({}, large, small, context)["spec"]["resources"] == {
        "requests": {"storage": "1Gi"}
    }


def test_a_claims_selector_and_volume_go_down_only_with_volume_sync() -> None:
    claims = REGISTRY["persistentvolumeclaims"]
    given = {
        "metadata": {"name": "a", "namespace": "n"},
        "spec": {"volumeName": "pv", "selector": {}},
    }
    with_volumes = Cluster("v", "h", enabled=frozenset({"persistentvolumes"}))
    assert claims.translate(given, Context(Cluster("v", "h"))) == {"spec": {}}
    spec = claims.translate(given, Context(with_volumes))["spec"]
    assert spec == {"volumeName": "vcluster-pv-x-h-x-v", "selector": {}}


def test_a_node_that_was_readable_keeps_its_capacity_when_it_is_not() -> None:
    nodes, related = REGISTRY["nodes"], Related(referrers=frozenset({"pods default/web"}))
    context = Context(Cluster("v", "h"), related, name="n1")
    assert nodes.plan is not None
    planned = nodes.plan(None, None, context)
    assert planned is not None
    (create,) = planned
    node = create.body  # type: ignore[union-attr]
    conditions = [{**node["status"]["conditions"][0], "lastHeartbeatTime": None}]
    node = {
        **node,
        "status": {**node["status"], "capacity": {"cpu": "3"}, "conditions": conditions},
    }
    assert nodes.plan(node, None, context) == []
