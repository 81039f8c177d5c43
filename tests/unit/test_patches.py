"""Values of kinds under patches: what host objects look like, what comes up, and what fails how."""

from collections.abc import Mapping

import pytest

from common.actions import Action, Patch
from common.cluster import Cluster
from common.context import Context, Related
from common.errors import TerminalError
from common.kind import Kind
from common.kinds import REGISTRY, kinds_of
from common.objects import Obj, annotations, get_path, labels
from common.patches.rules import PatchRule
from common.patches.settled import PATCHED
from tests.unit.patched import POD, cluster, kind_of, made, virtual
from workers.plan import host_object, plan


def test_an_expression_sees_each_value_that_its_path_leads_to() -> None:
    pod = made("pods", POD, PatchRule("spec.containers[*].image", "'mirror/' + value"))
    images = [container["image"] for container in pod["spec"]["containers"]]
    assert images == ["mirror/nginx", "mirror/docker.io/redis"]


def test_an_expression_knows_the_cluster_the_object_and_the_place() -> None:
    text = (
        "[context.virtualCluster.name, context.virtualCluster.hostNamespace, context.vcluster.name,"
        " context.vcluster.namespace, context.virtual.name, context.virtual.namespace,"
        " context.virtual.labels.app, context.virtual.annotations.note, context.host.name,"
        " context.host.namespace, context.path, context.virtualObject.data.b].join(' ')"
    )
    body = {"data": {"a": "", "b": "from b"}}
    marks = {"labels": {"app": "web"}, "annotations": {"note": "n1"}}
    host = made("configmaps", body, PatchRule("data.a", text), **marks)
    assert host["data"]["a"] == "v h v h n ns web n1 v-ns-n-x-ns-x-v h data.a from b"


def test_a_field_that_is_missing_is_set_where_no_value_is_needed() -> None:
    selector = PatchRule("spec.nodeSelector.pool", "'tenants'")
    assert made("pods", POD, selector)["spec"]["nodeSelector"] == {"disk": "ssd", "pool": "tenants"}
    assert (
        "runtimeClassName"
        not in made("pods", POD, PatchRule("spec.runtimeClassName", "value"))["spec"]
    )
    orelse = PatchRule("spec.runtimeClassName", "valueExists ? value : 'kata'")
    assert made("pods", POD, orelse)["spec"]["runtimeClassName"] == "kata"


def test_a_missing_parent_is_not_made() -> None:
    spec = made("pods", POD, PatchRule("spec.securityContext.runAsNonRoot", "true"))["spec"]
    assert "securityContext" not in spec


def test_null_removes_the_field() -> None:
    assert "nodeSelector" not in made("pods", POD, PatchRule("spec.nodeSelector", "null"))["spec"]


def test_patches_follow_each_other() -> None:
    rules = (
        PatchRule("spec.nodeSelector.a", "'1'"),
        PatchRule("spec.nodeSelector['a']", "value + '2'"),
    )
    assert made("pods", POD, *rules)["spec"]["nodeSelector"]["a"] == "12"


def test_labels_and_annotations_are_set_changed_and_removed() -> None:
    host = made(
        "configmaps",
        {},
        PatchRule('metadata.annotations["a.b/new"]', "'x'"),
        PatchRule("metadata.labels.app", "value + '-' + context.vcluster.name"),
        PatchRule("metadata.labels.gone", "null"),
        labels={"app": "web", "gone": "y"},
    )
    assert annotations(host)["a.b/new"] == "x"
    assert labels(host)["app"] == "web-v"
    assert "gone" not in labels(host)


def test_what_a_patch_put_on_an_object_goes_with_the_patch() -> None:
    virtual_map = virtual("configmaps", {}, labels={"a": "b"})
    rule = PatchRule("metadata.labels.team", "'x'")
    settings = cluster("configmaps", rule)
    host = host_object(kinds_of(settings)["configmaps"], virtual_map, Context(settings))
    host["metadata"]["uid"] = "host"
    related = Related(referrers=frozenset({"pods ns/p"}))
    (action,) = plan(REGISTRY["configmaps"], virtual_map, host, Context(Cluster("v", "h"), related))
    assert isinstance(action, Patch)
    assert action.patch["metadata"]["labels"] == {"team": None}


def test_whatever_patches_do_the_object_stays_ours() -> None:
    rules = PatchRule("metadata.labels", "{'x': 'y'}"), PatchRule("metadata.annotations[*]", "null")
    host = made("configmaps", {}, *rules, labels={"a": "b"}, annotations={"c": "d"})
    assert labels(host) == {
        "x": "y",
        "vcluster.loft.sh/managed-by": "v",
        "vcluster.loft.sh/namespace": "ns",
    }
    assert annotations(host)["vcluster.loft.sh/uid"] == "u"
    assert "c" not in annotations(host)


