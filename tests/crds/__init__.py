"""The snapshot CRDs, as far as tests need them, and ways to install any on either backend."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

import yaml

from common.errors import AlreadyExistsError, ApiError, NotFoundError, RetryError
from common.kube.client import KubeClient
from common.objects import Obj

DEFINITIONS: Final = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_WITHIN_S: Final = 30.0
_POLL_S: Final = 0.05


def snapshot_definitions() -> list[Obj]:
    """VolumeSnapshot, VolumeSnapshotContent and VolumeSnapshotClass, version v1."""
    return [
        yaml.safe_load(path.read_text()) for path in sorted(Path(__file__).parent.glob("*.yaml"))
    ]


async def install(client: KubeClient, definitions: Iterable[Obj] | None = None) -> None:
    """Return once all are served, as discovery tells too; what is there already stays as it is.

    The snapshot definitions by default.
    """
    chosen = snapshot_definitions() if definitions is None else list(definitions)
    for definition in chosen:
        with suppress(AlreadyExistsError):
            await client.request("POST", DEFINITIONS, body=definition)
    for definition in chosen:
        await _wait(partial(_is_served, client, definition["spec"]))


async def uninstall(client: KubeClient, definitions: Iterable[Obj] | None = None) -> None:
    """Return once none is there any more; the objects go with them."""
    chosen = snapshot_definitions() if definitions is None else list(definitions)
    paths = [f"{DEFINITIONS}/{definition['metadata']['name']}" for definition in chosen]
    for path in paths:
        with suppress(NotFoundError):
            await client.request("DELETE", path)
    paths += [_collection(definition["spec"], version) for definition, version in _versions(chosen)]
    for path in paths:
        await _wait(partial(_is_gone, client, path))


async def _wait(done: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(_WITHIN_S):
        while not await done():
            await asyncio.sleep(_POLL_S)


def _versions(definitions: Iterable[Obj]) -> Iterator[tuple[Obj, str]]:
    for definition in definitions:
        for version in definition["spec"]["versions"]:
            yield definition, version["name"]


def _collection(spec: Obj, version: str) -> str:
    return f"/apis/{spec['group']}/{version}/{spec['names']['plural']}"


async def _is_served(client: KubeClient, spec: Obj) -> bool:
    """A server that is still setting up answers 404, or 429."""
    try:
        for version in spec["versions"]:
            path = _collection(spec, version["name"])
            await client.request("GET", path, params={"limit": "1"})
            listed = (await client.request("GET", path.rpartition("/")[0]))["resources"]
            if all(each["name"] != spec["names"]["plural"] for each in listed):
                return False
    except (ApiError, RetryError):
        return False
    return True


async def _is_gone(client: KubeClient, path: str) -> bool:
    try:
        await client.request("GET", path)
    except NotFoundError:
        return True
    except RetryError:
        return False
    return False
