"""Definitions of custom resources, and objects of the kinds that they define."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from tests.conformance.api import Api, Object

Define = Callable[..., Awaitable[str]]
"""Makes a definition in a group of its own, and answers with the group."""
DEFINITIONS: Final = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


FREE: Final = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def version_of(name: str, schema: Object, *, storage: bool, status: bool) -> Object:
    version: Object = {"name": name, "served": True, "storage": storage}
    version["schema"] = {"openAPIV3Schema": schema}
    return version | ({"subresources": {"status": {}}} if status else {})


def definition(
    group: str,
    status: bool,
    *,
    versions: tuple[str, ...] = ("v1",),
    scope: str = "Namespaced",
    schema: Object = FREE,
) -> Object:
    """The first version is stored."""
    names = {"plural": "widgets", "kind": "Widget", "shortNames": ["wg"]}
    made = [
        version_of(name, schema, storage=name == versions[0], status=status) for name in versions
    ]
    spec = {"group": group, "names": names, "scope": scope, "versions": made}
    return {"metadata": {"name": f"widgets.{group}"}, "spec": spec}


async def served(api: Api, path: str) -> None:
    """Waits until the new resource can be listed and written."""
    for _ in range(100):
        if (await api.get(path)).code == 200:
            return
        await asyncio.sleep(0.1)
    raise TimeoutError(path)


def widget(name: str, **content: Any) -> Object:
    return {"kind": "Widget", "metadata": {"name": name}} | content


async def create(api: Api, path: str, wanted: Object) -> Any:
    group_version = "/".join(path.split("/")[2:4])
    answer = await api.post(path, {"apiVersion": group_version} | wanted)
    assert answer.code == 201, answer.message
    return answer.body
