"""Objects that can't be synced: told where people look, in nobody's way, and healed when the cause
goes, without a touch of the object.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job, requeue_job
from rq.serializers import JSONSerializer

from common.errors import ApiError
from common.keys import Key
from common.kube.client import MERGE_PATCH, KubeClient
from common.objects import Obj
from common.status.standing import read
from common.workqueue import jobs
from tests.e2e.objects import configmap, pod
from tests.e2e.space import Space
from tests.e2e.waiting import eventually
from tests.e2e.webhooks import (
    VALIDATING,
    WebhookServer,
    denial,
    in_namespace,
    rule,
    webhook_server,
)
from tests.e2e.world import HOST_NAMESPACE
from tohost.status_text import as_text

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUOTA = "exceeded quota: few, requested: count/configmaps=1"
# etcd takes no more.
STORED_BYTES = 1_572_864


@dataclass
class Refusals:
    """What makes the host refuse the ConfigMaps of one virtual namespace, from `begin` to `end`."""

    server: WebhookServer
    space: Space
    host: KubeClient
    _path: str = ""
    _made: list[str] = field(default_factory=list)

    async def begin(self, words: str | Callable[[], str], code: int) -> None:
        self._path = f"deny-{code}-{self.space.namespace}"
        chosen = {"vcluster.loft.sh/namespace": self.space.namespace}
        hook = self.server.hook(
            self._path,
            lambda _: denial(words if isinstance(words, str) else words(), code),
            [rule("configmaps")],
            namespaceSelector=in_namespace(HOST_NAMESPACE),
            objectSelector={"matchLabels": chosen},
        )
        body = {"metadata": {"name": self._path}, "webhooks": [hook]}
        await self.host.request("POST", VALIDATING, body=body)
        self._made.append(f"{VALIDATING}/{self._path}")
        probe = {"metadata": {"name": "probe", "labels": chosen}}

        async def in_force() -> bool:
            path = f"/api/v1/namespaces/{HOST_NAMESPACE}/configmaps"
            try:
                await self.host.request("POST", path, body=probe, params={"dryRun": "All"})
            except ApiError:
                return True
            return False

        await eventually(in_force)

    async def end(self) -> None:
        while self._made:
            await self.host.request("DELETE", self._made.pop())

    def seen(self, name: str = "") -> int:
        """How often the host was asked to take that object, or any one."""
        named = self.space.host_name(name) if name else ""
        return len(self.server.writes(self._path, "configmaps", named))


@pytest_asyncio.fixture(loop_scope="session")
async def refusals(classic: Space) -> AsyncIterator[Refusals]:
    """In the virtual cluster where all ConfigMaps are synced."""
    kubeconfig = str(classic.world.backend.host_kubeconfig)
    async with webhook_server() as server, await KubeClient.connect(kubeconfig, name="w") as host:
        made = Refusals(server, classic, host)
        yield made
        await made.end()


async def told(space: Space, name: str, words: str) -> Obj:
    """The one Warning event that has the server's words."""

    async def look() -> Obj | None:
        events = await space.world.virtual.list("events", space.namespace)
        about = [each for each in events if each["involvedObject"]["name"] == name]
        found = [each for each in about if words in each["message"]]
        assert [each["type"] for each in found] == ["Warning"], about
        return found[0]

    return await eventually(look) or {}


def id_of(space: Space, plural: str, name: str) -> str:
    return jobs.job_id(Key(space.world.name, plural, space.namespace, name))


def failed_words(space: Space, plural: str, name: str) -> str:
    """What the failed job of an object says, "" when there's none."""
    redis, id_ = space.world.redis, id_of(space, plural, name)
    if redis.zscore(f"rq:failed:{space.world.name}.{plural}", id_) is None:
        return ""
    result = Job.fetch(id_, redis, JSONSerializer).latest_result()
    return str(result.exc_string) if result else ""


def requeue(space: Space, plural: str, name: str) -> None:
    """As rq-dashboard's button does; it may be tried again just now."""
    try:
        requeue_job(id_of(space, plural, name), space.world.redis, JSONSerializer)
    except (InvalidJobOperation, NoSuchJobError):
        return


def status_lines(space: Space, name: str) -> list[str]:
    """What `tohost status` says of an object."""
    text = as_text(read(space.world.redis, [space.world.name]))
    return [line for line in text.splitlines() if f" {space.namespace}/{name}  " in line]


async def is_told_everywhere(space: Space, plural: str, name: str, words: str) -> None:
    await told(space, name, words)

    async def is_failed() -> bool:
        return words in failed_words(space, plural, name)

    await eventually(is_failed)
    [line] = status_lines(space, name)
    assert line.startswith(f"FAILING  {space.world.name} {plural} {space.namespace}/{name}  ")
    assert words[:60] in line


