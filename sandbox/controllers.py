"""The controllers without which a bare API server gets stuck: ends of namespaces and volumes.

Clients of the API server, as in a real cluster, so they serve a real kube-apiserver as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, Self

import aiohttp

from sandbox.client import Actor, Refused
from sandbox.kubeconfig import Access

Object = dict[str, Any]

_RETRY_S: Final = 0.2
_PROTECTIONS: Final = ("kubernetes.io/pvc-protection", "kubernetes.io/pv-protection")


class Controllers(Actor):
    """Runs against one cluster until stopped."""

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self._ending: set[str] = set()

    async def start(self) -> Self:
        await self._client.__aenter__()
        self._spawn(self._follow("/api/v1/namespaces", self._end_namespace))
        self._spawn(self._follow("/api/v1/persistentvolumeclaims", self._end_claim))
        self._spawn(self._follow("/api/v1/persistentvolumes", self._release))
        return self

    async def _follow(self, path: str, end: Callable[[Object], Awaitable[bool]]) -> None:
        async for type_, obj in self._client.follow(path):
            metadata = obj["metadata"]
            if type_ == "DELETED" or not metadata.get("deletionTimestamp"):
                continue
            if metadata["uid"] not in self._ending:
                self._ending.add(metadata["uid"])
                self._spawn(self._until_done(end, obj))

    async def _until_done(self, end: Callable[[Object], Awaitable[bool]], obj: Object) -> None:
        """Tries again until there is nothing left to do; an object that is gone is done."""
        done = False
        while not done:
            try:
                done = await end(obj)
            except Refused as refused:
                done = refused.code == 404
            except aiohttp.ClientError:
                done = False
            if not done:
                await asyncio.sleep(_RETRY_S)
        self._ending.discard(obj["metadata"]["uid"])

    async def _end_namespace(self, namespace: Object) -> bool:
        """Deletes all content, and when none is left takes the last finalizer off."""
        name = namespace["metadata"]["name"]
        left = [path async for path in self._content(name)]
        for path in left:
            await self._client.request("DELETE", path)
        if left:
            return False
        current = await self._client.request("GET", f"/api/v1/namespaces/{name}")
        current["spec"]["finalizers"] = []
        await self._client.request("PUT", f"/api/v1/namespaces/{name}/finalize", current)
        return True

    async def _content(self, namespace: str) -> Any:
        """Paths of the collections that still have something in this namespace."""
        for root in await self._roots():
            for resource in (await self._found(root)).get("resources", ()):
                if not resource["namespaced"] or "deletecollection" not in resource["verbs"]:
                    continue
                path = f"{root}/namespaces/{namespace}/{resource['name']}"
                if (await self._found(f"{path}?limit=1")).get("items"):
                    yield path

    async def _found(self, path: str) -> Object:
        """{} for what is no longer served, as its definition went meanwhile."""
        try:
            return await self._client.request("GET", path)
        except Refused as refused:
            if refused.code != 404:
                raise
            return {}

    async def _roots(self) -> list[str]:
        groups = (await self._client.request("GET", "/apis"))["groups"]
        preferred = [group["preferredVersion"]["groupVersion"] for group in groups]
        return ["/api/v1", *(f"/apis/{group_version}" for group_version in preferred)]

    async def _end_claim(self, claim: Object) -> bool:
        """Lets a claim go once no pod uses it."""
        metadata = claim["metadata"]
        namespace = f"/api/v1/namespaces/{metadata['namespace']}"
        pods = (await self._client.request("GET", f"{namespace}/pods"))["items"]
        if any(_uses(pod, metadata["name"]) for pod in pods):
            return False
        path = f"{namespace}/persistentvolumeclaims/{metadata['name']}"
        await self._unprotect(path, metadata["uid"])
        await self._reclaim(claim["spec"].get("volumeName"))
        return True

    async def _unprotect(self, path: str, uid: str) -> None:
        current = (await self._client.request("GET", path))["metadata"]
        if current["uid"] == uid:
            kept = [name for name in current.get("finalizers") or () if name not in _PROTECTIONS]
            version = {"resourceVersion": current["resourceVersion"]}
            await self._client.merge(path, {"metadata": version | {"finalizers": kept or None}})

    async def _reclaim(self, volume: str | None) -> None:
        """Deletes the volume of a claim that is gone, if that is its policy."""
        if not volume:
            return
        path = f"/api/v1/persistentvolumes/{volume}"
        spec = (await self._client.request("GET", path))["spec"]
        if spec.get("persistentVolumeReclaimPolicy") == "Delete":
            await self._client.request("DELETE", path)
        else:
            await self._client.merge(f"{path}/status", {"status": {"phase": "Released"}})

    async def _release(self, volume: Object) -> bool:
        metadata = volume["metadata"]
        await self._unprotect(f"/api/v1/persistentvolumes/{metadata['name']}", metadata["uid"])
        return True


def _uses(pod: Object, claim: str) -> bool:
    volumes = pod["spec"].get("volumes") or ()
    return any(
        (volume.get("persistentVolumeClaim") or {}).get("claimName") == claim for volume in volumes
    )
