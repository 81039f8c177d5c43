"""Parts of a pod's translation that vectors don't show well."""

from typing import Any

import pytest

from common.cluster import Cluster
from common.context import Context, Related
from common.objects import Obj
from common.pod.dns import hostname, translate_dns
from common.pod.downward import labels_text, owners_text, translate_field
from common.pod.environment import service_variables
from common.pod.lifecycle import patch_down
from common.pod.selectors import translate_affinity, translate_spread
from common.pod.status import virtual_status
from common.pod.tokens import token_key

CLUSTER = Cluster("v", "h", api_service_ip="10.0.0.1", dns_service_ip="10.0.0.10")
CONTEXT = Context(CLUSTER)
OWN = {"vcluster.loft.sh/managed-by": "v", "vcluster.loft.sh/namespace": "ns"}
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def variables(*services: Obj, cluster: Cluster = CLUSTER, **spec: object) -> dict[str, str]:
    found = service_variables(spec, Context(cluster, Related(services=services)))
    return {each["name"]: each["value"] for each in found}


def service(name: str, address: str, *ports: Obj) -> Obj:
    return {"metadata": {"name": name}, "spec": {"clusterIP": address, "ports": list(ports)}}


def test_ipv6_addresses_are_bracketed_in_urls_only() -> None:
    found = variables(service("db", "fd00::5", {"port": 1}))
    assert found["DB_PORT"] == "tcp://[fd00::5]:1"
    assert found["DB_SERVICE_HOST"] == "fd00::5"


def test_services_without_an_address_give_no_variables() -> None:
    unaddressed = [service("a", "None", {"port": 1}), service("b", "", {"port": 1})]
    assert not {"A_PORT", "B_PORT"} & set(variables(*unaddressed))


def test_a_service_called_kubernetes_never_hides_the_api_server() -> None:
    found = variables(service("kubernetes", "10.0.0.99", {"port": 1}))
    assert found["KUBERNETES_SERVICE_HOST"] == "10.0.0.1"
    assert "KUBERNETES_PORT_1_TCP" not in found


def test_without_service_links_only_the_api_server_is_told() -> None:
    found = variables(service("db", "10.0.0.5", {"port": 1}), enableServiceLinks=False)
    assert all(name.startswith("KUBERNETES_") for name in found)


def test_an_unknown_api_service_gives_no_variables() -> None:
    assert variables(cluster=Cluster("v", "h")) == {}


def dns(**spec: object) -> Obj:
    return translate_dns(spec, "ns", CLUSTER)


@pytest.mark.parametrize(
    "spec",
    [
        {"dnsPolicy": "Default"},
        {"dnsPolicy": "None"},
        {"dnsPolicy": "ClusterFirst", "hostNetwork": True},
    ],
)
def test_other_dns_policies_stay(spec: Obj) -> None:
    assert dns(**spec) == {}


def test_cluster_first_with_host_net_is_answered_by_the_virtual_dns() -> None:
    found = dns(dnsPolicy="ClusterFirstWithHostNet", hostNetwork=True)
    assert found["dnsConfig"]["nameservers"] == ["10.0.0.10"]


def test_dns_config_stays_within_what_an_api_server_accepts() -> None:
    own = {"nameservers": ["1.1.1.1", "1.1.1.2", "1.1.1.3"], "searches": ["x" * 250] * 1}
    own["searches"] = [f"{n}{'x' * 240}" for n in range(12)]
    config = dns(dnsConfig=own)["dnsConfig"]
    assert config["nameservers"] == ["10.0.0.10", "1.1.1.1", "1.1.1.2"]
    assert len(" ".join(config["searches"])) <= 2048


@pytest.mark.parametrize(
    ("name", "expected"),
    [("web.0", "web-0"), ("a" * 70, "a" * 63), ("b" * 62 + ".c", "b" * 62), ("web", "web")],
)
def test_the_hostname_is_one_dns_label(name: str, expected: str) -> None:
    assert hostname({}, name) == expected
    assert hostname({"hostname": "own"}, name) == "own"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("metadata.uid", "metadata.annotations['vcluster.loft.sh/uid']"),
        ("metadata.labels", "metadata.annotations['vcluster.loft.sh/labels']"),
        ("metadata.labels['app']", "metadata.labels['app']"),
        ("metadata.annotations['note']", "metadata.annotations['note']"),
        ("status.hostIP", "status.hostIP"),
    ],
)
def test_field_paths(path: str, expected: str) -> None:
    assert translate_field({"fieldPath": path}, CLUSTER)["fieldPath"] == expected


def test_downward_texts() -> None:
    assert labels_text({"b": "2", "a": ""}) == 'a=""\nb="2"'
    owner = {"uid": "u", "name": "n", "kind": "Job", "apiVersion": "batch/v1", "unknown": 1}
    assert owners_text([owner]) == '[{"apiVersion":"batch/v1","kind":"Job","name":"n","uid":"u"}]'


