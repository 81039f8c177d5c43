"""When a write that something undoes is given up, and when it isn't."""

from dataclasses import dataclass, field

import pytest

from common.actions import Delete, EmitEvent, Patch
from common.cluster import Cluster
from common.context import Related
from common.keys import Key
from common.kinds import REGISTRY
from common.objects import Obj
from common.process.metrics import page
from workers.answers import came_out_changed
from workers.fights import (
    MOST,
    PEACE_S,
    ROUNDS,
    TRUCE_S,
    Fights,
    Judged,
    is_judged,
)
from workers.work import Work

LABELLED: Obj = {"metadata": {"labels": {"app": "web"}}}


def pod(version: int = 1, **metadata: object) -> Obj:
    return {"metadata": {"name": "p", "uid": "u", "resourceVersion": str(version), **metadata}}


def to_host(patch: Obj = LABELLED, subresource: str = "") -> Patch:
    return Patch("host", "h", "host-p", patch, "x", subresource=subresource)


def to_virtual(patch: Obj, subresource: str = "status") -> Patch:
    return Patch("virtual", "n", "p", patch, "u", subresource=subresource)


@dataclass
class Bench:
    """One pod, its host pod, and a clock; `write` returns whether it was sent."""

    virtual: Obj = field(default_factory=pod)
    host: Obj = field(default_factory=pod)
    now_s: float = 0.0
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.fights = Fights(lambda: self.now_s)

    def write(self, write: Judged, answer: Obj | None = None) -> bool:
        key, cluster = Key("v", "pods", "n", "p"), Cluster("v", "h")
        work = Work(key, REGISTRY["pods"], cluster, self.virtual, self.host, Related(), b"")
        actions = self.fights.judge(work, write)
        for action in actions:
            if isinstance(action, EmitEvent):
                self.told.append(action.reason)
                self.message = action.message
        if write not in actions:
            return False
        before = self.host if write.side == "host" else self.virtual
        if answer is not None:
            work.saw(write.side, answer)
        self.reverted = self.fights.sent(work, write, before)
        return True

    def count(self, write: Judged, times: int = 10) -> int:
        return sum(self.write(write) for _ in range(times))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def counted() -> float:
    lines = page()[1].decode().splitlines()
    name = 'tohost_fights_total{cluster="v",plural="pods"} '
    return sum(float(line.removeprefix(name)) for line in lines if line.startswith(name))


def test_a_patch_that_is_undone_again_and_again_is_given_up_and_told_once(bench: Bench) -> None:
    before = counted()
    assert bench.count(to_host()) == ROUNDS
    assert bench.told == ["HostObjectChangedBack"]
    assert counted() == before + 1


def test_a_change_of_the_virtual_object_tries_again(bench: Bench) -> None:
    bench.count(to_host())
    bench.virtual = pod(labels={"app": "web", "new": "yes"})
    assert bench.count(to_host()) == ROUNDS
    assert bench.told == ["HostObjectChangedBack"] * 2


def test_a_status_that_follows_the_host_does_not_hide_a_fight(bench: Bench) -> None:
    sent = 0
    for version in range(10):
        bench.virtual = pod(version) | {"status": {"observedGeneration": version}}
        sent += bench.write(to_host())
    assert sent == ROUNDS


def test_neither_does_the_node_that_we_bring_up(bench: Bench) -> None:
    bench.virtual = pod() | {"spec": {"priority": 1}}
    assert bench.write(to_host())
    bench.virtual = pod() | {"spec": {"priority": 1, "nodeName": "n1"}}
    assert bench.count(to_host()) == ROUNDS - 1


def test_peace_ends_a_fight(bench: Bench) -> None:
    for _ in range(3 * ROUNDS):
        assert bench.write(to_host())
        bench.now_s += PEACE_S["host"] + 1


def test_a_truce_ends_too(bench: Bench) -> None:
    bench.count(to_host())
    bench.now_s += PEACE_S["host"] + 1
    assert not bench.write(to_host())
    bench.now_s += TRUCE_S
    assert bench.count(to_host()) == ROUNDS


def test_the_warning_names_the_fields_and_nothing_of_their_values(bench: Bench) -> None:
    labels = {f"k{number}": "secret" for number in range(5)}
    bench.count(to_host({"metadata": {"labels": labels}}))
    named = "(metadata.labels.k0, metadata.labels.k1, metadata.labels.k2 and 2 more)"
    assert named in bench.message
    assert "secret" not in bench.message


def test_what_the_server_refused_does_not_count(bench: Bench) -> None:
    key, cluster = Key("v", "pods", "n", "p"), Cluster("v", "h")
    work = Work(key, REGISTRY["pods"], cluster, bench.virtual, bench.host, Related(), b"")
    for _ in range(10):
        assert bench.fights.judge(work, to_host()) == [to_host()]