@pytest.mark.parametrize(
    ("path", "text", "problem"),
    [
        ("metadata.labels.a", "1", "the result is no text"),
        ("metadata.annotations", "'x'", "the result is no map of texts"),
        ("metadata.annotations", "{'vcluster.loft.sh/uid': 'x'}", "which is tohost's own"),
        ("spec.containers[*].image", "value / 0", "No matching overload"),
        ("spec.containers[1].image", "value.nothing", "SELECT"),
        ("spec.replicas", "1 / 0", "divide by zero"),
    ],
)
def test_a_failing_expression_is_terminal_and_names_itself_and_its_place(
    path: str, text: str, problem: str
) -> None:
    with pytest.raises(TerminalError, match=problem) as caught:
        made("pods", POD, PatchRule(path, text))
    assert caught.value.reason == "PatchFailed"
    assert str(caught.value).startswith(f"patch of {path.replace('[*]', '[0]')} failed: ")
    assert str(caught.value).endswith(f"; in: {text}")


def test_secrets_show_expressions_nothing_of_what_they_hold() -> None:
    rule = PatchRule("metadata.annotations.x", "string(context.virtualObject.map(k, k).size())")
    body = {"type": "Opaque", "data": {"a": "eA=="}, "stringData": {"b": "x"}, "dataDigest": "d"}
    assert annotations(made("secrets", body, rule))["x"] == "4"


def settled(kind: Kind, virtual_object: Obj, host: Obj, settings: Cluster) -> list[Action]:
    """What is left to do for an object whose host object is there."""
    there = {**host, "metadata": {**host["metadata"], "uid": "host", "resourceVersion": "1"}}
    related = Related(referrers=frozenset({"pods ns/p"}))
    return plan(kind, virtual_object, there, Context(settings, related))


def test_a_later_result_arrives_and_the_same_one_is_not_sent_again() -> None:
    settings = cluster("configmaps", PatchRule("data.a", "context.virtual.labels.x + value"))
    kind, context = kinds_of(settings)["configmaps"], Context(settings)
    before = virtual("configmaps", {"data": {"a": "!"}}, labels={"x": "1"})
    host = host_object(kind, before, context)
    assert settled(kind, before, host, settings) == []
    after = virtual("configmaps", {"data": {"a": "!"}}, labels={"x": "2"})
    (action,) = settled(kind, after, host, settings)
    assert isinstance(action, Patch)
    assert action.patch["data"] == {"a": "2!"}


def test_a_field_that_its_kind_does_not_own_follows_its_patch() -> None:
    rule = PatchRule("spec.extra[0].x", "context.virtual.labels.x")
    assert kind_of("networkpolicies", rule).owned[-1] == "spec.extra"
    assert kind_of("networkpolicies", PatchRule("spec.ingress[0]", "value")).owned == (
        REGISTRY["networkpolicies"].owned
    )


