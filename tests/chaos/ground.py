"""What a run stands on: API servers behind proxies, Redis, clients that go past the proxies."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from redis import Redis

from sandbox.client import Client, Refused
from sandbox.kubeconfig import read_access
from sandbox.redis import RedisServer
from tests.chaos.kinds import EVERY, Served
from tests.chaos.objects import Obj
from tests.chaos.servers import HOST, HOST_CIDR, READY, VIRTUAL_CIDR, kubeconfig, names
from tests.chaos.storm import create_namespace
from tests.chaos.templates.custom import definition
from tests.chaos.templates.template import STEADY
from tests.chaos.tenants import World
from tests.controlplane import api_servers, assets
from tests.crds import snapshot_definitions
from tests.proxy import Audit, HostRules, Proxy, VirtualRules

_REPOSITORY: Final = Path(__file__).parents[2]
_START_S: Final = 60.0
_DEFINITIONS: Final = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@dataclass(frozen=True)
class Ground:
    """`virtual`, `host`: clients of the API servers themselves. `proxies` in the order of the
    tenants, the host's last. `redis` is a client of redis-py."""

    world: World
    directory: Path
    real: bool
    virtual: Sequence[Client]
    host: Client
    proxies: Sequence[Proxy]
    server: RedisServer
    redis: Any
    config: Path


@asynccontextmanager
async def ground(world: World, directory: Path) -> AsyncIterator[Ground]:
    """Runs until the block ends. Real API servers when KUBEBUILDER_ASSETS names their folder."""
    await asyncio.to_thread(directory.mkdir, parents=True)
    wanted, real = names(len(world.tenants)), assets() is not None
    async with AsyncExitStack() as stack:
        server = stack.enter_context(RedisServer(directory / "redis", appendonly=True))
        started = _real(directory, wanted) if real else _sandbox(directory, wanted)
        await asyncio.to_thread(started.__enter__)
        stack.push_async_callback(asyncio.to_thread, started.__exit__, None, None, None)
        files = [kubeconfig(directory, name) for name in wanted]
        clients = [await stack.enter_async_context(Client(read_access(file))) for file in files]
        proxies = [
            stack.enter_context(_proxy(world, file, directory / "proxies", name, rules))
            for file, name, rules in zip(files, wanted, _rules(world), strict=True)
        ]
        redis = Redis.from_url(server.url)
        stack.callback(redis.close)
        *virtual, host = clients
        config = _write_config(world, directory, server.url, proxies)
        made = Ground(world, directory, real, virtual, host, proxies, server, redis, config)
        await _furnish(made)
        yield made


@contextmanager
def _sandbox(directory: Path, wanted: Sequence[str]) -> Iterator[None]:
    with _process(directory, wanted, []):
        yield


@contextmanager
def _real(directory: Path, wanted: Sequence[str]) -> Iterator[None]:
    cidrs = {name: HOST_CIDR if name == HOST else VIRTUAL_CIDR for name in wanted}
    with api_servers(directory, cidrs), _process(directory, wanted, ["--attend"]):
        yield


@contextmanager
def _process(directory: Path, wanted: Sequence[str], more: list[str]) -> Iterator[None]:
    command = [sys.executable, "-m", "tests.chaos.servers", str(directory), *more]
    command.append(f"--tenants={len(wanted) - 1}")
    with (directory / "servers.log").open("wb") as log:
        child = subprocess.Popen(command, cwd=_REPOSITORY, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + _START_S
        while not (directory / READY).exists():
            if child.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the servers did not start: see {directory}/servers.log")
            time.sleep(0.05)
        yield
    finally:
        child.terminate()
        child.wait()


def _rules(world: World) -> list[VirtualRules | HostRules]:
    """Whatever happens, nothing but this is written."""
    tenants = {tenant.name: tenant.host_namespace for tenant in world.tenants}
    mapped = frozenset(tenant.name for tenant in world.tenants if tenant.mappings is not None)
    return [*map(VirtualRules, tenants), HostRules(tenants, mapped)]


def _proxy(
    world: World, file: Path, directory: Path, name: str, rules: VirtualRules | HostRules
) -> Proxy:
    audit = Audit(rules.judge, keep=False)
    return Proxy(file, directory, name, audit=audit, inspect=rules.inspect, seed=world.seed)


def _write_config(world: World, directory: Path, redis: str, proxies: Sequence[Proxy]) -> Path:
    *virtual, host = proxies
    pairs = zip(world.tenants, virtual, strict=True)
    content = {
        "redis": {"url": redis},
        "host": {"kubeconfig": str(host.kubeconfig)},
        "virtualClusters": [tenant.settings(proxy.kubeconfig) for tenant, proxy in pairs],
    }
    file = directory / "tohost.yaml"
    file.write_text(yaml.safe_dump(content))
    return file


async def _furnish(made: Ground) -> None:
    """What is there before the storm."""
    for client in (*made.virtual, made.host):
        definitions = [*snapshot_definitions(), definition(host=client is made.host)]
        await asyncio.gather(*(_define(client, each) for each in definitions))
        await _create(client, EVERY["storageclasses"], _steady_storage())
        await _create(client, EVERY["priorityclasses"], _steady_priority())
    for namespace in made.world.host_namespaces:
        await _create(made.host, EVERY["namespaces"], {"metadata": {"name": namespace}})
    for tenant, client in zip(made.world.tenants, made.virtual, strict=True):
        for namespace in tenant.namespaces:
            await create_namespace(client, namespace)


async def _create(client: Client, served: Served, obj: Obj) -> None:
    try:
        await client.request("POST", served.path(), obj)
    except Refused as refused:
        if refused.code != 409:
            raise


async def _define(client: Client, wanted: Obj) -> None:
    """Returns once it is served."""
    await client.request("POST", _DEFINITIONS, wanted)
    spec = wanted["spec"]
    path = f"/apis/{spec['group']}/v1/{spec['names']['plural']}"
    async with asyncio.timeout(_START_S):
        while not await _answers(client, path):
            await asyncio.sleep(0.1)


async def _answers(client: Client, path: str) -> bool:
    try:
        await client.request("GET", path)
    except Refused:
        return False
    return True


def _steady_storage() -> Obj:
    metadata = {"name": STEADY}
    return {"metadata": metadata, "provisioner": "example.com/d", "allowVolumeExpansion": True}


def _steady_priority() -> Obj:
    return {"metadata": {"name": STEADY}, "value": 1000}
