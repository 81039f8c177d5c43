"""Admission webhooks: who is asked what, and what becomes of the answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.conformance.api import Api, Object, config_map, pod
from tests.e2e.webhooks import (
    MUTATING,
    VALIDATING,
    Answer,
    WebhookServer,
    denial,
    in_namespace,
    merged_into,
    rule,
    webhook_server,
    with_sidecar,
)

EVERYTHING = rule("configmaps", "pods", operations=("CREATE", "UPDATE", "DELETE"))
SIDECAR = {"name": "sidecar", "image": "proxy:1"}


@dataclass
class Hooks:
    """Webhooks for one namespace; none is in force before `add` returns."""

    api: Api
    server: WebhookServer
    configurations: list[str] = field(default_factory=list)

    async def mutate(self, path: str, answer: Answer, **fields: Any) -> None:
        await self.add(MUTATING, self.hook(path, answer, **fields))

    async def validate(self, path: str, answer: Answer, **fields: Any) -> None:
        await self.add(VALIDATING, self.hook(path, answer, **fields))

    def hook(self, path: str, answer: Answer, **fields: Any) -> Object:
        chosen = {"namespaceSelector": in_namespace(self.api.namespace)} | fields
        rules = chosen.pop("rules", [EVERYTHING])
        return self.server.hook(path, answer, rules, **chosen)

    async def add(self, collection: str, *hooks: Object) -> None:
        name = f"{self.api.namespace}-{len(self.configurations)}"
        body = {"metadata": {"name": name}, "webhooks": list(hooks)}
        answer = await self.api.post(collection, body)
        assert answer.code == 201, answer.message
        self.configurations.append(f"{collection}/{name}")
        told = [hook for hook in hooks if hook.get("failurePolicy") != "Ignore"]
        await self._in_force([hook["clientConfig"]["url"].rpartition("/")[2] for hook in told])

    async def _in_force(self, paths: list[str]) -> None:
        """A real server hears of configurations a little later."""
        for _ in range(100):
            probe = config_map("probe") | {"metadata": {"name": "probe", "labels": {"a": "b"}}}
            answer = await self.api.post(self.api.path("configmaps") + "?dryRun=All", probe)
            if answer.code == 500 or all(self.server.dry_runs.get(path) for path in paths):
                return
            await asyncio.sleep(0.1)
        raise TimeoutError(paths)


@pytest.fixture
async def hooks(api: Api) -> AsyncIterator[Hooks]:
    async with webhook_server() as server:
        made = Hooks(api, server)
        yield made
        for path in made.configurations:
            await api.delete(path)


def allow(_: Object) -> list[Object]:
    return []


def inject(request: Object) -> list[Object]:
    """A label and an annotation always, a container into new pods."""
    return [
        *with_sidecar(request, SIDECAR),
        *merged_into(request, "labels", {"injected": "yes"}),
        *merged_into(request, "annotations", {"injector.example.com/at": "1"}),
    ]


async def test_a_new_object_is_stored_as_the_webhook_wants_it(api: Api, hooks: Hooks) -> None:
    await hooks.mutate("inject", inject)
    answer = await api.post(api.path("pods"), pod("a"))
    assert answer.code == 201
    stored = (await api.get(api.path("pods", "a"))).body
    assert stored["metadata"]["labels"] == {"injected": "yes"}
    assert stored["metadata"]["annotations"] == {"injector.example.com/at": "1"}
    names = [container["name"] for container in stored["spec"]["containers"]]
    assert names == ["main", "sidecar"]
    assert stored["spec"]["containers"][1]["imagePullPolicy"] == "IfNotPresent"


async def test_an_update_is_stored_as_the_webhook_wants_it(api: Api, hooks: Hooks) -> None:
    await api.post(api.path("configmaps"), config_map("a", key="1"))
    await hooks.mutate("inject", inject)
    answer = await api.patch(api.path("configmaps", "a"), {"data": {"key": "2"}})
    assert answer.body["data"] == {"key": "2"}
    assert answer.metadata["labels"] == {"injected": "yes"}


async def test_a_patch_that_the_webhook_undoes_is_no_write(api: Api, hooks: Hooks) -> None:
    await hooks.mutate("inject", inject)
    created = await api.post(api.path("configmaps"), config_map("a"))
    away = {"metadata": {"labels": None}}
    answer = await api.patch(api.path("configmaps", "a"), away)
    assert answer.metadata["labels"] == {"injected": "yes"}
    assert answer.metadata["resourceVersion"] == created.metadata["resourceVersion"]
    assert len(hooks.server.writes("inject", "configmaps", "a")) == 2


async def test_an_unchanged_object_is_shown_too(api: Api, hooks: Hooks) -> None:
    await api.post(api.path("configmaps"), config_map("a", key="1"))
    await hooks.mutate("inject", inject)
    answer = await api.patch(api.path("configmaps", "a"), {"data": {"key": "1"}})
    assert answer.metadata["labels"] == {"injected": "yes"}


async def test_a_review_says_what_is_written_by_whom(api: Api, hooks: Hooks) -> None:
    await hooks.validate("look", allow)
    await api.post(api.path("configmaps"), config_map("a", key="1"))
    await api.patch(api.path("configmaps", "a"), {"data": {"key": "2"}})
    await api.delete(api.path("configmaps", "a"))
    created, updated, deleted = hooks.server.seen["look"]
    assert created["kind"] == {"group": "", "version": "v1", "kind": "ConfigMap"}
    assert created["resource"] == {"group": "", "version": "v1", "resource": "configmaps"}
    assert (created["name"], created["namespace"]) == ("a", api.namespace)
    assert [one["operation"] for one in (created, updated, deleted)] == [
        "CREATE",
        "UPDATE",
        "DELETE",
    ]
    assert created["userInfo"]["username"] == "admin"
    assert created["object"]["kind"] == "ConfigMap"
    assert created["object"]["metadata"]["uid"]
    assert (created["dryRun"], created["oldObject"]) == (False, None)
    assert updated["oldObject"]["data"] == {"key": "1"}
    assert updated["object"]["data"] == {"key": "2"}
    assert (deleted["object"], deleted["oldObject"]["data"]) == (None, {"key": "2"})


async def test_a_new_object_has_no_uid_before_it_was_mutated(api: Api, hooks: Hooks) -> None:
    await hooks.mutate("look", allow)
    await api.post(api.path("configmaps"), {"metadata": {"generateName": "a-"}})
    metadata = hooks.server.seen["look"][0]["object"]["metadata"]
    assert "uid" not in metadata
    assert "name" not in metadata


async def test_a_generated_name_is_the_same_for_validation_and_storage(
    api: Api, hooks: Hooks
) -> None:
    await hooks.validate("look", allow)
    answer = await api.post(api.path("configmaps"), {"metadata": {"generateName": "a-"}})
    shown = hooks.server.seen["look"][0]["object"]["metadata"]
    assert shown["name"] == answer.metadata["name"]
    assert shown["uid"] == answer.metadata["uid"]


@pytest.mark.parametrize("way", ["mutate", "validate"])
async def test_a_denial_says_who_and_why(api: Api, hooks: Hooks, way: str) -> None:
    await getattr(hooks, way)("deny", lambda _: denial("not today"))
    answer = await api.post(api.path("configmaps"), config_map("a"))
    assert answer.code == 403
    told = 'admission webhook "deny.tests.example.com" denied the request: not today'
    assert (answer.body["status"], answer.message) == ("Failure", told)
    assert (await api.get(api.path("configmaps", "a"))).code == 404


async def test_a_denial_without_a_reason_is_a_bad_request(api: Api, hooks: Hooks) -> None:
    await hooks.validate("deny", lambda _: {"allowed": False})
    answer = await api.post(api.path("configmaps"), config_map("a"))
    assert answer.code == 400
    told = 'admission webhook "deny.tests.example.com" denied the request without explanation'
    assert answer.message == told


async def test_a_deletion_can_be_denied(api: Api, hooks: Hooks) -> None:
    await api.post(api.path("configmaps"), config_map("a"))
    rules = [rule("configmaps"), rule("configmaps", operations=["DELETE"])]

    def keep(request: Object) -> Any:
        return denial("keep it") if request["operation"] == "DELETE" else []

    await hooks.validate("keep", keep, rules=rules)
    answer = await api.delete(api.path("configmaps", "a"))
    assert (answer.code, answer.message.endswith("denied the request: keep it")) == (403, True)
    assert (await api.get(api.path("configmaps", "a"))).code == 200


async def test_a_webhook_that_cannot_be_reached_refuses_every_write(api: Api, hooks: Hooks) -> None:
    dead = hooks.hook("dead", allow)
    dead["clientConfig"]["url"] = "https://127.0.0.1:1/dead"
    await hooks.add(MUTATING, dead)
    answer = await api.post(api.path("configmaps"), config_map("a"))
    assert (answer.code, answer.reason) == (500, "InternalError")
    told = 'Internal error occurred: failed calling webhook "dead.tests.example.com": '
    assert answer.message.startswith(told + "failed to call webhook: Post")


async def test_a_failing_webhook_may_be_ignored(api: Api, hooks: Hooks) -> None:
    dead = hooks.hook("dead", allow, failurePolicy="Ignore")
    dead["clientConfig"]["url"] = "https://127.0.0.1:1/dead"
    await hooks.add(MUTATING, hooks.hook("alive", allow), dead | {"name": "dead.example.com.a"})
    assert (await api.post(api.path("configmaps"), config_map("a"))).code == 201


async def test_a_webhook_is_not_waited_for_longer_than_it_may_take(api: Api, hooks: Hooks) -> None:
    async def sleep(request: Object) -> list[Object]:
        await asyncio.sleep(0 if request["dryRun"] else 3)
        return []

    await hooks.mutate("slow", sleep, timeoutSeconds=1)
    answer = await api.post(api.path("configmaps"), config_map("a"))
    assert answer.code == 500
    assert "context deadline exceeded" in answer.message


async def test_other_requests_are_answered_while_a_webhook_thinks(api: Api, hooks: Hooks) -> None:
    async def look(request: Object) -> list[Object]:
        if not request["dryRun"]:
            assert (await api.get(api.path("configmaps", "other"))).code == 200
        return []

    await api.post(api.path("configmaps"), config_map("other"))
    await hooks.mutate("look", look)
    assert (await api.post(api.path("configmaps"), config_map("a"))).code == 201


async def test_a_patch_that_was_overtaken_is_made_to_the_new_object(api: Api, hooks: Hooks) -> None:
    path = api.path("configmaps", "a")

    async def overtake(request: Object) -> list[Object]:
        if request["name"] == "a" and not request["object"]["data"].get("quick"):
            await api.patch(path, {"data": {"quick": "1"}})
        return []

    await api.post(api.path("configmaps"), config_map("a", key="1"))
    await hooks.mutate("overtake", overtake)
    answer = await api.patch(path, {"data": {"slow": "1"}})
    assert answer.body["data"] == {"key": "1", "quick": "1", "slow": "1"}
    assert hooks.server.seen["overtake"][-1]["oldObject"]["data"] == {"key": "1", "quick": "1"}


async def test_parts_are_shown_to_those_who_ask_for_them(api: Api, hooks: Hooks) -> None:
    await hooks.validate("pods", allow)
    await hooks.validate("all", allow, rules=[rule("pods/*", "configmaps")])
    await hooks.validate("status", allow, rules=[rule("pods/status", "configmaps")])
    await api.post(api.path("pods"), pod("a"))
    await api.patch(api.path("pods", "a", "status"), {"status": {"phase": "Running"}})
    shown = {
        path: [request.get("subResource", "") for request in hooks.server.writes(path, "pods")]
        for path in ("pods", "all", "status")
    }
    assert shown == {"pods": [""], "all": ["", "status"], "status": ["status"]}


async def test_what_a_webhook_changes_beside_the_part_is_lost(api: Api, hooks: Hooks) -> None:
    def spoil(request: Object) -> list[Object]:
        path = "/spec/activeDeadlineSeconds"
        return [{"op": "add", "path": path, "value": 5}] if "subResource" in request else []

    await hooks.mutate("spoil", spoil, rules=[rule("pods/status", "configmaps")])
    await api.post(api.path("pods"), pod("a"))
    answer = await api.patch(api.path("pods", "a", "status"), {"status": {"phase": "Running"}})
    assert answer.code == 200
    assert "activeDeadlineSeconds" not in answer.body["spec"]


async def test_only_the_selected_objects_are_shown(api: Api, hooks: Hooks) -> None:
    labelled = {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b", "c"]}]}
    await hooks.validate("look", allow, objectSelector=labelled)
    await api.post(api.path("configmaps"), config_map("plain"))
    await api.post(api.path("configmaps"), {"metadata": {"name": "a", "labels": {"a": "c"}}})
    await api.patch(api.path("configmaps", "a"), {"metadata": {"labels": None}})
    await api.patch(api.path("configmaps", "a"), {"data": {"key": "1"}})
    shown = [(one["name"], one["operation"]) for one in hooks.server.seen["look"]]
    assert shown == [("a", "CREATE"), ("a", "UPDATE")]


async def test_other_namespaces_are_not_shown(api: Api, hooks: Hooks) -> None:
    await hooks.validate("look", allow)
    other = f"/api/v1/namespaces/default/configmaps/{api.namespace}"
    await api.post(other.rpartition("/")[0], config_map(api.namespace))
    await api.delete(other)
    assert hooks.server.seen["look"] == []


async def test_what_a_webhook_makes_is_validated(api: Api, hooks: Hooks) -> None:
    spoil = [{"op": "add", "path": "/metadata/labels", "value": {"a": "not a label"}}]
    await hooks.mutate("spoil", lambda _: spoil, rules=[rule("pods"), rule("configmaps")])
    answer = await api.post(api.path("pods"), pod("a"))
    assert (answer.code, answer.fields) == (422, ["metadata.labels"])


async def test_an_impossible_patch_is_an_internal_error(api: Api, hooks: Hooks) -> None:
    spoil = [{"op": "add", "path": "/metadata/nothing/here", "value": 1}]
    await hooks.mutate("spoil", lambda request: [] if request["dryRun"] else spoil)
    answer = await api.post(api.path("configmaps"), config_map("a"))
    assert (answer.code, answer.reason) == (500, "InternalError")


async def test_a_webhook_can_be_asked_again_after_later_ones(api: Api, hooks: Hooks) -> None:
    def first(request: Object) -> list[Object]:
        count = len(hooks.server.seen["first"])
        return merged_into(request, "annotations", {"asked": str(count)})

    def second(request: Object) -> list[Object]:
        return merged_into(request, "labels", {"second": "yes"})

    await hooks.add(
        MUTATING,
        hooks.hook("first", first, reinvocationPolicy="IfNeeded"),
        hooks.hook("second", second),
    )
    answer = await api.post(api.path("configmaps"), config_map("a"))
    assert answer.metadata["annotations"] == {"asked": "2"}
    assert len(hooks.server.seen["second"]) == 1


async def test_a_removed_configuration_asks_nobody(api: Api, hooks: Hooks) -> None:
    await hooks.validate("deny", lambda _: denial("no"))
    await api.delete(hooks.configurations.pop())
    for _ in range(100):
        if (await api.post(api.path("configmaps"), config_map("a"))).code == 201:
            return
        await asyncio.sleep(0.1)
    raise TimeoutError


async def test_a_webhook_must_say_what_it_is(api: Api, hooks: Hooks) -> None:
    hook = hooks.hook("a", allow) | {"name": "short", "admissionReviewVersions": []}
    hook["clientConfig"]["url"] = "http://127.0.0.1/"
    del hook["sideEffects"]
    body = {"metadata": {"name": api.namespace}, "webhooks": [hook]}
    answer = await api.post(VALIDATING, body)
    assert answer.code == 422
    assert sorted(answer.fields) == [
        "webhooks[0].admissionReviewVersions",
        "webhooks[0].clientConfig.url",
        "webhooks[0].name",
        "webhooks[0].sideEffects",
    ]
