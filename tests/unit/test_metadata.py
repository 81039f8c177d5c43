"""What every host object carries, and the proof that it is ours."""

from dataclasses import replace

import pytest

from common.cluster import Cluster, NamespaceRules
from common.context import Context
from common.kinds import REGISTRY
from common.metadata import (
    MANAGED_LABELS,
    give_back,
    metadata_patch,
    ours,
    own_labels,
    translate_metadata,
    translate_selector,
)
from common.naming import hashed_host_name
from common.objects import Obj, merge_patch

CLUSTER = Cluster("v", "h")
CONTEXT = Context(CLUSTER)
CONFIGMAPS = REGISTRY["configmaps"]
NAMESPACES = REGISTRY["namespaces"]
MAPPED = replace(
    CLUSTER, namespaces=NamespaceRules({"shop": "prod"}, (("t-*", "p-*"),), labels={"tier": "x"})
)


def virtual(**metadata: object) -> Obj:
    return {"metadata": {"name": "web", "namespace": "default", "uid": "u1", **metadata}}


def host(**metadata: object) -> Obj:
    return {"metadata": translate_metadata(CONFIGMAPS, virtual(**metadata), CONTEXT)}


def changed(patch: Obj) -> Obj:
    result: Obj = merge_patch(host(), {"metadata": patch})
    return result


def test_a_host_object_made_for_a_virtual_one_is_ours() -> None:
    assert ours(CONFIGMAPS, host(), CLUSTER) == "default/web"


def test_a_host_object_with_the_hashed_name_is_ours_too() -> None:
    renamed = changed({"name": hashed_host_name(CLUSTER, "default", "web")})
    assert ours(CONFIGMAPS, renamed, CLUSTER) == "default/web"


@pytest.mark.parametrize(
    "forged",
    [
        {"name": "web"},
        {"namespace": "elsewhere"},
        {"labels": {"vcluster.loft.sh/managed-by": "other"}},
        {"labels": {"vcluster.loft.sh/managed-by": None}},
        {"labels": {"vcluster.loft.sh/namespace": "kube-system"}},
        {"annotations": {"vcluster.loft.sh/name": "admin"}},
        {"annotations": {"vcluster.loft.sh/namespace": "kube-system"}},
        {"annotations": {"vcluster.loft.sh/uid": None}},
        {"annotations": {"vcluster.loft.sh/kind": "/v1, Kind=Secret"}},
        {"annotations": None},
    ],
)
def test_a_host_object_that_disagrees_in_anything_is_not_ours(forged: Obj) -> None:
    assert ours(CONFIGMAPS, changed(forged), CLUSTER) is None


def test_what_a_tenant_writes_below_our_prefix_does_not_arrive() -> None:
    forged = {"vcluster.loft.sh/managed-by": "x", "vcluster.loft.sh/uid": "x", "mine": "y"}
    metadata = host(labels=forged, annotations=forged)["metadata"]
    assert metadata["labels"]["vcluster.loft.sh/managed-by"] == "v"
    assert metadata["annotations"]["vcluster.loft.sh/uid"] == "u1"
    assert "x" not in [*metadata["labels"].values(), *metadata["annotations"].values()]


def test_only_names_labels_and_annotations_travel() -> None:
    given = {"finalizers": ["f"], "ownerReferences": [{}], "generateName": "w", "selfLink": "s"}
    assert host(**given) == host()


def test_the_host_owner_owns_every_object() -> None:
    owner = {"apiVersion": "v1", "kind": "Service", "name": "v", "uid": "o"}
    context = replace(CONTEXT, cluster=replace(CLUSTER, owner=owner))
    metadata = translate_metadata(CONFIGMAPS, virtual(), context)
    assert metadata["ownerReferences"] == [{**owner, "controller": False}]


def test_nothing_in_a_namespace_of_its_own_is_owned_from_another() -> None:
    owned = replace(MAPPED, owner={"apiVersion": "v1", "kind": "Service", "name": "v", "uid": "o"})
    assert "ownerReferences" not in translate_metadata(CONFIGMAPS, virtual(), Context(owned))


def test_an_object_that_keeps_its_name_is_ours_only_in_its_own_host_namespace() -> None:
    shop = virtual(namespace="shop")
    made = {"metadata": translate_metadata(CONFIGMAPS, shop, Context(MAPPED))}
    assert (made["metadata"]["name"], made["metadata"]["namespace"]) == ("web", "prod")
    assert ours(CONFIGMAPS, made, MAPPED) == "shop/web"
    moved: Obj = merge_patch(made, {"metadata": {"namespace": "p-a"}})
    assert ours(CONFIGMAPS, moved, MAPPED) is None
    assert ours(CONFIGMAPS, made, CLUSTER) is None


def test_the_root_certificate_under_its_own_name_is_the_hosts() -> None:
    certificate = virtual(namespace="shop", name="kube-root-ca.crt")
    made = {"metadata": translate_metadata(CONFIGMAPS, certificate, Context(MAPPED))}
    assert ours(CONFIGMAPS, made, MAPPED) == "shop/kube-root-ca.crt"
    kept: Obj = merge_patch(made, {"metadata": {"name": "kube-root-ca.crt"}})
    assert ours(CONFIGMAPS, kept, MAPPED) is None


