"""Makes pods run, as far as the API can tell: the scheduler and the kubelet of one node.

A client of the API server and nothing more, so it serves a real kube-apiserver as well as the
sandbox's.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Any, Final, Self

import aiohttp

from sandbox.client import Actor, Refused
from sandbox.kubeconfig import Access
from sandbox.pod_status import needs_status, running_status
from sandbox.volumes import bind_claim

Object = dict[str, Any]

NODE: Final = "node-1"
_AT_ONCE: Final = 32
_RETRY_S: Final = 0.5
_CAPACITY: Final = {"cpu": "64", "memory": "256Gi", "pods": "5000", "ephemeral-storage": "1Ti"}


class Kubelet(Actor):
    """Binds, runs and ends pods.

    Binds claims. The latencies, in seconds, make it as slow as wanted; `schedules` False leaves
    pods to a scheduler.
    """

    def __init__(
        self, access: Access, *, start_latency_s: float = 0.0, stop_latency_s: float = 0.05
    ) -> None:
        super().__init__(access)
        self.start_latency_s = start_latency_s
        self.stop_latency_s = stop_latency_s
        self.schedules = True
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._ending: set[str] = set()
        self._waiting: set[str] = set()
        self._addresses = itertools.count(2)

    async def start(self) -> Self:
        await self._client.__aenter__()
        await self._register_node()
        self._spawn(self._follow("/api/v1/pods", self._on_pod))
        self._spawn(self._follow("/api/v1/persistentvolumeclaims", self._on_claim))
        return self

    async def _follow(self, path: str, react: Callable[[Object], Awaitable[None]]) -> None:
        async for type_, obj in self._client.follow(path):
            if type_ != "DELETED":
                self._spawn(self._react(react, obj))

    async def _react(self, react: Callable[[Object], Awaitable[None]], obj: Object) -> None:
        """A refusal means that the object changed meanwhile.

        The event of that change comes next.
        """
        async with self._slots:
            try:
                await react(obj)
            except (Refused, aiohttp.ClientError):
                return

    async def _register_node(self) -> None:
        node = {"metadata": {"name": NODE, "labels": {"kubernetes.io/hostname": NODE}}}
        try:
            await self._client.request("POST", "/api/v1/nodes", node)
        except Refused as refused:
            if refused.code != 409:
                raise
        ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": ""}
        address = {"type": "InternalIP", "address": "192.168.0.1"}
        status: Object = {"capacity": _CAPACITY, "allocatable": _CAPACITY, "conditions": [ready]}
        status["addresses"] = [address, {"type": "Hostname", "address": NODE}]
        status["nodeInfo"] = {"kubeletVersion": "v1.36.2", "operatingSystem": "linux"}
        await self._client.merge(f"/api/v1/nodes/{NODE}/status", {"status": status})
        await self._client.merge(f"/api/v1/nodes/{NODE}", {"spec": {"taints": None}})

    async def _on_pod(self, pod: Object) -> None:
        metadata, spec = pod["metadata"], pod["spec"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
        if metadata.get("deletionTimestamp"):
            await self._end(path, metadata)
        elif not spec.get("nodeName"):
            if self.schedules and not spec.get("schedulingGates"):
                target = {"kind": "Node", "name": NODE}
                binding = {"metadata": {"name": metadata["name"]}, "target": target}
                await self._client.request("POST", f"{path}/binding", binding)
        elif spec["nodeName"] == NODE and needs_status(pod):
            await self._run(path, pod)

    async def _run(self, path: str, pod: Object) -> None:
        if self.start_latency_s:
            await asyncio.sleep(self.start_latency_s)
        address = (pod.get("status") or {}).get("podIP") or self._next_address()
        # With the uid, so that a pod of the same name that came meanwhile is left alone.
        identity = {"uid": pod["metadata"]["uid"]}
        patch = {"metadata": identity, "status": running_status(pod, address)}
        await self._client.merge(f"{path}/status", patch)

    def _next_address(self) -> str:
        number = next(self._addresses)
        return f"10.244.{number // 256 % 256}.{number % 256}"

    async def _end(self, path: str, metadata: Object) -> None:
        """Takes its time off the event's slot: a slow end of one pod doesn't delay the others."""
        uid = metadata["uid"]
        if uid in self._ending:
            return
        self._ending.add(uid)
        self._spawn(self._end_later(path, uid))

    async def _end_later(self, path: str, uid: str) -> None:
        try:
            await asyncio.sleep(self.stop_latency_s)
            options = {"gracePeriodSeconds": 0, "preconditions": {"uid": uid}}
            await self._client.request("DELETE", path, options)
        except (Refused, aiohttp.ClientError):
            return
        finally:
            self._ending.discard(uid)

    async def _on_claim(self, claim: Object) -> None:
        """A claim may come before the volume that it names, whose coming is no event of it."""
        try:
            await bind_claim(self._client, claim)
        except Refused as refused:
            if refused.code == 404 and claim["metadata"]["uid"] not in self._waiting:
                self._waiting.add(claim["metadata"]["uid"])
                self._spawn(self._bind_later(claim["metadata"]))

    async def _bind_later(self, metadata: Object) -> None:
        claims = f"/api/v1/namespaces/{metadata['namespace']}/persistentvolumeclaims"
        try:
            await asyncio.sleep(_RETRY_S)
            claim = await self._client.request("GET", f"{claims}/{metadata['name']}")
        except (Refused, aiohttp.ClientError):
            return
        finally:
            self._waiting.discard(metadata["uid"])
        await self._react(self._on_claim, claim)
