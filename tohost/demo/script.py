"""What happens in the demo: an application, changes to it, and a worker that is killed."""

import asyncio
import copy
import os
import signal
import time
from collections.abc import Callable
from typing import Any

from common.errors import TohostError
from common.objects import Obj
from sandbox.client import MERGE_PATCH
from tohost.demo.api import Key, collection, key_of, manifests, path, references
from tohost.demo.observer import Holds, Observer, exists, gone
from tohost.demo.stage import Stage

BATCH = 60
_AT_ONCE = 8
_TIMEOUT_S = 25.0
_NEW_IMAGE = "nginx:1.28"
_SHOP = "shop"
_CONFIG: Key = ("configmaps", _SHOP, "web-config")
_PASSWORD: Key = ("secrets", _SHOP, "db-password")
_VICTIM = "worker-0"


class Script:
    """`say` tells what happens now."""

    def __init__(self, stage: Stage, observer: Observer, say: Callable[[str], None]) -> None:
        self._stage = stage
        self._observer = observer
        self._say = say
        self._needed: set[Key] = set()
        self.recovered_s = 0.0
        """From the kill until all pods were Running and Ready."""

    async def play(self, pause_s: float) -> None:
        """Raises TohostError when something doesn't reach the host in time."""
        for scene in (
            self._application,
            self._new_image,
            self._rotation,
            self._burst_and_kill,
            self._deletion,
        ):
            await scene()
            await asyncio.sleep(pause_s)

    async def _application(self) -> None:
        self._say("An application is applied in the virtual cluster")
        for obj in manifests("1-base.yaml"):
            if obj["kind"] not in {"Namespace", "ServiceAccount", "ConfigMap", "Secret"}:
                self._observer.expect(key_of(obj), exists)
            await self._create(obj)
        pods = manifests("2-pods.yaml")
        for pod in pods:
            await self._create_pod(pod)
        await self._settled()
        await self._alive([key_of(pod) for pod in pods])

    async def _new_image(self) -> None:
        self._say(f"The web pods get a new image, {_NEW_IMAGE}")
        self._observer.scene = "calm"
        keys = self._pods("web-")
        for key in keys:
            self._observer.expect(key, _has_image)
            pod = await self._stage.virtual.request("GET", path(key))
            containers = [{**each, "image": _NEW_IMAGE} for each in pod["spec"]["containers"]]
            await self._patch(key, {"spec": {"containers": containers}})
        await self._settled()
        await self._until(lambda: all(self._runs(key, _NEW_IMAGE) for key in keys), "a new image")

    async def _rotation(self) -> None:
        self._say("A ConfigMap and a Secret are rotated")
        await self._change(_CONFIG, {"data": {"greeting": "good morning"}}, _greets)
        await self._change(_PASSWORD, {"stringData": {"password": "battery staple"}}, _is_rotated)
        await self._settled()

    async def _burst_and_kill(self) -> None:
        self._say(f"{BATCH} batch pods at once, and {_VICTIM} is killed in the middle (SIGKILL)")
        template = manifests("batch-pod.yaml")[0]
        pods = [_numbered(template, number) for number in range(BATCH)]
        slots = asyncio.Semaphore(_AT_ONCE)
        self._observer.scene = "burst"
        killed_s = time.perf_counter()

        async def create(number: int, pod: Obj) -> None:
            async with slots:
                if number == BATCH // 3:
                    nonlocal killed_s
                    killed_s = time.perf_counter()
                    os.kill(self._stage.tree.pids()[_VICTIM], signal.SIGKILL)
                await self._create_pod(pod)

        await asyncio.gather(*(create(number, pod) for number, pod in enumerate(pods)))
        await self._settled()
        await self._alive([key_of(pod) for pod in pods])
        self.recovered_s = time.perf_counter() - killed_s

    async def _deletion(self) -> None:
        self._say(
            "A web pod and all batch pods are deleted, and with them the last use of a config"
        )
        keys = [key for key in self._observer.rows if "batch-" in key[2]]
        keys = [key for key in keys if key[0] == "pods"]
        web = next(key for key in self._observer.rows if key[0] == "pods" and "web-" in key[2])
        self._observer.scene = "deletion"
        self._observer.expect(("configmaps", _SHOP, "batch-settings"), gone)
        for key in [web, *keys]:
            self._observer.expect(key, gone)
            options = {"gracePeriodSeconds": 0}
            await self._stage.virtual.request("DELETE", path(key), options)
        await self._settled()

    async def _create(self, obj: Obj) -> None:
        plural, namespace, _ = key_of(obj)
        await self._stage.virtual.request("POST", collection(plural, namespace), obj)

    async def _create_pod(self, pod: Obj) -> None:
        """The first pod that needs a ConfigMap or Secret brings it to the host."""
        for key in references(pod) - self._needed:
            self._needed.add(key)
            self._observer.expect(key, exists)
        self._observer.expect(key_of(pod), exists)
        await self._create(pod)

    async def _change(self, key: Key, patch: Obj, holds: Holds) -> None:
        self._observer.expect(key, holds)
        await self._patch(key, patch)

    async def _patch(self, key: Key, patch: Obj) -> None:
        await self._stage.virtual.request("PATCH", path(key), patch, MERGE_PATCH)

    async def _settled(self) -> None:
        if await self._observer.settled(_TIMEOUT_S):
            return
        late = [change.key for change in self._observer.changes if change.latency_s is None]
        shown = ", ".join(f"{plural} {namespace}/{name}" for plural, namespace, name in late[:5])
        raise TohostError(
            f"{len(late)} changes did not reach the host in {_TIMEOUT_S:g} s: {shown}"
        )

    async def _alive(self, pods: list[Key]) -> None:
        await self._until(lambda: all(self._runs(key) for key in pods), "Running and Ready")

    async def _until(self, condition: Callable[[], bool], what: str) -> None:
        if not await self._observer.until(condition, _TIMEOUT_S):
            raise TohostError(f"not every virtual pod shows {what} after {_TIMEOUT_S:g} s")

    def _pods(self, prefix: str) -> list[Key]:
        return [
            key for key in self._observer.rows if key[0] == "pods" and key[2].startswith(prefix)
        ]

    def _runs(self, key: Key, image: str = "") -> bool:
        pod = self._observer.rows[key].virtual or {}
        statuses = (pod.get("status") or {}).get("containerStatuses") or []
        return bool(statuses) and all(
            status["ready"] and (not image or status["image"] == image) for status in statuses
        )


def _numbered(template: Obj, number: int) -> Obj:
    pod = copy.deepcopy(template)
    pod["metadata"]["name"] = f"batch-{number:02}"
    return pod


def _has_image(host: Obj | None) -> bool:
    return host is not None and all(
        container["image"] == _NEW_IMAGE for container in host["spec"]["containers"]
    )


def _data(host: Obj | None) -> dict[str, Any]:
    return (host or {}).get("data") or {}


def _greets(host: Obj | None) -> bool:
    return _data(host).get("greeting") == "good morning"


def _is_rotated(host: Obj | None) -> bool:
    return _data(host).get("password") == "YmF0dGVyeSBzdGFwbGU="
