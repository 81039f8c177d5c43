"""Counts the requests of one object's life: what tohost sends about it, from one state of rest to
the next."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.errors import NotFoundError
from common.kinds import REGISTRY
from common.kube.client import KubeClient
from common.objects import Obj, is_deleting
from sandbox.pod_status import running_status
from sandbox.redis import RedisServer
from tests.e2e.waiting import eventually
from tests.integration.pipeline import Pipeline, host_name, open_pipeline
from tests.proxy import Call, Calls, Proxy

NODE = "node-1"
_QUIET_S = 0.4
_WITHIN_S = 20.0
_ALL = {"configMaps": {"all": True}, "secrets": {"all": True}}
_IN_NAMESPACES = ("default", "h")
Step = Callable[[], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Lives:
    """What the tests do goes past the proxies that tohost goes through."""

    pipeline: Pipeline
    calls: Calls

    @property
    def virtual(self) -> KubeClient:
        return self.pipeline.virtual

    @property
    def host(self) -> KubeClient:
        return self.pipeline.host

    async def cost(self, do: Step, reached: Step) -> Counter[str]:
        """Requests about objects in namespaces from `do` until `reached` answers something true
        and everything rests. Streams don't count."""
        self.calls.take(_counts)
        await do()
        await eventually(reached)
        await self.rest()
        return self.calls.take(_counts)

    async def rest(self) -> None:
        begin = quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < _QUIET_S:
            if any(state[0] in "qs" for state in self.pipeline.busy().values()):
                quiet_since = time.monotonic()
            assert time.monotonic() - begin < _WITHIN_S, self.pipeline.busy()
            await asyncio.sleep(0.02)

    async def create(self, plural: str, name: str, labels: Obj | None = None, **parts: Any) -> Obj:
        body = {"metadata": {"name": name, "labels": labels or {}}, **parts}
        return await self.virtual.create(REGISTRY[plural], "default", body)

    async def patch(self, plural: str, name: str, **parts: Any) -> Obj:
        return await self.virtual.patch(REGISTRY[plural], "default", name, parts)

    async def delete(self, plural: str, name: str, grace_s: int | None = None) -> Obj:
        return await self.virtual.delete(REGISTRY[plural], "default", name, grace_s=grace_s)

    async def delete_host(self, plural: str, name: str, grace_s: int | None = None) -> Obj:
        return await self.host.delete(REGISTRY[plural], "h", host_name(name), grace_s=grace_s)

    async def see(self, plural: str, name: str) -> Obj | None:
        return await _see(self.virtual, plural, "default", name)

    async def see_host(self, plural: str, name: str) -> Obj | None:
        return await _see(self.host, plural, "h", host_name(name))

    async def is_gone(self, plural: str, name: str) -> bool:
        return not await self.see(plural, name) and not await self.see_host(plural, name)

    async def ends(self, name: str) -> bool:
        """Whether both pods are being deleted."""
        both = await self.see("pods", name), await self.see_host("pods", name)
        return all(pod is not None and is_deleting(pod) for pod in both)

    async def bind(self, name: str) -> None:
        """What the host's scheduler does."""
        name = host_name(name)
        body = {"metadata": {"name": name}, "target": {"kind": "Node", "name": NODE}}
        await self.host.request("POST", f"/api/v1/namespaces/h/pods/{name}/binding", body=body)

    async def run(self, name: str) -> None:
        """What the host's kubelet does."""
        pod = await self.see_host("pods", name)
        assert pod
        status = running_status(pod, "10.244.0.7")
        await self.host.patch(
            REGISTRY["pods"], "h", host_name(name), {"status": status}, subresource="status"
        )

    async def is_bound(self, name: str) -> bool:
        pod = await self.see("pods", name)
        return pod is not None and pod["spec"].get("nodeName") == NODE

    async def has_phase(self, name: str, phase: str) -> bool:
        pod = await self.see("pods", name)
        return pod is not None and bool(pod["status"]["phase"] == phase)


@asynccontextmanager
async def open_lives(folder: Path, redis: RedisServer) -> AsyncIterator[Lives]:
    """A pod stays bound all the time, so that its node's life isn't part of any other."""
    calls = Calls()
    async with open_pipeline(folder, redis) as pipeline:
        with ExitStack() as stack:
            virtual, host = [
                stack.enter_context(Proxy(upstream, folder, name, calls=calls))
                for upstream, name in (
                    (pipeline.made.virtual_kubeconfig, "through-virtual"),
                    (pipeline.made.host_kubeconfig, "through-host"),
                )
            ]
            pipeline.content["host"]["kubeconfig"] = str(host.kubeconfig)
            pipeline.content["virtualClusters"][0]["kubeconfig"] = str(virtual.kubeconfig)
            pipeline.switch(**_ALL)
            async with pipeline.running():
                lives = Lives(pipeline, calls)
                await _occupy(lives)
                yield lives


async def _occupy(lives: Lives) -> None:
    await eventually(lambda: lives.create("pods", "stays", spec=pod_spec()))
    await eventually(lambda: lives.see_host("pods", "stays"))
    await lives.bind("stays")
    await eventually(lambda: lives.is_bound("stays"))
    await lives.rest()


def pod_spec(**more: Any) -> Obj:
    container = {"name": "web", "image": "nginx"}
    return {"containers": [container], "automountServiceAccountToken": False, **more}


def _counts(call: Call) -> bool:
    return call.verb not in ("watch", "list") and call.target.namespace in _IN_NAMESPACES


async def _see(client: KubeClient, plural: str, namespace: str, name: str) -> Obj | None:
    try:
        return await client.get(REGISTRY[plural], namespace, name)
    except NotFoundError:
        return None