async def is_well(space: Space, plural: str, name: str) -> None:
    await space.settled()
    assert failed_words(space, plural, name) == ""
    assert status_lines(space, name) == []


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("no such thing here, says the policy", 403),
        ('User "tohost" cannot create resource "configmaps"', 403),
        ("data: Invalid value: the schema is another one", 422),
        ("metadata.name: Invalid value: a lowercase RFC 1123 subdomain", 422),
    ],
)
async def test_what_the_host_refuses_is_told_and_goes_on_once_it_is_allowed(
    classic: Space, refusals: Refusals, words: str, code: int
) -> None:
    await refusals.begin(words, code)
    await classic.create("configmaps", configmap("x"))
    await is_told_everywhere(classic, "configmaps", "x", words)
    await refusals.end()

    async def heals() -> Obj | None:
        requeue(classic, "configmaps", "x")
        return await classic.see_host("configmaps", "x")

    await eventually(heals)
    await is_well(classic, "configmaps", "x")


async def test_a_refused_object_is_tried_again_by_itself(
    classic: Space, refusals: Refusals
) -> None:
    await refusals.begin("denied for now", 403)
    await classic.create("configmaps", configmap("x"))
    await told(classic, "x", "denied for now")
    assert refusals.seen("x") == 1
    await refusals.end()
    await classic.host("configmaps", "x")
    await is_well(classic, "configmaps", "x")


async def test_tries_are_counted_in_one_event(classic: Space, refusals: Refusals) -> None:
    """Also when the server says something else each time."""
    await refusals.begin(lambda: f"denied, and this is answer {refusals.seen('x')}", 403)
    await classic.create("configmaps", configmap("x"))
    for tries in (1, 2, 3):
        event = await told(classic, "x", f"this is answer {tries}")
        assert event.get("count") == tries
        await classic.settled()
        requeue(classic, "configmaps", "x")


async def test_what_exceeds_a_quota_goes_on_by_itself_once_there_is_room(
    classic: Space, refusals: Refusals
) -> None:
    """The sandbox knows no quotas, so there a webhook says a quota's words."""
    quotas = f"/api/v1/namespaces/{HOST_NAMESPACE}/resourcequotas"
    if classic.world.backend.real:
        await full_quota(refusals.host, quotas)
    else:
        await refusals.begin(QUOTA, 403)
    await classic.create("configmaps", configmap("x"))
    await is_told_everywhere(classic, "configmaps", "x", QUOTA)
    if classic.world.backend.real:
        await refusals.host.request("DELETE", f"{quotas}/few")
    await refusals.end()
    await classic.host("configmaps", "x")
    await is_well(classic, "configmaps", "x")


async def full_quota(host: KubeClient, quotas: str) -> None:
    """No controller counts here, so it's said by hand what is used."""
    hard = {"count/configmaps": "1"}
    await host.request("POST", quotas, body={"metadata": {"name": "few"}, "spec": {"hard": hard}})
    used = {"status": {"hard": hard, "used": hard}}
    await host.request("PATCH", f"{quotas}/few/status", body=used, content_type=MERGE_PATCH)
    path = quotas.replace("resourcequotas", "configmaps")

    async def in_force() -> bool:
        probe = {"metadata": {"generateName": "probe-"}}
        try:
            await host.request("POST", path, body=probe, params={"dryRun": "All"})
        except ApiError:
            return True
        return False

    await eventually(in_force)


async def test_a_pod_that_only_the_host_finds_too_large_is_told(classic: Space) -> None:
    """Just as large as fits into the virtual cluster's etcd; the host pod is a bit larger."""
    await create_largest(classic, "big")
    await is_told_everywhere(classic, "pods", "big", "request is too large")
    await classic.patch("pods", "big", {"metadata": {"annotations": {"note": None}}})
    await classic.running("big")
    await is_well(classic, "pods", "big")


async def create_largest(space: Space, name: str) -> None:
    note = "x" * 10_000
    for spare_bytes in range(len(note), 30_000, 500):
        value = {"name": "BIG", "value": "x" * (STORED_BYTES - spare_bytes)}
        obj = pod(name, {"main": {"env": [value]}})
        obj["metadata"]["annotations"] = {"note": note}
        try:
            await space.create("pods", obj)
        except ApiError:
            continue
        return
    raise AssertionError("no size fits")


async def test_many_refused_objects_cost_a_request_each_and_others_do_not_wait(
    classic: Space, refusals: Refusals
) -> None:
    """The good object comes last; until it's there each bad one was tried once or twice."""
    await refusals.begin("denied", 403)
    bad = 100
    for number in range(bad):
        await classic.create("configmaps", configmap(f"bad{number}"))
    await classic.create("pods", pod("good"))
    await classic.running("good")
    assert refusals.seen() <= 2 * bad