def test_patches_of_different_parts_count_apart(bench: Bench) -> None:
    gates = to_host({"status": {"conditions": []}}, "status")
    sent = [(bench.write(to_host()), bench.write(gates)) for _ in range(ROUNDS + 1)]
    assert sent == [(True, True)] * ROUNDS + [(False, False)]


def test_two_patches_in_turn_are_a_fight_as_well(bench: Bench) -> None:
    other = to_host({"metadata": {"annotations": {"a": "b"}}})
    sent = sum(bench.write(write) for _ in range(MOST) for write in (to_host(), other))
    assert sent == MOST
    assert bench.told == ["HostObjectChangedBack"]


def test_a_condition_that_flaps_is_followed(bench: Bench) -> None:
    for version in range(3 * MOST):
        ready = {"status": {"conditions": [{"type": "Ready", "status": str(version % 2 == 0)}]}}
        assert bench.write(to_virtual(ready))
        assert bench.write(to_host(ready, "status"))
    assert bench.told == []


def test_a_status_that_is_changed_back_in_the_virtual_cluster_is_given_up(bench: Bench) -> None:
    running = to_virtual({"status": {"phase": "Running"}})
    assert bench.count(running) == ROUNDS
    assert bench.told == ["VirtualObjectChangedBack"]


def test_news_of_the_host_object_are_told_even_so(bench: Bench) -> None:
    running = to_virtual({"status": {"phase": "Running"}})
    bench.count(running)
    bench.host = pod(version=2)
    assert bench.count(running) == ROUNDS


def test_a_slow_doubter_in_the_virtual_cluster_does_not_win(bench: Bench) -> None:
    ready = to_virtual({"status": {"conditions": [{"type": "Ready", "status": "True"}]}})
    for _ in range(3 * ROUNDS):
        assert bench.write(ready)
        bench.now_s += PEACE_S["virtual"] + 1


def test_making_an_object_anew_over_and_over_is_a_fight(bench: Bench) -> None:
    again = Delete("host", "h", "host-p", "x", unwanted=True, why="immutable")
    assert is_judged(again)
    assert not is_judged(Delete("host", "h", "host-p", "x", unwanted=True))
    assert bench.count(again) == ROUNDS
    assert bench.write(to_host())


def test_a_new_object_that_lacks_what_it_was_made_with_came_out_changed() -> None:
    body = {"metadata": {"labels": {"a": "b"}}, "type": "x", "dataDigest": "1"}
    grown = {**pod(labels={"a": "b", "c": "d"}), "type": "x", "dataDigest": "2"}
    assert not came_out_changed(body, grown)
    assert came_out_changed(body, {**grown, "type": "y"})
    assert came_out_changed(body, {**grown, **pod(labels={"c": "d"})})
    sidecar = {"spec": {"containers": [{"name": "a"}, {"name": "sidecar"}], "priority": 0}}
    assert not came_out_changed({"spec": {"containers": [{"name": "a"}], "x": {}}}, sidecar)


@pytest.mark.parametrize(
    ("before", "patch", "answer", "reverted"),
    [
        ({}, {"a": "b"}, {}, True),
        ({}, {"a": "b"}, {"a": "b"}, False),
        ({"a": "x"}, {"a": "b"}, {"a": "x"}, True),
        ({"a": "x"}, {"a": "b"}, {"a": "y"}, False),
        ({"a": "x"}, {"a": None}, {"a": "x"}, True),
        ({"a": "x"}, {"a": None}, {}, False),
        ({"a": "x"}, {"a": "b", "c": "d"}, {"a": "b"}, True),
    ],
)
def test_an_answer_shows_what_was_undone_at_once(
    bench: Bench, before: Obj, patch: Obj, answer: Obj, reverted: bool
) -> None:
    bench.host = pod(labels=before)
    bench.write(to_host({"metadata": {"labels": patch}}), pod(labels=answer))
    assert bench.reverted is reverted


def test_a_list_to_which_the_server_adds_is_not_undone(bench: Bench) -> None:
    bench.host = {**pod(), "spec": {"containers": [{"name": "a", "image": "x", "tty": False}]}}
    wanted = {"spec": {"containers": [{"name": "a", "image": "y"}]}}
    answer = {**pod(), "spec": {"containers": [{"name": "a", "image": "y", "tty": False}]}}
    bench.write(to_host(wanted), answer)
    assert not bench.reverted
    bench.write(to_host(wanted), bench.host)
    assert bench.reverted


def test_what_was_given_up_is_told_once() -> None:
    bench = Bench()
    bench.count(to_host())
    assert bench.fights.new_truces() == {"v": {"pods n/p"}}
    assert bench.fights.new_truces() == {}
