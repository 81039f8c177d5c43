"""Creating and replacing objects of any kind."""

from __future__ import annotations

from tests.conformance.api import Api, config_map, pod


async def test_a_created_object_gets_an_identity_and_keeps_its_data(api: Api) -> None:
    answer = await api.post(api.path("configmaps"), config_map("a", key="value"))
    assert answer.code == 201
    assert answer.body["kind"] == "ConfigMap"
    assert answer.body["data"] == {"key": "value"}
    assert {"uid", "resourceVersion", "creationTimestamp"} <= answer.metadata.keys()
    assert answer.metadata["namespace"] == api.namespace


async def test_a_second_object_of_the_same_name_is_refused(api: Api) -> None:
    await api.post(api.path("configmaps"), config_map("a"))
    answer = await api.post(api.path("configmaps"), config_map("a"))
    assert (answer.code, answer.reason) == (409, "AlreadyExists")
    assert answer.body["details"] == {"name": "a", "kind": "configmaps"}


async def test_generate_name_makes_up_a_name(api: Api) -> None:
    answer = await api.post(api.path("configmaps"), {"metadata": {"generateName": "made-"}})
    assert answer.code == 201
    assert answer.metadata["name"].startswith("made-")
    assert len(answer.metadata["name"]) == len("made-") + 5


async def test_an_object_without_a_name_is_refused(api: Api) -> None:
    answer = await api.post(api.path("configmaps"), {"metadata": {}})
    assert (answer.code, answer.fields) == (422, ["metadata.name"])


async def test_a_name_with_capitals_is_refused(api: Api) -> None:
    answer = await api.post(api.path("configmaps"), config_map("Capital"))
    assert (answer.code, answer.reason) == (422, "Invalid")
    assert answer.fields == ["metadata.name"]


async def test_a_label_value_longer_than_63_is_refused(api: Api) -> None:
    labelled = {"metadata": {"name": "a", "labels": {"key": "x" * 64}}}
    answer = await api.post(api.path("configmaps"), labelled)
    assert (answer.code, answer.fields) == (422, ["metadata.labels"])


async def test_a_namespace_that_does_not_exist_takes_nothing(api: Api) -> None:
    answer = await api.post("/api/v1/namespaces/nowhere/configmaps", config_map("a"))
    assert (answer.code, answer.body["details"]["kind"]) == (404, "namespaces")


async def test_a_namespace_other_than_the_url_s_is_refused(api: Api) -> None:
    elsewhere = {"metadata": {"name": "a", "namespace": "elsewhere"}}
    assert (await api.post(api.path("configmaps"), elsewhere)).code == 400


async def test_a_resource_version_may_not_be_set_on_creation(api: Api) -> None:
    versioned = {"metadata": {"name": "a", "resourceVersion": "5"}}
    answer = await api.post(api.path("configmaps"), versioned)
    assert answer.code == 500
    assert answer.message == "resourceVersion should not be set on objects to be created"


async def test_what_the_server_writes_is_ignored_on_creation(api: Api) -> None:
    claimed = {"name": "a", "uid": "mine", "generation": 7, "deletionGracePeriodSeconds": 5}
    answer = await api.post(api.path("pods"), pod("a") | {"metadata": claimed})
    assert (answer.metadata["uid"] != "mine", answer.metadata["generation"]) == (True, 1)
    assert "deletionGracePeriodSeconds" not in answer.metadata


async def test_an_update_moves_the_resource_version(api: Api) -> None:
    created = (await api.post(api.path("configmaps"), config_map("a", key="1"))).body
    updated = await api.put(api.path("configmaps", "a"), created | {"data": {"key": "2"}})
    assert updated.code == 200
    assert updated.body["data"] == {"key": "2"}
    before = int(created["metadata"]["resourceVersion"])
    assert int(updated.metadata["resourceVersion"]) > before


async def test_an_update_that_changes_nothing_is_no_write(api: Api) -> None:
    created = (await api.post(api.path("configmaps"), config_map("a", key="1"))).body
    updated = await api.put(api.path("configmaps", "a"), created)
    assert updated.metadata["resourceVersion"] == created["metadata"]["resourceVersion"]


