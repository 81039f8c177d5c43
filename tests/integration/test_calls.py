"""The requests of an object's life: each of these is needed, and none is made twice."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from common.objects import Obj, get_path
from sandbox.redis import RedisServer
from tests.integration.lives import Lives, open_lives, pod_spec

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROOF = "through-virtual: get {}"
CREATE, PATCH, DELETE = (f"through-host: {verb} {{}}" for verb in ("create", "patch", "delete"))
BIND = "through-virtual: create pods/binding"
STATUS_UP = "through-virtual: patch pods/status"
DELETE_UP = "through-virtual: delete pods"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lives(
    tmp_path_factory: pytest.TempPathFactory, redis_server: RedisServer
) -> AsyncIterator[Lives]:
    """With a Service whose endpoints the virtual cluster makes."""
    async with open_lives(tmp_path_factory.mktemp("lives"), redis_server) as opened:
        spec = {"ports": PORTS, "clusterIP": "None"}
        await opened.cost(
            lambda: opened.create("services", "own", spec=spec),
            lambda: opened.see_host("services", "own"),
        )
        yield opened


async def test_a_pod_costs_one_call_for_each_step_and_a_proof_for_its_end(lives: Lives) -> None:
    created = await lives.cost(
        lambda: lives.create("pods", "a", spec=pod_spec()), lambda: lives.see_host("pods", "a")
    )
    assert created == {CREATE.format("pods"): 1}
    assert await lives.cost(lambda: lives.bind("a"), lambda: lives.is_bound("a")) == {BIND: 1}
    ran = await lives.cost(lambda: lives.run("a"), lambda: lives.has_phase("a", "Running"))
    assert ran == {STATUS_UP: 1}
    await same_conditions(lives, "a")
    gone = await lives.cost(
        lambda: lives.delete("pods", "a", grace_s=0), lambda: lives.is_gone("pods", "a")
    )
    assert gone == {PROOF.format("pods"): 1, DELETE.format("pods"): 1}


async def same_conditions(lives: Lives, name: str) -> None:
    """With their times, which only binding leaves as they are."""
    virtual, host = await lives.see("pods", name), await lives.see_host("pods", name)
    assert virtual
    assert host
    assert virtual["status"]["conditions"] == host["status"]["conditions"]


async def test_a_pod_that_is_bound_and_runs_at_once_costs_two_calls(lives: Lives) -> None:
    await lives.create("pods", "b", spec=pod_spec())

    async def start() -> None:
        await lives.bind("b")
        await lives.run("b")

    async def there() -> Obj | None:
        return await lives.see_host("pods", "b")

    await lives.cost(there, there)
    cost = await lives.cost(start, lambda: lives.has_phase("b", "Running"))
    assert cost == {BIND: 1, STATUS_UP: 1}
    await same_conditions(lives, "b")


async def test_a_pod_that_ends_gracefully_costs_a_proof_and_a_deletion_on_each_side(
    lives: Lives,
) -> None:
    await started(lives, "c")
    ending = await lives.cost(lambda: lives.delete("pods", "c"), lambda: lives.ends("c"))
    assert ending == {PROOF.format("pods"): 1, DELETE.format("pods"): 1}
    gone = await lives.cost(
        lambda: lives.delete_host("pods", "c", 0), lambda: lives.is_gone("pods", "c")
    )
    assert gone == {DELETE_UP: 1}


async def test_a_pod_that_the_host_evicts_costs_a_proof_and_two_deletions(lives: Lives) -> None:
    await started(lives, "d")
    ending = await lives.cost(lambda: lives.delete_host("pods", "d"), lambda: lives.ends("d"))
    assert ending == {"through-host: get pods": 1, DELETE_UP: 1}
    gone = await lives.cost(
        lambda: lives.delete_host("pods", "d", 0), lambda: lives.is_gone("pods", "d")
    )
    assert gone == {DELETE_UP: 1}


async def started(lives: Lives, name: str) -> None:
    await lives.cost(
        lambda: lives.create("pods", name, spec=pod_spec()), lambda: lives.see_host("pods", name)
    )
    await lives.cost(lambda: lives.bind(name), lambda: lives.is_bound(name))


async def test_a_pod_with_a_token_costs_one_more_call(lives: Lives) -> None:
    account = {"metadata": {"name": "builder"}}
    await lives.virtual.request("POST", "/api/v1/namespaces/default/serviceaccounts", body=account)
    source = {"serviceAccountToken": {"path": "token", "expirationSeconds": 3600}}
    volumes = [{"name": "token", "projected": {"sources": [source]}}]
    spec = pod_spec(volumes=volumes, serviceAccountName="builder")
    created = await lives.cost(
        lambda: lives.create("pods", "e", spec=spec), lambda: lives.see_host("pods", "e")
    )
    token = "through-virtual: create serviceaccounts/token"
    assert created == {token: 1, CREATE.format("pods"): 1}


LABELS = {"kubernetes.io/service-name": "own"}
PORTS = [{"port": 80}]
FIRST: dict[str, Obj] = {
    "configmaps": {"data": {"a": "1"}},
    "endpoints": {"subsets": [{"addresses": [{"ip": "10.1.2.3"}], "ports": PORTS}]},
    "endpointslices": {"addressType": "IPv4", "endpoints": [{"addresses": ["10.1.2.3"]}]},
}
THEN: dict[str, Obj] = {
    "configmaps": {"data": {"a": "2"}},
    "endpoints": {"subsets": [{"addresses": [{"ip": "10.1.2.4"}], "ports": PORTS}]},
    "endpointslices": {"endpoints": [{"addresses": ["10.1.2.4"]}]},
}


@pytest.mark.parametrize("plural", FIRST)
async def test_what_only_goes_down_costs_one_call_for_each_change(
    lives: Lives, plural: str
) -> None:
    created = await lives.cost(
        lambda: lives.create(plural, "own", LABELS, **FIRST[plural]),
        lambda: lives.see_host(plural, "own"),
    )
    assert created == {CREATE.format(plural): 1}
    await costs_a_change_and_an_end(lives, plural, "own", THEN[plural])


async def costs_a_change_and_an_end(lives: Lives, plural: str, name: str, change: Obj) -> None:
    before = await version(lives, plural, name)

    async def changed() -> bool:
        return await version(lives, plural, name) != before

    patched = await lives.cost(lambda: lives.patch(plural, name, **change), changed)
    assert patched == {PATCH.format(plural): 1}
    gone = await lives.cost(lambda: lives.delete(plural, name), lambda: lives.is_gone(plural, name))
    assert gone == {PROOF.format(plural): 1, DELETE.format(plural): 1}


async def version(lives: Lives, plural: str, name: str) -> str:
    host = await lives.see_host(plural, name)
    return str(get_path(host or {}, "metadata.resourceVersion"))


async def test_a_secret_is_read_for_each_write_as_its_data_is_nowhere_else(lives: Lives) -> None:
    read = PROOF.format("secrets")
    created = await lives.cost(
        lambda: lives.create("secrets", "s", stringData={"a": "1", "b": "2"}),
        lambda: lives.see_host("secrets", "s"),
    )
    assert created == {read: 1, CREATE.format("secrets"): 1}

    async def follows() -> bool:
        host = await lives.see_host("secrets", "s")
        return host is not None and host["data"] == {"b": "Mw=="}

    change = {"data": {"a": None}, "stringData": {"b": "3"}}
    patched = await lives.cost(lambda: lives.patch("secrets", "s", **change), follows)
    assert patched == {read: 1, PATCH.format("secrets"): 1}
    gone = await lives.cost(
        lambda: lives.delete("secrets", "s"), lambda: lives.is_gone("secrets", "s")
    )
    assert gone == {read: 1, DELETE.format("secrets"): 1}


async def test_a_service_moves_in_two_calls_once_its_range_is_proven(lives: Lives) -> None:
    spec = {"selector": {"app": "web"}, "ports": PORTS}
    costs = [
        await lives.cost(
            lambda name=name: lives.create("services", name, spec=spec),  # type: ignore[misc]
            lambda name=name: shows_the_hosts_address(lives, name),  # type: ignore[misc]
        )
        for name in ("first", "second", "third")
    ]
    wanted = {CREATE.format("services"): 1, "through-virtual: patch services": 2}
    assert costs[1:] == [wanted, wanted]
    assert costs[0]["through-virtual: create services (dry run)"] >= 1
    change = {"spec": {"ports": [{"port": 81}]}}
    await costs_a_change_and_an_end(lives, "services", "third", change)


async def shows_the_hosts_address(lives: Lives, name: str) -> bool:
    both = await lives.see("services", name), await lives.see_host("services", name)
    addresses = {get_path(each or {}, "spec.clusterIP") for each in both}
    return len(addresses) == 1 and None not in addresses
