"""What a Pod Security Standard keeps from the host, and what it leaves there."""

from dataclasses import replace
from typing import Any

import pytest

from common.actions import Action, Create, EmitEvent, Patch
from common.cluster import Cluster, PodOptions, PodSecurity
from common.context import Context
from common.kind import Kind
from common.kinds import REGISTRY, kinds_of
from common.objects import Obj, merge_patch
from common.patches.rules import PatchRule
from common.pod.security.guarded import REASON
from common.pod.security.standards import broken_controls
from tests.standards.cases import BASES
from workers.plan import host_object, plan
from workers.translate import translate_documents

CLUSTER = Cluster("v", "h", enabled=frozenset(REGISTRY))
FROM_SECRET = {"volumes": [{"name": "s", "secret": {"secretName": "key"}}]}
PRIVILEGED = {"securityContext": {"privileged": True}}


def pod(base: str = "plain", /, **spec: Any) -> Obj:
    metadata = {"name": "p", "namespace": "n", "uid": "u"}
    return {"metadata": metadata, "spec": {**BASES[base]["spec"], **spec}}


def under(
    standard: PodSecurity, plural: str = "pods", *patches: PatchRule, **options: Any
) -> tuple[Kind, Context]:
    cluster = replace(CLUSTER, pod_security=standard, patches={plural: patches}, **options)
    return kinds_of(cluster)[plural], Context(cluster)


def planned(standard: PodSecurity, virtual: Obj, host: Obj | None, *patches: PatchRule) -> Any:
    kind, context = under(standard, "pods", *patches)
    return plan(kind, virtual, host, context)


def on_host(virtual: Obj) -> Obj:
    """As it was created while nothing was checked."""
    body: Obj = host_object(REGISTRY["pods"], virtual, Context(CLUSTER))
    made: Obj = merge_patch(body, {"metadata": {"uid": "host", "resourceVersion": "1"}})
    return made


def with_image(virtual: Obj, image: str) -> Obj:
    containers = [{**each, "image": image} for each in virtual["spec"]["containers"]]
    return {**virtual, "spec": {**virtual["spec"], "containers": containers}}


def warnings(actions: list[Action]) -> list[str]:
    told = [each for each in actions if isinstance(each, EmitEvent)]
    assert {(each.type, each.reason) for each in told} <= {("Warning", REASON)}
    return [each.message for each in told]


def test_a_pod_that_breaks_it_is_not_created_and_every_reason_is_told() -> None:
    actions = planned("restricted", pod(hostNetwork=True), None)
    [message] = warnings(actions)
    assert len(actions) == 1
    assert message.startswith('it violates PodSecurity "restricted": host namespaces (hostNetwork')
    assert 'unrestricted capabilities (containers "first", "main" must drop ALL)' in message
    assert "allowPrivilegeEscalation != false" in message


def test_a_pod_that_obeys_it_is_created() -> None:
    [created] = planned("restricted", pod("hardened"), None)
    assert isinstance(created, Create)


def test_a_pod_is_refused_also_while_names_in_it_are_not_sure() -> None:
    shared = {"volumes": [{"name": "s", "secret": {"secretName": "a-x-b"}}]}
    assert warnings(planned("baseline", pod(hostPID=True, **shared), None))


def test_a_patch_may_mend_a_pod_or_break_it() -> None:
    mend = PatchRule("spec.hostPID", "false")
    assert isinstance(planned("baseline", pod(hostPID=True), None, mend)[0], Create)
    spoil = PatchRule("spec.hostPID", "true")
    assert warnings(planned("baseline", pod(), None, spoil))
    note = 'metadata.annotations["container.apparmor.security.beta.kubernetes.io/main"]'
    assert warnings(planned("baseline", pod(), None, PatchRule(note, "'unconfined'")))


def test_a_refused_pod_keeps_its_secrets_in_the_virtual_cluster() -> None:
    kind, _ = under("baseline")
    assert [ref.name for ref in kind.references(pod(**FROM_SECRET))] == ["key"]
    assert list(kind.references(pod(hostIPC=True, **FROM_SECRET))) == []


@pytest.mark.parametrize(
    "status",
    [
        {"conditions": [{"type": "PodScheduled", "status": "False"}]},
        {"phase": "Running", "startTime": "2026-01-01T00:00:00Z"},
    ],
)
def test_a_pod_that_is_on_the_host_from_before_keeps_its_secrets_there(status: Obj) -> None:
    kind, _ = under("baseline")
    there = {**pod(hostIPC=True, **FROM_SECRET), "status": status}
    assert [ref.name for ref in kind.references(there)] == ["key"]


