"""What counts as a violation on the host, above all where the exceptions end."""

import pytest

from tests.proxy import HostRules
from tests.proxy.audit import Write
from tests.proxy.host_rules import IMPORTED, MARK
from tests.proxy.writes import H, delete, marked, patch, write

SLICES = "/apis/discovery.k8s.io/v1/namespaces/h/endpointslices"
FOREIGN = {"metadata": {"name": "a", "uid": "u"}}


@pytest.fixture
def rules() -> HostRules:
    return HostRules({"v": "h", "w": "k"})


@pytest.fixture
def mapped() -> HostRules:
    return HostRules({"v": "h"}, frozenset({"v"}))


def said(rules: HostRules, *writes: Write) -> str:
    return "; ".join(verdict for each in writes for verdict in rules.judge(each))


def test_what_is_marked_may_be_made_changed_and_deleted(rules: HostRules) -> None:
    path = f"{H}/configmaps"
    made = write("POST", path, marked())
    assert not said(rules, made, patch(f"{path}/a", marked()), delete(f"{path}/a", marked()))


def test_a_label_alone_is_no_mark(rules: HostRules) -> None:
    body = {"metadata": {"name": "a", "labels": {MARK: "v"}}}
    assert "bears no mark" in said(rules, write("POST", f"{H}/configmaps", body))


def test_one_virtual_cluster_s_mark_is_wrong_in_another_s_namespace(rules: HostRules) -> None:
    made = write("POST", "/api/v1/namespaces/k/configmaps", marked(mark="v"))
    assert "k is not the host namespace of 'v'" in said(rules, made)


def test_cluster_scoped_objects_bear_a_mark_with_the_host_namespace(rules: HostRules) -> None:
    path = "/apis/storage.k8s.io/v1/storageclasses"
    assert "bears no mark" in said(rules, write("POST", path, marked(mark="v")))
    assert not said(rules, write("POST", path, marked(mark="h-x-v")))


@pytest.mark.parametrize("uid", ["", "other"])
def test_a_change_must_mean_the_object_that_is_there(rules: HostRules, uid: str) -> None:
    path = f"{H}/pods/a"
    assert "means uid" in said(rules, patch(path, marked(), uid=uid))
    assert "means uid" in said(rules, delete(path, marked(), uid=uid))


def test_what_failed_or_was_a_dry_run_is_no_violation(rules: HostRules) -> None:
    refused = write("DELETE", f"{H}/pods/a", {}, FOREIGN, status=409)
    asked = write("POST", f"{H}/pods", {}, query={"dryRun": "All"})
    assert not said(rules, refused, asked)


def test_a_lost_answer_may_be_a_violation(rules: HostRules) -> None:
    assert "is not ours" in said(rules, write("DELETE", f"{H}/pods/a", {}, FOREIGN, status=0))


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_updates_and_deleted_collections_are_no_way_to_write(rules: HostRules, method: str) -> None:
    path = f"{H}/pods/a" if method == "PUT" else f"{H}/pods"
    assert said(rules, write(method, path, marked(), marked()))


@pytest.mark.parametrize(("mark", "allowed"), [("v", True), ("other", False), (None, False)])
def test_endpoints_go_that_bear_the_mark_of_their_service(
    rules: HostRules, mark: str | None, allowed: bool
) -> None:
    copied = {"metadata": {"uid": "u", "labels": {MARK: mark} if mark else {}}}
    options = {"preconditions": {"uid": "u"}}
    assert (said(rules, write("DELETE", f"{H}/endpoints/a", options, copied)) == "") is allowed
    selector = "kubernetes.io/service-name=a" + (f",{MARK}={mark}" if mark else "")
    gone = write("DELETE", SLICES, {}, {"items": [copied]}, {"labelSelector": selector})
    assert (said(rules, gone) == "") is allowed


def test_a_token_secret_belongs_to_a_pod_that_was_made(rules: HostRules) -> None:
    owners = [{"kind": "Pod", "uid": "pod"}]
    secret = marked(uid="secret", annotations={}, ownerReferences=owners)
    made = write("POST", f"{H}/secrets", secret)
    assert "bears no mark" in said(rules, made)
    assert not said(rules, write("POST", f"{H}/pods", marked(uid="pod")), made)
    assert not said(rules, patch(f"{H}/secrets/a", secret, uid=""))
    assert "is not ours" in said(rules, patch(f"{H}/secrets/a", FOREIGN, uid=""))


def test_what_a_webhook_took_the_mark_off_gets_it_back(rules: HostRules) -> None:
    again = patch(f"{H}/pods/a", FOREIGN, metadata={"labels": {MARK: "v"}})
    assert "is not ours" in said(rules, again)
    assert not said(rules, write("POST", f"{H}/pods", marked(uid="u")), again)


def test_a_mark_stays(rules: HostRules) -> None:
    off = patch(f"{H}/pods/a", marked(), metadata={"labels": {MARK: None}})
    assert "changes the mark from 'v' to None" in said(rules, off)


def test_a_namespace_that_was_handed_over_is_taken_and_given_back(mapped: HostRules) -> None:
    path, mark = "/api/v1/namespaces/n", "h-x-v"
    handed = {"metadata": {"name": "n", "uid": "u", "labels": {MARK: mark}}}
    imported = marked(mark=mark, annotations={IMPORTED: "true"})
    off = {"labels": {MARK: None}}
    assert not said(mapped, patch(path, handed), patch(path, imported, metadata=off))
    assert "is not ours" in said(mapped, patch(path, FOREIGN), delete(path, handed))
    assert "changes the mark" in said(mapped, patch(path, marked(mark=mark), metadata=off))


@pytest.mark.parametrize(("mark", "allowed"), [("h-x-v", True), ("h-x-w", False)])
def test_with_namespace_sync_the_namespace_bears_the_mark(
    mapped: HostRules, mark: str, allowed: bool
) -> None:
    made = write("POST", "/api/v1/namespaces/n/pods", marked())
    assert list(mapped.inspect(made)) == ["/api/v1/namespaces/n"]
    made.found["/api/v1/namespaces/n"] = marked(mark=mark)
    assert (said(mapped, made) == "") is allowed


@pytest.mark.parametrize(("mark", "allowed"), [("h-x-v", True), ("h-x-w", False)])
def test_a_namespace_that_comes_just_before_the_write_bears_the_mark_too(
    mapped: HostRules, mark: str, allowed: bool
) -> None:
    made = write("POST", "/api/v1/namespaces/n/pods", marked())
    made.found["/api/v1/namespaces/n"] = None
    assert "n is none of v's" in said(mapped, made)
    namespace = write("POST", "/api/v1/namespaces", marked(name="n", mark=mark))
    assert list(mapped.inspect(namespace)) == []
    assert (said(mapped, made) == "") is allowed


def test_with_namespace_sync_nothing_is_made_in_the_host_namespace(mapped: HostRules) -> None:
    assert "h is none of v's" in said(mapped, write("POST", f"{H}/pods", marked()))
