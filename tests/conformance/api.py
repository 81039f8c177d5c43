"""Calls of an API server that never raise: a test looks at the code and body itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
import orjson

from sandbox.kubeconfig import Access

Object = dict[str, Any]

MERGE: Final = "application/merge-patch+json"
STRATEGIC: Final = "application/strategic-merge-patch+json"
JSON_PATCH: Final = "application/json-patch+json"
APPLY: Final = "application/apply-patch+yaml"
TABLE: Final = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
PARTIAL: Final = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
PARTIAL_LIST: Final = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"


@dataclass(frozen=True, slots=True)
class Answer:
    code: int
    body: Any

    @property
    def reason(self) -> str:
        return str(self.body.get("reason", ""))

    @property
    def message(self) -> str:
        return str(self.body.get("message", ""))

    @property
    def fields(self) -> list[str]:
        """The fields that the refusal blames."""
        return [cause["field"] for cause in self.body["details"]["causes"]]

    @property
    def metadata(self) -> Any:
        return self.body["metadata"]


class Api:
    """One API server, and a namespace in it that `path` names things in."""

    def __init__(self, access: Access, namespace: str) -> None:
        self._access = access
        self.namespace = namespace

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            self._access.url,
            headers={"Authorization": f"Bearer {self._access.token}"},
            connector=aiohttp.TCPConnector(ssl=self._access.verify),
            read_bufsize=2**22,
        )
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        await self._session.close()

    def path(self, plural: str, name: str = "", part: str = "", group: str = "") -> str:
        """`group` with its version, such as apps/v1; empty for the core group."""
        root = f"/apis/{group}" if group else "/api/v1"
        parts = (root, "namespaces", self.namespace, plural, name, part)
        return "/".join(filter(None, parts))

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        content_type: str = "application/json",
        accept: str = "application/json",
    ) -> Answer:
        data = body if isinstance(body, bytes | None) else orjson.dumps(body)
        headers = {"Accept": accept}
        if data is not None:
            headers["Content-Type"] = content_type
        async with self._session.request(method, path, data=data, headers=headers) as response:
            raw = await response.read()
            is_json = response.content_type == "application/json"
            return Answer(response.status, orjson.loads(raw) if is_json else raw.decode())

    async def get(self, path: str, accept: str = "application/json") -> Answer:
        return await self.call("GET", path, accept=accept)

    async def post(self, path: str, body: Any) -> Answer:
        return await self.call("POST", path, body)

    async def put(self, path: str, body: Any) -> Answer:
        return await self.call("PUT", path, body)

    async def patch(self, path: str, body: Any, content_type: str = MERGE) -> Answer:
        return await self.call("PATCH", path, body, content_type)

    async def delete(self, path: str, options: Object | None = None) -> Answer:
        return await self.call("DELETE", path, options)

    async def watch(self, path: str, query: str) -> AsyncIterator[Object]:
        """Events until the server ends the watch; bookmarks are left in."""
        async with self._session.get(f"{path}?watch=true&{query}") as response:
            async for line in response.content:
                yield orjson.loads(line)

    async def events(self, path: str, query: str) -> list[tuple[str, str]]:
        """Types and names of what a short watch shows, without bookmarks."""
        return [
            (event["type"], event["object"]["metadata"]["name"])
            async for event in self.watch(path, f"{query}&timeoutSeconds=1")
            if event["type"] != "BOOKMARK"
        ]

    async def end_namespace(self) -> None:
        """Lets the namespace go at once, as no controller will; what is in it stays behind."""
        path = f"/api/v1/namespaces/{self.namespace}"
        await self.delete(path)
        body = {"metadata": {"name": self.namespace}, "spec": {"finalizers": []}}
        await self.put(f"{path}/finalize", body)


def config_map(name: str, **data: str) -> Object:
    return {"metadata": {"name": name}, "data": data}


def pod(name: str, **spec: Any) -> Object:
    containers = [{"name": "main", "image": "nginx"}]
    return {"metadata": {"name": name}, "spec": {"containers": containers} | spec}


def service(name: str, **spec: Any) -> Object:
    return {"metadata": {"name": name}, "spec": {"ports": [{"port": 80}]} | spec}


def claim(name: str, **spec: Any) -> Object:
    asked = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return {"metadata": {"name": name}, "spec": asked | spec}
