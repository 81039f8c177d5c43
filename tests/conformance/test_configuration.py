"""ConfigMaps, Secrets, service accounts and their tokens."""

from __future__ import annotations

import base64
import json

from tests.conformance.api import Api, Object, config_map, pod


async def test_string_data_is_encoded_and_forgotten(api: Api) -> None:
    secret = {"metadata": {"name": "a"}, "stringData": {"key": "value"}}
    body = (await api.post(api.path("secrets"), secret)).body
    assert (body["data"], body["type"]) == ({"key": "dmFsdWU="}, "Opaque")
    assert "stringData" not in body


async def test_data_that_is_not_base64_is_refused(api: Api) -> None:
    secret = {"metadata": {"name": "a"}, "data": {"key": "!"}}
    assert (await api.post(api.path("secrets"), secret)).code == 400


async def test_the_type_of_a_secret_may_not_change(api: Api) -> None:
    await api.post(api.path("secrets"), {"metadata": {"name": "a"}})
    answer = await api.patch(api.path("secrets", "a"), {"type": "example.com/other"})
    assert (answer.code, answer.fields) == (422, ["type"])


async def test_a_tls_secret_needs_its_keys(api: Api) -> None:
    secret = {"metadata": {"name": "a"}, "type": "kubernetes.io/tls"}
    answer = await api.post(api.path("secrets"), secret)
    assert (answer.code, answer.fields) == (422, ["data[tls.crt]", "data[tls.key]"])


async def test_an_immutable_config_map_stays_as_it_is(api: Api) -> None:
    await api.post(api.path("configmaps"), config_map("a", key="1") | {"immutable": True})
    changed = await api.patch(api.path("configmaps", "a"), {"data": {"key": "2"}})
    assert (changed.code, changed.fields) == (422, ["data"])
    assert "field is immutable when `immutable` is set" in changed.message
    freed = await api.patch(api.path("configmaps", "a"), {"immutable": False})
    assert (freed.code, freed.fields) == (422, ["immutable"])
    labelled = await api.patch(api.path("configmaps", "a"), {"metadata": {"labels": {"a": "b"}}})
    assert labelled.code == 200


async def test_an_immutable_secret_stays_as_it_is(api: Api) -> None:
    await api.post(api.path("secrets"), {"metadata": {"name": "a"}, "immutable": True})
    answer = await api.patch(api.path("secrets", "a"), {"data": {"key": "dmFsdWU="}})
    assert (answer.code, answer.fields) == (422, ["data"])


async def test_a_key_with_a_blank_is_refused(api: Api) -> None:
    wanted = {"metadata": {"name": "a"}, "data": {"a b": "1"}}
    answer = await api.post(api.path("configmaps"), wanted)
    assert (answer.code, answer.fields) == (422, ["data[a b]"])


def _claims(token: str) -> Object:
    payload = token.split(".")[1]
    claims: Object = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


async def test_a_token_names_its_account_and_audience_and_expires(api: Api) -> None:
    await api.post(api.path("serviceaccounts"), {"metadata": {"name": "builder"}})
    path = api.path("serviceaccounts", "builder", "token")
    answer = await api.post(path, {"spec": {"audiences": ["vault"], "expirationSeconds": 600}})
    assert (answer.code, answer.body["kind"]) == (201, "TokenRequest")
    claims = _claims(answer.body["status"]["token"])
    assert claims["sub"] == f"system:serviceaccount:{api.namespace}:builder"
    assert (claims["aud"], claims["exp"] - claims["iat"]) == (["vault"], 600)


async def test_a_token_can_be_bound_to_a_pod_of_the_account(api: Api) -> None:
    await api.post(api.path("serviceaccounts"), {"metadata": {"name": "builder"}})
    created = await api.post(api.path("pods"), pod("a", serviceAccountName="builder"))
    bound = {"kind": "Pod", "apiVersion": "v1", "name": "a", "uid": created.metadata["uid"]}
    path = api.path("serviceaccounts", "builder", "token")
    answer = await api.post(path, {"spec": {"boundObjectRef": bound}})
    claims = _claims(answer.body["status"]["token"])["kubernetes.io"]
    assert claims["pod"] == {"name": "a", "uid": created.metadata["uid"]}


async def test_a_token_can_not_be_bound_to_what_is_not_there(api: Api) -> None:
    await api.post(api.path("serviceaccounts"), {"metadata": {"name": "builder"}})
    bound = {"kind": "Pod", "apiVersion": "v1", "name": "missing"}
    path = api.path("serviceaccounts", "builder", "token")
    assert (await api.post(path, {"spec": {"boundObjectRef": bound}})).code == 404


async def test_a_token_can_not_be_bound_to_a_predecessor(api: Api) -> None:
    await api.post(api.path("serviceaccounts"), {"metadata": {"name": "builder"}})
    await api.post(api.path("pods"), pod("a", serviceAccountName="builder"))
    bound = {"kind": "Pod", "apiVersion": "v1", "name": "a", "uid": "gone"}
    path = api.path("serviceaccounts", "builder", "token")
    answer = await api.post(path, {"spec": {"boundObjectRef": bound}})
    assert (answer.code, answer.reason) == (409, "Conflict")


async def test_a_token_lives_ten_minutes_at_least(api: Api) -> None:
    await api.post(api.path("serviceaccounts"), {"metadata": {"name": "builder"}})
    path = api.path("serviceaccounts", "builder", "token")
    answer = await api.post(path, {"spec": {"expirationSeconds": 60}})
    assert (answer.code, answer.fields) == (422, ["spec.expirationSeconds"])


async def test_events_are_the_same_in_both_groups(api: Api) -> None:
    about = {"kind": "Pod", "namespace": api.namespace, "name": "a"}
    event = {"metadata": {"name": "e"}, "involvedObject": about, "message": "hello"}
    assert (await api.post(api.path("events"), event | {"type": "Warning"})).code == 201
    seen = (await api.get(api.path("events", "e", group="events.k8s.io/v1"))).body
    assert (seen["regarding"], seen["note"]) == (about, "hello")
    query = "?fieldSelector=involvedObject.name=a,type=Warning"
    assert len((await api.get(api.path("events") + query)).body["items"]) == 1


async def test_an_event_about_another_namespace_is_refused(api: Api) -> None:
    about = {"kind": "Pod", "namespace": "elsewhere", "name": "a"}
    answer = await api.post(
        api.path("events"), {"metadata": {"name": "e"}, "involvedObject": about}
    )
    assert (answer.code, answer.fields) == (422, ["involvedObject.namespace"])
