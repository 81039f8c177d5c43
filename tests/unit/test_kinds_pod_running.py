"""What changes of a pod that runs: by subresources, and what is told of it."""

import pytest

from common.cluster import Cluster
from common.context import Context, Related
from common.objects import Obj, annotations
from common.pod.claims import translate_claims, wait_for_claims
from common.pod.ephemeral import ephemeral_down
from common.pod.readiness import gates, readiness_down
from common.pod.resize import resize_down, resources_text
from common.pod.status import virtual_status
from common.references import pod_names

CONTEXT = Context(Cluster("v", "h", enabled=frozenset({"pods", "secrets", "resourceclaims"})))


def pod(spec: Obj, status: Obj | None = None, **notes: str) -> Obj:
    keyed = {f"vcluster.loft.sh/sent-{key}": value for key, value in notes.items()}
    metadata = {"name": "a", "namespace": "ns", "uid": "u", "annotations": keyed}
    return {"metadata": metadata, "spec": spec, "status": status or {}}


def sized(**resources: Obj) -> Obj:
    return {"containers": [{"name": "c", "resources": resources}]}


def test_a_pod_that_asks_for_nothing_has_nothing_to_remember() -> None:
    assert resources_text(pod({"containers": [{"name": "c", "resources": None}]})) == ""
    assert resources_text(pod(sized(requests={"nvidia.com/gpu": 1}, limits={}))) == ""


@pytest.mark.parametrize("damaged", ["nonsense", "[]", "null"])
def test_a_damaged_memory_costs_one_more_resize(damaged: str) -> None:
    virtual = pod(sized(requests={"cpu": "2"}))
    host = pod(sized(requests={"cpu": "1"}), resources=damaged)
    resize, remember = resize_down(virtual, host, CONTEXT)
    assert resize.patch["spec"]["containers"][0]["resources"] == {"requests": {"cpu": "2"}}  # type: ignore[union-attr]
    assert annotations(remember.patch) == {  # type: ignore[union-attr]
        "vcluster.loft.sh/sent-resources": '{"c":{"requests":{"cpu":"2"}}}'
    }


def test_what_was_never_remembered_and_is_there_is_left_alone() -> None:
    assert (
        resize_down(pod(sized(limits={"cpu": "1"})), pod(sized(limits={"cpu": 1})), CONTEXT) == []
    )


def test_a_size_of_the_whole_pod_is_resized_too() -> None:
    virtual = pod({"resources": {"requests": {"cpu": "2"}}, "containers": []})
    host = pod({"resources": {"requests": {"cpu": "1"}}, "containers": []})
    resize, _ = resize_down(virtual, host, CONTEXT)
    assert resize.patch == {"spec": {"resources": {"requests": {"cpu": "2"}}}}  # type: ignore[union-attr]


def test_a_taken_back_size_is_forgotten_and_nothing_sent() -> None:
    host = pod(sized(requests={"cpu": "1"}), resources='{"c":{"requests":{"cpu":"1"}}}')
    (remember,) = resize_down(pod(sized()), host, CONTEXT)
    assert annotations(remember.patch) == {"vcluster.loft.sh/sent-resources": None}  # type: ignore[union-attr]


def test_gates_without_conditions_say_nothing() -> None:
    gated = {"readinessGates": [{"conditionType": "gate"}]}
    assert readiness_down(pod(gated), pod(gated, {"conditions": [{"type": "gate"}]}), CONTEXT) == []


def test_a_condition_that_came_with_another_generation_or_empty_texts_is_the_same() -> None:
    gated = {"readinessGates": [{"conditionType": "gate"}]}
    own = {"type": "gate", "status": "True", "message": "", "observedGeneration": 3}
    virtual = pod(gated, {"conditions": [own]})
    host = pod(gated, {"conditions": [{"type": "gate", "status": "True"}]}, conditions="gate")
    assert readiness_down(virtual, host, CONTEXT) == []


def test_a_gate_is_never_what_kubelets_say() -> None:
    named = ("Ready", "PodScheduled", "example.com/gate")
    spec = {"readinessGates": [{"conditionType": name} for name in named]}
    assert gates(pod(spec)) == {"example.com/gate"}


