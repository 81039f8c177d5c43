"""Deleting: preconditions, finalizers, grace periods, collections, namespaces."""

from __future__ import annotations

from tests.conformance.api import Api, config_map, pod


async def test_a_deleted_object_is_gone_and_its_uid_confirmed(api: Api) -> None:
    created = await api.post(api.path("configmaps"), config_map("a"))
    answer = await api.delete(api.path("configmaps", "a"))
    assert (answer.code, answer.body["status"]) == (200, "Success")
    assert answer.body["details"]["uid"] == created.metadata["uid"]
    assert (await api.get(api.path("configmaps", "a"))).code == 404


async def test_deleting_what_is_not_there_is_not_found(api: Api) -> None:
    assert (await api.delete(api.path("configmaps", "a"))).code == 404


async def test_another_uid_than_the_precondition_s_conflicts(api: Api) -> None:
    await api.post(api.path("configmaps"), config_map("a"))
    answer = await api.delete(api.path("configmaps", "a"), {"preconditions": {"uid": "x"}})
    assert (answer.code, answer.reason) == (409, "Conflict")
    assert "the UID in the precondition (x) does not match" in answer.message
    assert (await api.get(api.path("configmaps", "a"))).code == 200


async def test_another_version_than_the_precondition_s_conflicts(api: Api) -> None:
    await api.post(api.path("configmaps"), config_map("a"))
    options = {"preconditions": {"resourceVersion": "1"}}
    answer = await api.delete(api.path("configmaps", "a"), options)
    assert (answer.code, answer.reason) == (409, "Conflict")


async def test_a_finalizer_keeps_a_deleted_object(api: Api) -> None:
    metadata = {"name": "a", "finalizers": ["example.com/f"]}
    await api.post(api.path("configmaps"), {"metadata": metadata})
    answer = await api.delete(api.path("configmaps", "a"))
    assert (answer.code, answer.body["kind"]) == (200, "ConfigMap")
    assert answer.metadata["deletionTimestamp"]
    patched = await api.patch(api.path("configmaps", "a"), {"metadata": {"finalizers": None}})
    assert patched.code == 200
    assert (await api.get(api.path("configmaps", "a"))).code == 404


async def test_no_finalizer_can_be_added_to_a_deleted_object(api: Api) -> None:
    metadata = {"name": "a", "finalizers": ["example.com/f"]}
    await api.post(api.path("configmaps"), {"metadata": metadata})
    await api.delete(api.path("configmaps", "a"))
    more = {"metadata": {"finalizers": ["example.com/f", "example.com/g"]}}
    answer = await api.patch(api.path("configmaps", "a"), more)
    assert answer.code == 422
    assert "metadata.finalizers" in answer.fields


async def test_a_dry_run_deletes_nothing(api: Api) -> None:
    await api.post(api.path("configmaps"), config_map("a"))
    assert (await api.delete(api.path("configmaps", "a") + "?dryRun=All")).code == 200
    assert (await api.get(api.path("configmaps", "a"))).code == 200


async def test_an_unscheduled_pod_goes_at_once(api: Api) -> None:
    await api.post(api.path("pods"), pod("a"))
    assert (await api.delete(api.path("pods", "a"))).code == 200
    assert (await api.get(api.path("pods", "a"))).code == 404


async def test_a_scheduled_pod_stays_for_its_grace_period(api: Api) -> None:
    await api.post(api.path("pods"), pod("a", nodeName="n", terminationGracePeriodSeconds=40))
    answer = await api.delete(api.path("pods", "a"))
    assert answer.metadata["deletionGracePeriodSeconds"] == 40
    assert answer.metadata["generation"] == 2
    assert (await api.get(api.path("pods", "a"))).metadata["deletionTimestamp"]


async def test_a_grace_period_can_be_shortened_but_not_extended(api: Api) -> None:
    await api.post(api.path("pods"), pod("a", nodeName="n"))
    first = await api.delete(api.path("pods", "a"), {"gracePeriodSeconds": 20})
    longer = await api.delete(api.path("pods", "a"), {"gracePeriodSeconds": 60})
    assert longer.metadata["deletionTimestamp"] == first.metadata["deletionTimestamp"]
    shorter = await api.delete(api.path("pods", "a"), {"gracePeriodSeconds": 5})
    assert shorter.metadata["deletionGracePeriodSeconds"] == 5
    assert shorter.metadata["deletionTimestamp"] < first.metadata["deletionTimestamp"]


async def test_a_grace_period_of_zero_ends_a_pod(api: Api) -> None:
    await api.post(api.path("pods"), pod("a", nodeName="n"))
    await api.delete(api.path("pods", "a"))
    answer = await api.delete(api.path("pods", "a") + "?gracePeriodSeconds=0")
    assert (answer.code, answer.body["kind"]) == (200, "Pod")
    assert (await api.get(api.path("pods", "a"))).code == 404


async def test_a_finalizer_keeps_a_pod_whose_grace_period_is_over(api: Api) -> None:
    kept = pod("a", nodeName="n")
    kept["metadata"]["finalizers"] = ["example.com/f"]
    await api.post(api.path("pods"), kept)
    await api.delete(api.path("pods", "a"), {"gracePeriodSeconds": 0})
    assert (await api.get(api.path("pods", "a"))).metadata["deletionGracePeriodSeconds"] == 0
    await api.patch(api.path("pods", "a"), {"metadata": {"finalizers": None}})
    assert (await api.get(api.path("pods", "a"))).code == 404


async def test_a_collection_is_deleted_by_selector(api: Api) -> None:
    for name in ("a", "b"):
        await api.post(api.path("configmaps"), {"metadata": {"name": name, "labels": {"n": name}}})
    answer = await api.delete(api.path("configmaps") + "?labelSelector=n=a")
    assert (answer.code, answer.body["kind"]) == (200, "ConfigMapList")
    left = (await api.get(api.path("configmaps"))).body["items"]
    assert [item["metadata"]["name"] for item in left] == ["b"]


async def test_a_deleted_namespace_is_terminating_and_takes_nothing_new(api: Api) -> None:
    answer = await api.delete(f"/api/v1/namespaces/{api.namespace}")
    assert answer.body["status"]["phase"] == "Terminating"
    refused = await api.post(api.path("configmaps"), config_map("a"))
    assert (refused.code, refused.reason) == (403, "Forbidden")
    assert refused.body["details"]["causes"][0]["reason"] == "NamespaceTerminating"


async def test_a_namespace_goes_when_its_last_finalizer_does(api: Api) -> None:
    await api.end_namespace()
    assert (await api.get(f"/api/v1/namespaces/{api.namespace}")).code == 404


async def test_the_default_namespace_may_not_be_deleted(api: Api) -> None:
    answer = await api.delete("/api/v1/namespaces/default")
    assert (answer.code, answer.reason) == (403, "Forbidden")