def test_patches_count_for_what_a_pod_takes_along() -> None:
    mended, _ = under("baseline", "pods", PatchRule("spec.hostIPC", "null"))
    assert list(mended.references(pod(hostIPC=True, **FROM_SECRET)))
    failing, _ = under("baseline", "pods", PatchRule("spec.hostIPC", "value.nothing"))
    assert list(failing.references(pod(hostIPC=True, **FROM_SECRET))) == []


def test_a_pod_that_runs_stays_when_the_standard_becomes_stricter() -> None:
    virtual = pod(hostPID=True)
    assert planned("restricted", virtual, on_host(virtual)) == []


def test_a_pod_that_runs_and_is_forbidden_gets_no_new_image() -> None:
    before = pod(hostPID=True)
    now = merge_patch(with_image(before, "other"), {"metadata": {"labels": {"a": "b"}}})
    actions = planned("baseline", now, on_host(before))
    [patch] = [each for each in actions if isinstance(each, Patch)]
    assert set(patch.patch) == {"metadata"}
    assert warnings(actions) == [
        "its new images are not sent: it violates PodSecurity"
        ' "baseline": host namespaces (hostPID=true)'
    ]


def test_a_pod_that_obeys_gets_its_new_image() -> None:
    before = pod("hardened")
    [patch] = planned("restricted", with_image(before, "other"), on_host(before))
    assert [each["image"] for each in patch.patch["spec"]["containers"]] == ["other"]


def debug(name: str, /, **fields: Any) -> Obj:
    hardened = BASES["hardened"]["spec"]["containers"][0]["securityContext"]
    return {"name": name, "image": "i", "securityContext": hardened, **fields}


def attached(standard: PodSecurity, before: Obj, *containers: Obj) -> tuple[list[str], list[str]]:
    """The ephemeral containers that arrive in a running pod, and what is told."""
    now = merge_patch(before, {"spec": {"ephemeralContainers": list(containers)}})
    actions = planned(standard, now, on_host(before))
    sent = [each for each in actions if isinstance(each, Patch)]
    names = [each["name"] for patch in sent for each in patch.patch["spec"]["ephemeralContainers"]]
    return names, warnings(actions)


def test_only_ephemeral_containers_that_obey_are_sent() -> None:
    sent, told = attached("baseline", pod(), debug("good"), debug("bad", **PRIVILEGED))
    assert sent == ["good"]
    [message] = told
    assert message.startswith("ephemeral container bad is not sent: it violates")
    assert 'privileged (container "bad" must not be privileged)' in message


def test_an_ephemeral_container_is_judged_with_what_it_gets_from_its_pod() -> None:
    path = {"volumes": [{"name": "node", "hostPath": {"path": "/"}}]}
    mount = {"volumeMounts": [{"name": "node", "mountPath": "/node"}]}
    assert attached("baseline", pod(**path), debug("a"))[0] == ["a"]
    assert attached("baseline", pod(**path), debug("a", **mount))[0] == []
    assert attached("baseline", pod(hostNetwork=True), debug("a"))[0] == []


def test_containers_from_before_do_not_count_against_an_ephemeral_one() -> None:
    assert attached("restricted", pod(), debug("a")) == (["a"], [])


def test_the_container_that_writes_the_hosts_file_obeys_every_standard() -> None:
    options = PodOptions(hosts_image="alpine")
    kind, context = under("restricted", pods=options)
    virtual = pod("hardened", subdomain="web")
    sent = plan(kind, virtual, None, context)[0]
    assert isinstance(sent, Create)
    assert len(sent.body["spec"]["initContainers"]) == 2
    assert broken_controls("restricted", sent.body) == {}


@pytest.mark.parametrize("source", ["hostPath", "local"])
def test_a_volume_that_is_a_place_on_the_node_is_not_created(source: str) -> None:
    volume = {"metadata": {"name": "pv", "uid": "u"}, "spec": {source: {"path": "/"}}}
    kind, context = under("baseline", "persistentvolumes")
    [message] = warnings(plan(kind, volume, None, context))
    assert source in message
    unchecked, context = under("privileged", "persistentvolumes")
    assert isinstance(plan(unchecked, volume, None, context)[0], Create)


def test_a_volume_elsewhere_is_created() -> None:
    nfs = {"nfs": {"server": "a", "path": "/"}}
    volume = {"metadata": {"name": "pv", "uid": "u"}, "spec": nfs}
    kind, context = under("restricted", "persistentvolumes")
    assert isinstance(plan(kind, volume, None, context)[0], Create)


def test_offline_translation_tells_why_a_pod_is_refused() -> None:
    cluster = replace(CLUSTER, pod_security="baseline")
    document = {"apiVersion": "v1", "kind": "Pod", **pod(hostPID=True)}
    made = translate_documents([document], [], cluster)
    assert made.objects == ()
    [(_, reason)] = made.skipped
    assert "host namespaces (hostPID=true)" in reason
