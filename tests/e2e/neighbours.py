"""Two tenants, each with a virtual cluster of its own, in one host namespace; every write to the
host is checked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from common.config import load
from common.kube.client import KubeClient
from common.objects import Obj, annotations, labels
from sandbox.redis import RedisServer
from tests.backends import backend
from tests.e2e.api import Api
from tests.e2e.waiting import WITHIN_S, eventually
from tests.proxy import Audit, HostRules, Proxy
from watchers import command as watcher
from workers import command as worker

HOST = "shared"
VICTIM, ATTACKER = "acme", "mallory"
MARK = "vcluster.loft.sh/"
_KINDS = (
    "endpoints endpointSlices ingresses networkPolicies persistentVolumes persistentVolumeClaims"
    " podDisruptionBudgets serviceAccounts"
).split()
_TO_HOST = {
    **{kind: {"enabled": True} for kind in _KINDS},
    **{kind: {"all": True} for kind in ("configMaps", "secrets")},
}


@dataclass(frozen=True, slots=True)
class Tenant:
    """What happens in the namespace `default` of one virtual cluster."""

    name: str
    virtual: Api
    host: Api

    def host_name(self, name: str) -> str:
        """Of its object, if that is short."""
        return f"{self.name}-default-{name}-x-default-x-{self.name}"

    async def create(self, plural: str, obj: Obj) -> Obj:
        return await self.virtual.create(plural, "default", obj)

    async def on_host(self, plural: str, name: str) -> Obj:
        """The host object that says that it's of this virtual one, once it is there."""
        mine = f"{MARK}managed-by={self.name}"

        async def look() -> Obj | None:
            for each in await self.host.list(plural, HOST, mine):
                if annotations(each).get(f"{MARK}name") == name:
                    return each
            return None

        return await eventually(look) or {}

    async def warning(self, name: str, reason: str, within_s: float = WITHIN_S) -> str:
        """The message of the Warning event with this reason, once there is one."""

        async def look() -> str:
            events = await self.virtual.list("events", "default")
            about = [each for each in events if each["involvedObject"]["name"] == name]
            found = [e["message"] for e in about if (e["type"], e["reason"]) == ("Warning", reason)]
            assert found, f"{name}: {[(each['reason'], each['message']) for each in about]}"
            return str(found[0])

        return await eventually(look, within_s)

    async def event_reasons(self, name: str) -> list[str]:
        events = await self.virtual.list("events", "default")
        return [each["reason"] for each in events if each["involvedObject"]["name"] == name]


@dataclass
class Neighbours:
    host: Api
    victim: Tenant
    attacker: Tenant
    audit: Audit
    config: Path
    content: Obj

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """A watcher and a worker."""
        self.config.write_text(yaml.safe_dump(self.content))
        stop, config = asyncio.Event(), load(self.config, {})
        tasks = [
            asyncio.create_task(watcher.run(config, 0, stop)),
            asyncio.create_task(worker.run(config, 0, stop)),
        ]
        try:
            yield
        finally:
            stop.set()
            await asyncio.wait_for(asyncio.gather(*tasks), 20)


@asynccontextmanager
async def open_neighbours(folder: Path) -> AsyncIterator[Neighbours]:
    """Nothing runs yet but the clusters. Raises AssertionError at the end if anything was written
    to the host that must not be."""
    async with AsyncExitStack() as stack:
        server = stack.enter_context(RedisServer(folder / "redis"))
        first = await stack.enter_async_context(backend(folder / "first"))
        second = await stack.enter_async_context(backend(folder / "second", kubelet=False))
        files = first.host_kubeconfig, first.virtual_kubeconfig, second.virtual_kubeconfig
        host, victim, attacker = [
            Api(await stack.enter_async_context(await KubeClient.connect(str(file), name="test")))
            for file in files
        ]
        await host.create("namespaces", "", {"metadata": {"name": HOST}})
        rules = HostRules({VICTIM: HOST, ATTACKER: HOST})
        audit = Audit(rules.judge, keep=False)
        proxy = stack.enter_context(
            Proxy(files[0], folder, "host-audited", audit=audit, inspect=rules.inspect)
        )
        sync = {"toHost": _TO_HOST}
        clusters = [
            {"name": name, "hostNamespace": HOST, "kubeconfig": str(file), "sync": sync}
            for name, file in zip((VICTIM, ATTACKER), files[1:], strict=True)
        ]
        content = {
            "redis": {"url": server.url},
            "host": {"kubeconfig": str(proxy.kubeconfig)},
            "virtualClusters": clusters,
        }
        yield Neighbours(
            host,
            Tenant(VICTIM, victim, host),
            Tenant(ATTACKER, attacker, host),
            audit,
            folder / "tohost.yaml",
            content,
        )
        assert not audit.verdicts, f"against the rules: {audit.verdicts}"


def marks(obj: Obj) -> dict[str, str]:
    """Everything of ours that an object bears."""
    found = {**labels(obj), **annotations(obj)}
    return {key: value for key, value in found.items() if key.startswith(MARK)}
