"""Custom resources by declaration: what goes down, what the host may add, what comes up."""

from dataclasses import replace
from typing import Any

import pytest

from common.actions import Action, Patch
from common.cluster import Cluster
from common.context import Context, Ref, Related
from common.custom.body import MAX_FIELDS, SENT_FIELDS, body_patch, fields_text
from common.errors import ConfigError
from common.keys import Key
from common.kinds import kinds_of
from common.kube.served import Served, as_served
from common.objects import Obj, annotations, merge_patch
from common.patches.rules import CustomRule, PatchRule, ReferenceRule
from workers.perform import subresource_of
from workers.plan import host_object, plan
from workers.work import Work

WIDGETS = "widgets.example.com"


def settings(*rules: PatchRule, namespaced: bool = True) -> Cluster:
    custom = CustomRule(WIDGETS, namespaced)
    enabled = frozenset({WIDGETS, "secrets"})
    return Cluster("v", "h", enabled=enabled, patches={WIDGETS: rules}, custom=(custom,))


def widget(**body: Any) -> Obj:
    metadata = {"name": "w", "namespace": "ns", "uid": "u", "generation": 4}
    return {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": metadata, **body}


def host_of(virtual: Obj, cluster: Cluster) -> Obj:
    served = as_served(kinds_of(cluster)[WIDGETS], Served("v1", "Widget", True, True))
    host = host_object(served, virtual, Context(cluster))
    return {**host, "metadata": {**host["metadata"], "uid": "h", "resourceVersion": "1"}}


def actions(virtual: Obj, host: Obj, cluster: Cluster) -> list[Action]:
    served = as_served(kinds_of(cluster)[WIDGETS], Served("v1", "Widget", True, True))
    return plan(served, virtual, host, Context(cluster))


def down(virtual: Obj, host: Obj, cluster: Cluster) -> Obj:
    """The one patch that is due on the host, {} for none."""
    found = [each for each in actions(virtual, host, cluster) if isinstance(each, Patch)]
    assert all(each.side == "host" for each in found)
    return found[0].patch if found else {}


def test_the_whole_body_goes_down_but_for_the_status() -> None:
    host = host_of(widget(spec={"a": None, "b": [1]}, data={"x": {}}, status={"y": 1}), settings())
    body = {key: host[key] for key in host if key != "metadata"}
    assert body == {
        "apiVersion": "example.com/v1",
        "kind": "Widget",
        "spec": {"b": [1]},
        "data": {"x": {}},
    }
    assert host["metadata"]["name"] == "v-ns-w-x-ns-x-v"


def test_cluster_scoped_ones_are_named_as_such() -> None:
    cluster = settings(namespaced=False)
    kind = as_served(kinds_of(cluster)[WIDGETS], Served("v1", "Widget", False, True))
    virtual = widget()
    del virtual["metadata"]["namespace"]
    host = host_object(kind, virtual, Context(cluster))
    assert host["metadata"]["name"] == "vcluster-w-x-h-x-v"
    assert "namespace" not in host["metadata"]


def test_changes_additions_and_removals_follow() -> None:
    virtual = widget(spec={"a": 1, "gone": {"x": 1}, "inner": {"b": 1, "c": 2}}, extra=[1])
    host = host_of(virtual, settings())
    newer = widget(spec={"a": 2, "inner": {"b": 1}, "new": {}})
    patch = down(newer, host, settings())
    assert {key: patch[key] for key in patch if key != "metadata"} == {
        "extra": None,
        "spec": {"a": 2, "gone": None, "inner": {"c": None}, "new": {}},
    }


def test_what_the_host_adds_stays() -> None:
    virtual = widget(spec={"a": 1, "list": [{"port": 53}], "inner": {}})
    host = host_of(virtual, settings())
    added = {"default": True, "inner": {"by": "webhook"}, "list": [{"port": 53, "protocol": "TCP"}]}
    host = merge_patch(host, {"spec": added, "topology": {"x": 1}})
    assert down(virtual, host, settings()) == {}


def test_what_the_host_adds_stays_when_something_else_changes() -> None:
    host = host_of(widget(spec={"a": 1, "list": [1]}), settings())
    host = merge_patch(host, {"spec": {"default": True, "immutable": "x"}})
    assert down(widget(spec={"a": 2, "list": [1]}), host, settings())["spec"] == {"a": 2}


def test_what_the_host_takes_away_is_sent_again() -> None:
    virtual = widget(spec={"a": 1, "list": [{"x": 1}, {"y": 2}]})
    host = host_of(virtual, settings())
    for change in ({"a": None}, {"list": [{"x": 1}]}, {"list": [{"x": 1}, {"y": 3}]}):
        changed = merge_patch(host, {"spec": change})
        key = next(iter(change))
        assert down(virtual, changed, settings()) == {"spec": {key: virtual["spec"][key]}}


def test_an_entry_that_loses_a_field_loses_it_on_the_host() -> None:
    host = host_of(widget(spec={"list": [{"x": 1, "y": 2}]}), settings())
    newer = widget(spec={"list": [{"x": 1}]})
    assert down(newer, host, settings())["spec"] == {"list": [{"x": 1}]}


def test_an_object_that_remembers_nothing_loses_nothing() -> None:
    virtual = widget(spec={"a": 1})
    host = host_of(virtual, settings())
    del host["metadata"]["annotations"][SENT_FIELDS]
    host["spec"]["other"] = 1
    patch = down(virtual, host, settings())
    assert set(patch) == {"metadata"}


def test_a_huge_body_is_kept_equal_whole() -> None:
    huge = {f"key-{number}": number for number in range(MAX_FIELDS + 1)}
    text = fields_text({"spec": huge})
    assert len(text) < 10
    assert body_patch({"spec": huge}, {"spec": {**huge, "other": 1}}, text) == {
        "spec": {"other": None}
    }


def test_the_status_comes_up_in_the_virtual_objects_words() -> None:
    condition = {"type": "Ready", "status": "True", "observedGeneration": 2}
    virtual = widget(spec={"a": 1}, status={"old": 1})
    host = host_of(virtual, settings())
    host["metadata"]["generation"] = 2
    host["status"] = {"observedGeneration": 2, "phase": "Up", "conditions": [condition]}
    (up,) = actions(virtual, host, settings())
    assert isinstance(up, Patch)
    assert (up.side, up.subresource) == ("virtual", "status")
    assert up.patch["status"] == {
        "old": None,
        "observedGeneration": 4,
        "phase": "Up",
        "conditions": [{**condition, "observedGeneration": 4}],
    }


def test_a_status_that_is_not_there_changes_nothing() -> None:
    virtual = widget(spec={}, status={"mine": 1})
    statuses: tuple[Any, ...] = (None, {}, "odd")
    for status in statuses:
        host = {**host_of(virtual, settings()), "status": status}
        assert actions(virtual, host, settings()) == []


def test_odd_conditions_do_no_harm() -> None:
    virtual = widget(spec={})
    for conditions in ("text", [None, 1], [{"observedGeneration": "x"}]):
        host = {**host_of(virtual, settings()), "status": {"conditions": conditions}}
        (up,) = actions(virtual, host, settings())
        assert isinstance(up, Patch)
        assert up.patch == {"status": {"conditions": conditions}}


def test_references_follow_and_keep_secrets_synced() -> None:
    ref = PatchRule(
        "spec.refs[*]", reference=ReferenceRule("v1", "Secret", name_path="secret.name")
    )
    cluster = settings(ref)
    virtual = widget(spec={"refs": [{"secret": {"name": "a"}}, {"secret": {}}, {}]})
    assert host_of(virtual, cluster)["spec"]["refs"][0]["secret"]["name"] == "v-ns-a-x-ns-x-v"
    assert list(kinds_of(cluster)[WIDGETS].references(virtual)) == [Ref("secrets", "ns", "a")]


def test_custom_resources_may_refer_to_each_other_by_kind_or_by_name() -> None:
    for rule in (ReferenceRule("example.com/v1", "Widget"), ReferenceRule("", WIDGETS)):
        cluster = settings(PatchRule("spec.parent", reference=rule))
        assert host_of(widget(spec={"parent": "p"}), cluster)["spec"]["parent"] == "v-ns-p-x-ns-x-v"


def test_patched_values_are_what_the_host_object_follows() -> None:
    cluster = settings(PatchRule("spec.list", "value + [{'port': 1}]"))
    virtual = widget(spec={"list": [{"port": 0}]})
    host = host_of(virtual, cluster)
    assert host["spec"]["list"] == [{"port": 0}, {"port": 1}]
    filled = [{**each, "protocol": "TCP"} for each in host["spec"]["list"]]
    assert down(virtual, merge_patch(host, {"spec": {"list": filled}}), cluster) == {}
    plain = down(virtual, host, settings())
    assert plain["spec"] == {"list": [{"port": 0}]}
    assert plain["metadata"]["annotations"] == {
        SENT_FIELDS: annotations(host_of(virtual, settings()))[SENT_FIELDS]
    }


def test_a_status_without_a_subresource_is_sent_with_the_object() -> None:
    cluster = settings()
    up = Patch("virtual", "ns", "w", {"status": {}}, subresource="status")
    for has_status, expected in ((True, "status"), (False, "")):
        kind = as_served(kinds_of(cluster)[WIDGETS], Served("v1", "Widget", True, has_status))
        work = Work(Key("v", WIDGETS, "ns", "w"), kind, cluster, None, None, Related(), b"")
        assert subresource_of(work, up) == expected
        assert subresource_of(work, replace(up, side="host")) == "status"


def test_an_odd_plural_is_told_when_it_is_the_only_one_of_its_group() -> None:
    rule = PatchRule("spec.odd", reference=ReferenceRule("odd.org/v1", "Oddness"))
    one, other = CustomRule("oddities.odd.org"), CustomRule("others.odd.org")
    enabled = frozenset({WIDGETS})
    cluster = Cluster(
        "v", "h", enabled=enabled, patches={WIDGETS: (rule,)}, custom=(CustomRule(WIDGETS), one)
    )
    assert host_of(widget(spec={"odd": "o"}), cluster)["spec"]["odd"] == "v-ns-o-x-ns-x-v"
    with pytest.raises(ConfigError, match="is no kind that is synced"):
        kinds_of(replace(cluster, custom=(*cluster.custom, other)))
