"""How the host is recognised, by a server that may answer anything."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis

from common.errors import ApiError, IdentityError, RetryError
from common.kube.client import KubeClient
from common.safety.host_identity import HostIdentity
from common.store import Store
from sandbox.kubeconfig import write_kubeconfig
from sandbox.server.apiserver import ApiServer

SYSTEM = "namespaces/kube-system"


@dataclass
class Host:
    server: ApiServer
    store: Store
    identity: HostIdentity
    now_s: float = 0.0


@pytest.fixture
async def host(tmp_path: Path, redis: Redis) -> AsyncIterator[Host]:
    server, store = ApiServer(), Store(redis)
    await server.start()
    file = write_kubeconfig(tmp_path / "host.kubeconfig", server.url)
    async with await KubeClient.connect(str(file), name="host") as client:
        found = Host(server, store, HostIdentity(client, store, lambda: found.now_s))
        yield found
    await server.stop()


async def test_the_first_host_seen_stays_for_each_virtual_cluster(host: Host) -> None:
    await host.identity.verify("v")
    await host.identity.verify("v")
    assert not host.store.claim_identity("v", "another", "host-identity")
    assert host.store.claim_identity("w", "another", "host-identity")
    with pytest.raises(
        IdentityError, match=r"virtual cluster w: host\.kubeconfig leads to another"
    ):
        await host.identity.verify("w")


@pytest.mark.parametrize("code", [403, 404])
async def test_a_host_that_does_not_tell_who_it_is_is_noted_and_used(host: Host, code: int) -> None:
    fault = host.server.faults.fail(code, path=SYSTEM)
    await host.identity.verify("v")
    assert host.identity.note.endswith("grant get on namespace kube-system")
    assert host.store.claim_identity("v", "nothing was claimed", "host-identity")
    host.server.faults.remove(fault)
    host.now_s += 2
    assert await host.identity.digest()
    assert host.identity.note == ""


async def test_a_host_that_fails_is_not_taken_for_another(host: Host) -> None:
    host.server.faults.fail(503, path=SYSTEM, times=1)
    with pytest.raises(RetryError):
        await host.identity.verify("v")
    host.server.faults.fail(400, path=SYSTEM, times=1)
    with pytest.raises(ApiError):
        await host.identity.verify("v")
    await host.identity.verify("v")


async def test_it_is_not_asked_twice_within_a_moment(host: Host) -> None:
    await host.identity.verify("v")
    fault = host.server.faults.fail(503, path=SYSTEM)
    await host.identity.verify("w")
    assert fault.struck == 0
