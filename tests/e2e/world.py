"""Two clusters, a Redis and tohost between them."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from redis import Redis

from common.kube.client import KubeClient
from common.objects import Obj
from sandbox.redis import RedisServer
from tests.backends import Backend, backend
from tests.e2e.accounts import accounts
from tests.e2e.api import Api
from tests.e2e.audited import Audited, audited
from tests.e2e.process import Process
from tests.e2e.waiting import eventually

HOST_NAMESPACE = "team-host"
READY_S = 60.0


@dataclass
class World:
    """`name` is the virtual cluster's; `classic` the form of its host names. `redis` is a Redis
    client, whose types leave open what it answers. `virtual` and `host` go past the proxies that
    the product goes through. `environ` adds to the environment of each module's processes."""

    name: str
    classic: bool
    backend: Backend
    redis: Any
    virtual: Api
    host: Api
    config: Path
    audit: Audited
    environ: Mapping[str, Mapping[str, str]]
    processes: list[Process] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def number(self) -> int:
        return next(self._numbers)

    def launch(self, *modules: str) -> list[Process]:
        """Start processes without waiting for them."""
        folder = self.config.parent
        started = [
            Process(
                module,
                self.config,
                folder / f"{module}-{self.number()}.log",
                environ=self.environ.get(module, {}),
            )
            for module in modules
        ]
        self.processes += started
        return started

    async def start(self, *modules: str) -> list[Process]:
        started = self.launch(*modules)
        for process in started:
            await eventually(process.ready, READY_S)
        return started

    def running(self, module: str) -> list[Process]:
        return [each for each in self.processes if each.module == module and each.runs]

    async def restore(self) -> None:
        """Exactly one watcher and one worker, whatever a test left."""
        for module in ("watchers", "workers"):
            for process in self.running(module)[1:]:
                await process.stop()
        await self.start(*(each for each in ("watchers", "workers") if not self.running(each)))

    async def stop(self) -> None:
        await asyncio.gather(*(each.stop() for each in self.processes if each.runs))

    def kill(self) -> None:
        for process in self.processes:
            if process.runs:
                process.kill()

    async def settled(self, about: str = "", quiet_s: float = 0.4) -> None:
        """Wait until nothing is queued or runs for `quiet_s`; `about` is part of a member.

        What waits for a later time, such as a token's refresh, doesn't count.
        """
        loop, begin = asyncio.get_running_loop(), asyncio.get_running_loop().time()
        quiet_since = begin
        while loop.time() - quiet_since < quiet_s:
            if self.busy(about):
                quiet_since = loop.time()
            assert loop.time() - begin < 30, f"still busy: {self.busy(about)[:5]}"
            await asyncio.sleep(0.05)

    def busy(self, about: str = "") -> list[str]:
        """Members that are queued or run."""
        states = self.redis.hgetall(f"tohost:{{{self.name}}}:state")
        pairs = ((member.decode(), state.decode()) for member, state in states.items())
        return [member for member, state in pairs if about in member and state[0] in "qs"]


@asynccontextmanager
async def open_world(folder: Path, name: str, tohost: Obj, classic: bool) -> AsyncIterator[World]:
    """`tohost` is merged into the virtual cluster's entry in tohost.yaml.

    Raises AssertionError at the end if the product wrote anything that it must not.
    """
    async with AsyncExitStack() as stack:
        server = stack.enter_context(RedisServer(folder / "redis"))
        made = await stack.enter_async_context(backend(folder))
        virtual, host = [
            Api(
                await stack.enter_async_context(await KubeClient.connect(str(path), name=path.stem))
            )
            for path in (made.virtual_kubeconfig, made.host_kubeconfig)
        ]
        await host.create("namespaces", "", {"metadata": {"name": HOST_NAMESPACE}})
        config = folder / "tohost.yaml"
        cluster = {"name": name, "hostNamespace": HOST_NAMESPACE, **tohost}
        audit = stack.enter_context(audited(made, folder, name, HOST_NAMESPACE, cluster))
        cluster["kubeconfig"] = str(audit.virtual.kubeconfig)
        content = {
            "redis": {"url": server.url},
            "host": {"kubeconfig": str(audit.host.kubeconfig)},
            "virtualClusters": [cluster],
        }
        config.write_text(yaml.safe_dump(content))
        redis = Redis.from_url(server.url)
        stack.callback(redis.close)
        environ = await accounts(made, audit, config) if made.real else {}
        world = World(name, classic, made, redis, virtual, host, config, audit, environ)
        stack.callback(world.kill)
        await world.start("watchers", "workers")
        yield world
        await world.stop()
        audit.check()