RULE = "value + [{'to': [{'ipBlock': {'cidr': '10.0.0.0/8'}}], 'ports': [{'port': 53}]}]"
POLICY: Obj = {"spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]}}


def with_defaults(host: Obj) -> Obj:
    """As an API server shows it."""
    filled = {"port": 53, "protocol": "TCP"}
    (first, second) = host["spec"]["egress"]
    return {**host, "spec": {**host["spec"], "egress": [first, {**second, "ports": [filled]}]}}


def test_what_the_host_fills_into_a_patched_list_is_left_there() -> None:
    settings = cluster("networkpolicies", PatchRule("spec.egress", RULE))
    kind, policy = kinds_of(settings)["networkpolicies"], virtual("networkpolicies", POLICY)
    host = host_object(kind, policy, Context(settings))
    assert PATCHED in annotations(host)
    assert settled(kind, policy, with_defaults(host), settings) == []


def test_what_a_patch_leaves_out_later_goes_although_the_host_could_have_filled_it_in() -> None:
    old = cluster(
        "networkpolicies", PatchRule("spec.egress", RULE.replace("53", "53, 'protocol': 'TCP'"))
    )
    new = cluster("networkpolicies", PatchRule("spec.egress", RULE))
    policy = virtual("networkpolicies", POLICY)
    host = host_object(kinds_of(old)["networkpolicies"], policy, Context(old))
    (action,) = settled(kinds_of(new)["networkpolicies"], policy, host, new)
    assert isinstance(action, Patch)
    assert action.patch["spec"]["egress"][1]["ports"] == [{"port": 53}]
    assert PATCHED in action.patch["metadata"]["annotations"]


def test_a_patched_port_keeps_the_node_port_and_defaults_that_the_host_gave() -> None:
    rule = PatchRule("spec.ports", "value + [{'name': 'm', 'port': 9090}]")
    settings = cluster("services", rule)
    kind = kinds_of(settings)["services"]
    port = {"name": "a", "port": 80, "protocol": "TCP", "targetPort": 80}
    service = virtual("services", {"spec": {"type": "NodePort", "ports": [port]}})
    host = host_object(kind, service, Context(settings))
    given: list[Obj] = [
        {"nodePort": 30001},
        {"nodePort": 30002, "protocol": "TCP", "targetPort": 9090},
    ]
    found = [{**one, **more} for one, more in zip(host["spec"]["ports"], given, strict=True)]
    host = {**host, "spec": {**host["spec"], "ports": found}}
    actions = settled(kind, service, host, settings)
    assert [action for action in actions if getattr(action, "side", "") == "host"] == []


def test_an_image_that_a_patch_changes_is_changed_in_the_pod_that_runs() -> None:
    settings = cluster("pods", PatchRule("spec.containers[*].image", "'mirror/' + value"))
    kind, pod = kinds_of(settings)["pods"], virtual("pods", POD)
    host = host_object(kind, pod, Context(settings))
    assert [each for each in settled(kind, pod, host, settings) if isinstance(each, Patch)] == []
    first = {**POD["spec"]["containers"][0], "image": "nginx:2"}
    newer = virtual("pods", {"spec": {**POD["spec"], "containers": [first]}})
    actions = settled(kind, newer, host, settings)
    images = [
        get_path(each.patch, "spec.containers") for each in actions if isinstance(each, Patch)
    ]
    assert images[0][0]["image"] == "mirror/nginx:2"


def test_resources_that_a_patch_gives_are_not_taken_for_a_resize() -> None:
    rule = PatchRule("spec.containers[*].resources", "{'requests': {'cpu': '2'}}")
    settings = cluster("pods", rule)
    kind, pod = kinds_of(settings)["pods"], virtual("pods", POD)
    host = host_object(kind, pod, Context(settings))
    assert settled(kind, pod, host, settings) == []


def test_on_the_way_up_the_reverse_applies_to_what_the_host_says() -> None:
    rule = PatchRule("spec.ports[*].name", "'t-' + value", "value.replace('t-', '')")
    settings = cluster("services", rule)
    kind = kinds_of(settings)["services"]
    ports = [{"name": "http", "port": 80, "protocol": "TCP"}]
    spec = {"type": "NodePort", "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "ports": ports}
    service = virtual("services", {"spec": spec})
    host = host_object(kind, service, Context(settings))
    assert host["spec"]["ports"][0]["name"] == "t-http"
    named = {**host["spec"]["ports"][0], "nodePort": 30007}
    host["spec"] |= {"ports": [named], "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"]}
    (up,) = settled(kind, service, host, settings)
    assert isinstance(up, Patch)
    assert (up.side, up.patch["spec"]["ports"][0]["name"]) == ("virtual", "http")
    assert up.patch["spec"]["ports"][0]["nodePort"] == 30007


def test_a_status_is_changed_on_its_way_up_only() -> None:
    rule = PatchRule("status.loadBalancer.ingress[*].hostname", "", "'lb.' + value")
    settings = cluster("ingresses", rule)
    kind, ingress = kinds_of(settings)["ingresses"], virtual("ingresses", {"spec": {}})
    host = host_object(kind, ingress, Context(settings))
    host["status"] = {"loadBalancer": {"ingress": [{"hostname": "x"}]}}
    (up,) = settled(kind, ingress, host, settings)
    assert isinstance(up, Patch)
    assert up.patch["status"]["loadBalancer"]["ingress"] == [{"hostname": "lb.x"}]


def test_a_kind_without_patches_is_the_very_same() -> None:
    assert kinds_of(Cluster("v", "h")) == REGISTRY
    patched = kinds_of(cluster("pods", PatchRule("spec.x", "value")))
    assert all(patched[plural] is REGISTRY[plural] for plural in REGISTRY if plural != "pods")


def test_nothing_that_was_given_is_changed() -> None:
    rules = (
        PatchRule("spec.containers[*].image", "'x'"),
        PatchRule("spec.nodeSelector", "null"),
        PatchRule("metadata.labels.a", "'b'"),
    )
    settings = cluster("pods", *rules)
    pod = virtual("pods", POD, labels={"a": "a"})
    before = repr((pod, POD))
    host_object(kinds_of(settings)["pods"], pod, Context(settings))
    assert repr((pod, POD)) == before


def test_the_same_object_under_other_circumstances_is_translated_anew() -> None:
    kind = kind_of("configmaps", PatchRule("data.a", "context.vcluster.name"))
    body = virtual("configmaps", {"data": {"a": ""}})
    names: Mapping[str, Cluster] = {name: Cluster(name, "h") for name in ("v", "w")}
    found = [kind.translate(body, Context(settings))["data"]["a"] for settings in names.values()]
    assert found == ["v", "w"]