def test_a_host_condition_of_a_gate_does_not_come_up() -> None:
    gated = {"readinessGates": [{"conditionType": "gate"}]}
    host = pod({}, {"conditions": [{"type": "gate", "status": "True"}]})
    assert "conditions" not in virtual_status(pod(gated), host, CONTEXT)


def test_an_ephemeral_container_uses_the_name_that_the_host_tells() -> None:
    context = Context(
        CONTEXT.cluster, Related(host_names={"secrets ns/a-x-b": "a-x-b-hashed-0123456789"})
    )
    added = {"name": "e", "image": "i", "envFrom": [{"secretRef": {"name": "a-x-b"}}]}
    (patch,) = ephemeral_down(pod({"ephemeralContainers": [added]}), pod({}), context)
    sent = patch.patch["spec"]["ephemeralContainers"][0]  # type: ignore[union-attr]
    assert sent["envFrom"] == [{"secretRef": {"name": "a-x-b-hashed-0123456789"}}]


def test_an_ephemeral_container_gets_the_variables_that_any_container_was_given() -> None:
    """Less those that it takes from elsewhere itself; one container may lack what another has."""
    host, port = {"name": "DB_HOST", "value": "1.1.1.1"}, {"name": "DB_PORT", "value": "tcp://"}
    own = {"name": "DB_PORT", "value": "mine"}
    virtual: Obj = {"containers": [{"name": "a", "env": [own]}, {"name": "b"}]}
    there: Obj = {"containers": [{"name": "a", "env": [own]}, {"name": "b", "env": [host, port]}]}
    source = {"prefix": "DB_", "configMapRef": {"name": "s"}}
    virtual["ephemeralContainers"] = [{"name": "e"}, {"name": "f", "envFrom": [source]}]
    related = Related(env_keys={"configmaps ns/s": frozenset({"HOST"})})
    (patch,) = ephemeral_down(pod(virtual), pod(there), Context(CONTEXT.cluster, related))
    sent = patch.patch["spec"]["ephemeralContainers"]  # type: ignore[union-attr]
    assert [each["env"] for each in sent] == [[host, port], [port]]


def test_a_claim_that_was_not_needed_is_waited_for_no_longer_than_its_status() -> None:
    claims = {"resourceClaims": [{"name": "gpu", "resourceClaimTemplateName": "t"}]}
    assert wait_for_claims(pod(claims), CONTEXT) == "waits for the claim from template t"
    made = {"resourceClaimStatuses": [{"name": "gpu", "resourceClaimName": "made"}]}
    assert wait_for_claims(pod(claims, made), CONTEXT) == ""


def test_claims_keep_what_else_is_said_of_them() -> None:
    virtual = pod({"resourceClaims": [{"name": "gpu", "resourceClaimName": "c", "new": 1}]})
    (claim,) = translate_claims(virtual, CONTEXT, lambda plural, name: f"{plural}/{name}")
    assert claim == {"name": "gpu", "resourceClaimName": "resourceclaims/c", "new": 1}


def test_a_pod_names_its_account_class_and_claims() -> None:
    claims = [
        {"name": "a", "resourceClaimName": "c"},
        {"name": "b", "resourceClaimTemplateName": "t"},
    ]
    spec = {"resourceClaims": claims, "serviceAccountName": "s", "priorityClassName": "p"}
    made = {"resourceClaimStatuses": [{"name": "b", "resourceClaimName": "made"}]}
    assert {ref.member for ref in pod_names(pod(spec, made))} == {
        "serviceaccounts ns/s",
        "resourceclaims ns/c",
        "resourceclaims ns/made",
        "resourceclaimtemplates ns/t",
        "priorityclasses p",
    }


def test_mounts_of_volumes_that_the_host_added_are_not_told() -> None:
    virtual = pod({"containers": [{"name": "c"}], "volumes": [{"name": "data"}]})
    mounts = [{"name": "data"}, {"name": "vcluster-rewrite-hosts"}]
    host = pod({}, {"containerStatuses": [{"name": "c", "image": "i", "volumeMounts": mounts}]})
    (told,) = virtual_status(virtual, host, CONTEXT)["containerStatuses"]
    assert told["volumeMounts"] == [{"name": "data"}]
