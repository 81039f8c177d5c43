"""The Roles of the chart: what `tohost rbac` prints for the same configuration, for any of them."""

import random
from collections.abc import Collection, Iterable
from itertools import product
from pathlib import Path

import pytest

from common.access import Rule
from common.config import load
from common.kinds import REGISTRY
from common.objects import Obj, name_of
from common.rights import host_rights, virtual_rights
from tests.integration.charts import CHART, FLEET, Rendered, render
from tohost.chart.__main__ import generated
from tohost.documents import parse_documents

Right = tuple[str, str, str, str, str, str]
"""Account, namespace, group, resource, name and verb."""
OPTIONS = sorted(kind.option for kind in REGISTRY.values() if kind.option)
CUSTOM = {"widgets.example.com": "Namespaced", "zones.example.org/v1": "Cluster"}


@pytest.mark.parametrize("path", sorted(generated()))
def test_generated_files_are_what_make_chart_writes(path: str) -> None:
    assert (CHART / path).read_text() == generated()[path]


def each_right(account: str, namespace: str, rules: Iterable[Rule]) -> set[Right]:
    return {
        (account, namespace, rule.group, rule.resource, name, verb)
        for rule in rules
        for name, verb in product(rule.names or ("",), rule.verbs)
    }


def granted(rendered: Rendered) -> set[Right]:
    """By the bindings on the host."""
    roles = {
        key(obj): obj["rules"] for kind in ("Role", "ClusterRole") for obj in rendered.of(kind)
    }
    found: set[Right] = set()
    for binding in [*rendered.of("RoleBinding"), *rendered.of("ClusterRoleBinding")]:
        [subject] = binding["subjects"]
        account = subject["name"].rpartition("-")[2]
        namespace = binding["metadata"].get("namespace", "")
        rules = roles[binding["roleRef"]["kind"], namespace, binding["roleRef"]["name"]]
        found |= each_right(account, namespace, parsed(rules))
    return found


def key(obj: Obj) -> tuple[str, str, str]:
    return obj["kind"], obj["metadata"].get("namespace", ""), name_of(obj)


def parsed(rules: Iterable[Obj]) -> Iterable[Rule]:
    for rule in rules:
        for group, resource in product(rule["apiGroups"], rule["resources"]):
            names = tuple(rule.get("resourceNames") or ())
            yield Rule(group, resource, tuple(rule["verbs"]), names)


def plain(rights: set[Right]) -> set[Right]:
    """Without what is said again of one object, and of one namespace."""
    return {right for right in rights if not any(wider in rights for wider in wider_than(right))}


def wider_than(right: Right) -> Iterable[Right]:
    account, namespace, group, resource, name, verb = right
    for place, one in product({namespace, ""}, {name, ""}):
        if (place, one) != (namespace, name):
            yield account, place, group, resource, one, verb


def assert_agree(rendered: Rendered, folder: Path, own: Collection[str] = ("my-vcluster",)) -> None:
    """`own`: the virtual clusters whose control planes are the release's."""
    (folder / "tohost.yaml").write_text(rendered.config())
    config = load(folder / "tohost.yaml", {})
    needed: set[Right] = set()
    for place, rules in host_rights(config).items():
        needed |= each_right(place.account, place.namespace, rules)
    assert plain(granted(rendered)) == plain(needed)
    for name in own:
        text = rendered.one("ConfigMap", f"-{name}-rights")["data"]["rights.yaml"]
        role = next(iter(parse_documents(text, "rights")))
        rights = each_right("tohost", "", parsed(role["rules"]))
        wanted = each_right("tohost", "", virtual_rights(config.virtual_cluster(name).cluster()))
        assert plain(rights) == plain(wanted)


def drawn(seed: int) -> Obj:
    """Settings by chance: each kind on, off, being cleaned up, or not mentioned."""
    chance = random.Random(seed)
    states: list[Obj] = [{"enabled": True}, {"enabled": False}]
    states += [{"enabled": False, "cleanupOnDisable": True}]
    to_host: Obj = {option: chance.choice(states) for option in OPTIONS if chance.random() < 0.7}
    if seed % 3:
        to_host.pop("namespaces", None)
    to_host["customResources"] = {
        name: {**chance.choice(states), "scope": scope} for name, scope in CUSTOM.items()
    }
    events = {"enabled": chance.choice([True, False, "auto"])}
    return {"sync": {"toHost": to_host, "fromHost": {"events": events}}}


@pytest.mark.parametrize("seed", range(12))
def test_any_configuration_gets_just_the_rights_that_it_needs(seed: int, tmp_path: Path) -> None:
    assert_agree(render(drawn(seed)), tmp_path)


@pytest.mark.parametrize("option", ["", *OPTIONS])
def test_one_kind_alone_gets_just_its_rights(option: str, tmp_path: Path) -> None:
    off: Obj = {each: {"enabled": False} for each in OPTIONS}
    on: Obj = {option: {"enabled": True}} if option else {}
    assert_agree(render({"sync": {"toHost": {**off, **on}}}), tmp_path)


def test_a_fleet_gets_the_rights_of_each_in_its_own_place(tmp_path: Path) -> None:
    assert_agree(render(FLEET), tmp_path, own=["team-b"])