def test_a_token_key_fits_an_annotation_for_every_volume_name() -> None:
    assert token_key("data", 0, in_secret=False) == "vcluster.loft.sh/token-data-0"
    keys = {token_key("v" * 63, index, in_secret=True) for index in range(3)}
    assert len(keys) == 3
    assert all(len(key) <= 63 for key in keys)


def term(**fields: object) -> Any:
    affinity = translate_affinity({"podAffinity": {REQUIRED: [fields]}}, "ns", CONTEXT)
    return affinity["podAffinity"][REQUIRED][0]


def test_a_term_means_its_own_namespace_unless_told() -> None:
    assert term(labelSelector={"matchLabels": {"a": "b"}}) == {
        "labelSelector": {"matchLabels": {"a": "b", **OWN}}
    }


def test_listed_namespaces_become_an_expression() -> None:
    found = term(labelSelector={}, namespaces=["x", "y"])
    assert found["labelSelector"] == {
        "matchLabels": {"vcluster.loft.sh/managed-by": "v"},
        "matchExpressions": [
            {"key": "vcluster.loft.sh/namespace", "operator": "In", "values": ["x", "y"]}
        ],
    }


@pytest.mark.parametrize("empty", [{}, {"matchLabels": {}}])
def test_the_empty_namespace_selector_means_every_namespace(empty: Obj) -> None:
    for namespaces in ([], ["x"]):
        found = term(labelSelector={}, namespaceSelector=empty, namespaces=namespaces)
        expected = {"matchLabels": {"vcluster.loft.sh/managed-by": "v"}}
        assert found == {"labelSelector": expected}


def test_a_term_without_a_label_selector_still_matches_no_pod() -> None:
    assert term(namespaceSelector={}, topologyKey="zone") == {"topologyKey": "zone"}


def test_label_keys_that_the_selector_already_has_are_not_sent_twice() -> None:
    merged = {"matchExpressions": [{"key": "hash", "operator": "In", "values": ["1"]}]}
    found = term(labelSelector=merged, matchLabelKeys=["hash", "release"])
    assert found["matchLabelKeys"] == ["vcluster.loft.sh/label-v-x-a4d451ec23"]
    assert "mismatchLabelKeys" not in term(labelSelector=merged, mismatchLabelKeys=["hash"])


def test_a_spread_counts_pods_of_its_own_namespace() -> None:
    found = translate_spread({"labelSelector": {"matchLabels": {"release": "r"}}}, "ns", CLUSTER)
    renamed = {"vcluster.loft.sh/label-v-x-a4d451ec23": "r"}
    assert found["labelSelector"]["matchLabels"] == {**renamed, **OWN}


def test_tolerations_are_only_added_or_given_another_time() -> None:
    desired = [{"key": "a", "operator": "Equal", "tolerationSeconds": 5}, {"key": "b"}]
    current = [{"key": "hosts"}, {"key": "a", "tolerationSeconds": 9}]
    patch = patch_down(
        {}, {"spec": {"tolerations": desired}}, {"spec": {"tolerations": current}}, CONTEXT
    )
    assert patch["spec"]["tolerations"] == [{"key": "hosts"}, desired[0], {"key": "b"}]


@pytest.mark.parametrize(("wanted", "present", "sent"), [(5, None, 5), (5, 9, 5), (9, 5, None)])
def test_a_deadline_can_only_come_nearer(
    wanted: int, present: int | None, sent: int | None
) -> None:
    desired, current = ({"spec": {"activeDeadlineSeconds": each}} for each in (wanted, present))
    assert (
        patch_down({}, desired, current, CONTEXT).get("spec", {}).get("activeDeadlineSeconds")
        == sent
    )


def observed(host_generation: int, observed: int, *, pending: bool = False) -> object:
    virtual = {"metadata": {"generation": 7}, "spec": {}}
    host = {"metadata": {"generation": host_generation}, "status": {"observedGeneration": observed}}
    context = Context(CLUSTER, host_pending=pending)
    return virtual_status(virtual, host, context)["observedGeneration"]


def test_the_newest_host_generation_means_the_newest_virtual_one() -> None:
    assert observed(3, 3) == 7
    assert observed(9, 9) == 7


def test_an_older_generation_or_a_host_object_behind_never_looks_current() -> None:
    assert observed(3, 2) == 2
    assert observed(3, 3, pending=True) == 6
    assert observed(20, 19) == 6


def test_the_virtual_qos_class_stays() -> None:
    virtual: Obj = {"status": {"qosClass": "BestEffort", "phase": "Pending"}}
    host: Obj = {"status": {"qosClass": "Burstable"}}
    assert virtual_status(virtual, host, CONTEXT) == virtual["status"]