async def test_an_update_of_an_old_version_conflicts(api: Api) -> None:
    created = (await api.post(api.path("configmaps"), config_map("a", key="1"))).body
    await api.patch(api.path("configmaps", "a"), {"data": {"key": "2"}})
    answer = await api.put(api.path("configmaps", "a"), created)
    assert (answer.code, answer.reason) == (409, "Conflict")
    assert "the object has been modified" in answer.message


async def test_an_update_without_a_version_overwrites(api: Api) -> None:
    await api.post(api.path("configmaps"), config_map("a", key="1"))
    answer = await api.put(api.path("configmaps", "a"), config_map("a", key="2"))
    assert (answer.code, answer.body["data"]) == (200, {"key": "2"})


async def test_an_update_for_another_uid_conflicts(api: Api) -> None:
    await api.post(api.path("configmaps"), config_map("a"))
    other = {"metadata": {"name": "a", "uid": "00000000-0000-0000-0000-000000000000"}}
    answer = await api.put(api.path("configmaps", "a"), other)
    assert (answer.code, answer.reason) == (409, "Conflict")
    assert "Precondition failed: UID in precondition" in answer.message


async def test_an_update_under_another_name_is_refused(api: Api) -> None:
    await api.post(api.path("configmaps"), config_map("a"))
    assert (await api.put(api.path("configmaps", "a"), config_map("b"))).code == 400


async def test_an_update_of_what_is_not_there_is_not_found(api: Api) -> None:
    assert (await api.put(api.path("configmaps", "a"), config_map("a"))).code == 404


async def test_only_what_is_asked_for_counts_as_a_generation(api: Api) -> None:
    path = api.path("pods", "a")
    assert (await api.post(api.path("pods"), pod("a"))).metadata["generation"] == 1
    labelled = await api.patch(path, {"metadata": {"labels": {"a": "b"}}})
    assert labelled.metadata["generation"] == 1
    limited = await api.patch(path, {"spec": {"activeDeadlineSeconds": 60}})
    assert limited.metadata["generation"] == 2


async def test_a_dry_run_answers_and_stores_nothing(api: Api) -> None:
    answer = await api.post(api.path("pods") + "?dryRun=All", pod("a"))
    assert answer.code == 201
    assert answer.body["spec"]["restartPolicy"] == "Always"
    assert (await api.get(api.path("pods", "a"))).code == 404


async def test_unknown_fields_are_dropped(api: Api) -> None:
    answer = await api.post(api.path("pods"), pod("a", invented=1))
    assert answer.code == 201
    assert "invented" not in answer.body["spec"]


async def test_unknown_fields_are_refused_when_asked_to(api: Api) -> None:
    path = api.path("pods") + "?fieldValidation=Strict"
    answer = await api.post(path, pod("a", invented=1))
    assert answer.code == 400
    assert 'unknown field "spec.invented"' in answer.message


async def test_a_value_of_the_wrong_type_is_refused(api: Api) -> None:
    answer = await api.post(api.path("pods"), pod("a", hostname=5))
    assert answer.code == 400
    assert "cannot unmarshal number into Go struct field PodSpec.spec.hostname" in answer.message


async def test_empty_optional_fields_are_as_good_as_absent(api: Api) -> None:
    empty = pod("a", hostNetwork=False, nodeSelector={}, hostname="", imagePullSecrets=[])
    answer = await api.post(api.path("pods"), empty)
    dropped = {"hostNetwork", "nodeSelector", "hostname", "imagePullSecrets"}
    assert not dropped & answer.body["spec"].keys()


async def test_quantities_come_back_in_their_canonical_form(api: Api) -> None:
    limits = {"cpu": "1000m", "memory": "1024Mi"}
    container = {"name": "main", "image": "nginx", "resources": {"limits": limits}}
    answer = await api.post(api.path("pods"), pod("a", containers=[container]))
    given = answer.body["spec"]["containers"][0]["resources"]["limits"]
    assert given == {"cpu": "1", "memory": "1Gi"}