def labelled(name: str, owner: str = "h-x-v", **notes: str) -> Obj:
    labels = {"vcluster.loft.sh/managed-by": owner}
    return {"metadata": {"name": name, "labels": labels, "annotations": notes}}


def test_a_namespace_with_our_label_alone_is_handed_over() -> None:
    assert ours(NAMESPACES, labelled("prod"), MAPPED) == "shop"
    assert ours(NAMESPACES, labelled("p-a"), MAPPED) == "t-a"


@pytest.mark.parametrize(
    "host",
    [
        labelled("prod", "h-x-other"),
        labelled("prod", "v"),
        labelled("elsewhere"),
        labelled("prod", **{"vcluster.loft.sh/name": "t-a"}),
        labelled("prod", **{"vcluster.loft.sh/uid": "u"}),
        {"metadata": {"name": "prod"}},
    ],
)
def test_any_other_namespace_is_not_ours(host: Obj) -> None:
    assert ours(NAMESPACES, host, MAPPED) is None


def test_nothing_but_a_namespace_is_handed_over() -> None:
    bare = {"metadata": {**labelled("web", "v")["metadata"], "namespace": "prod"}}
    assert ours(CONFIGMAPS, bare, MAPPED) is None


def handed_over(**labels: str) -> Obj:
    host: Obj = labelled("prod")
    host["metadata"]["labels"] |= {"cost": "12", **labels}
    return host


def adopted(host: Obj, **labels: str) -> Obj:
    shop: Obj = {"metadata": {"name": "shop", "uid": "n", "labels": labels}}
    patch = metadata_patch(NAMESPACES, shop, host, Context(MAPPED))
    noted = {"annotations": {"vcluster.loft.sh/imported": "true"}}
    result: Obj = merge_patch(merge_patch(host, {"metadata": patch}), {"metadata": noted})
    return result


def test_what_its_maker_wrote_on_a_namespace_stays_but_for_the_configured_labels() -> None:
    host = adopted(handed_over(tier="y"), cost="0", team="a")
    assert host["metadata"]["labels"] == {
        "vcluster.loft.sh/managed-by": "h-x-v",
        "cost": "12",
        "team": "a",
        "tier": "x",
    }
    assert adopted(host, cost="1", team="b")["metadata"]["labels"]["cost"] == "12"
    assert adopted(host, cost="1", team="b")["metadata"]["labels"]["team"] == "b"
    assert "team" not in adopted(host)["metadata"]["labels"]


def test_a_namespace_is_given_back_as_it_was() -> None:
    host = adopted(handed_over(), cost="0", team="a")
    assert ours(NAMESPACES, host, MAPPED) == "shop"
    left: Obj = merge_patch(host, give_back(host))
    assert left["metadata"] == {"name": "prod", "labels": {"cost": "12"}, "annotations": {}}


def test_nothing_is_remembered_for_an_object_without_labels() -> None:
    assert MANAGED_LABELS not in host()["metadata"]["annotations"]
    assert host(labels={"b": "", "a": ""})["metadata"]["annotations"][MANAGED_LABELS] == "a\nb"


def test_equal_metadata_needs_no_patch() -> None:
    assert (
        metadata_patch(CONFIGMAPS, virtual(labels={"a": "1"}), host(labels={"a": "1"}), CONTEXT)
        == {}
    )


def test_a_removed_label_goes_and_one_of_a_host_controller_stays() -> None:
    before = merge_patch(host(labels={"a": "1"}), {"metadata": {"labels": {"hosts": "1"}}})
    patch = metadata_patch(CONFIGMAPS, virtual(), before, CONTEXT)
    assert patch == {"labels": {"a": None}, "annotations": {MANAGED_LABELS: None}}


def test_a_changed_label_is_set_back() -> None:
    before = merge_patch(host(labels={"a": "1"}), {"metadata": {"labels": {"a": "2"}}})
    patch = metadata_patch(CONFIGMAPS, virtual(labels={"a": "1"}), before, CONTEXT)
    assert patch == {"labels": {"a": "1"}}


def test_token_annotations_are_never_touched() -> None:
    tokens = {"vcluster.loft.sh/token-v-0": "redacted", "vcluster.loft.sh/token-refresh-at": "1"}
    before = changed({"annotations": tokens})
    assert metadata_patch(CONFIGMAPS, virtual(), before, CONTEXT) == {}


def test_stray_keys_below_our_prefix_are_removed() -> None:
    before = changed({"labels": {"vcluster.loft.sh/ns-label-x": "1"}})
    patch = metadata_patch(CONFIGMAPS, virtual(), before, CONTEXT)
    assert patch == {"labels": {"vcluster.loft.sh/ns-label-x": None}}


def test_a_selector_on_our_own_keys_selects_nothing_instead_of_too_much() -> None:
    forged = {"matchLabels": own_labels(CLUSTER, "kube-system")}
    selector = translate_selector(CLUSTER, forged)
    assert not set(selector["matchLabels"]) & set(own_labels(CLUSTER, "kube-system"))
