"""The reflector and the client against an API server that makes trouble."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from common.kinds import REGISTRY
from common.kube.api import object_path
from common.kube.client import KubeClient
from common.objects import Obj, name_of
from tests.backends import Backend, backend, sandbox_backend
from watchers.reflector import Event, Reflector

CONFIGMAPS = REGISTRY["configmaps"]
PATH = object_path(CONFIGMAPS, "default")


class Mirror:
    """What a stream says exists, by name; and how often it listed."""

    def __init__(self) -> None:
        self.objects: dict[str, str] = {}
        self.lists = 0
        self.deleted: list[str] = []
        self._listing: dict[str, str] = {}

    async def list_started(self) -> None:
        self._listing = {}

    async def listed(self, objects: list[Obj], version: str) -> None:
        self._listing |= {name_of(each): _value(each) for each in objects}

    async def list_done(self, version: str) -> bool:
        self.objects, self.lists = self._listing, self.lists + 1
        return True

    async def events(self, events: list[Event]) -> None:
        for kind, each in events:
            if kind == "DELETED":
                self.objects.pop(name_of(each), None)
                self.deleted.append(name_of(each))
            elif kind != "BOOKMARK":
                self.objects[name_of(each)] = _value(each)

    async def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 15
        while not condition():
            assert time.monotonic() < deadline, (self.objects, self.lists)
            await asyncio.sleep(0.01)


def _value(obj: Obj) -> str:
    return str((obj.get("data") or {}).get("value", ""))


def configmap(name: str, value: str = "1") -> Obj:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "labels": {"test": "reflector"}},
        "data": {"value": value},
    }


@asynccontextmanager
async def reflecting(client: KubeClient, silence_s: float = 90) -> AsyncIterator[Mirror]:
    mirror = Mirror()
    selector = {"labelSelector": "test=reflector"}
    reflector = Reflector("test", client, mirror, PATH, selector, silence_s=silence_s)
    task = asyncio.create_task(reflector.run())
    await mirror.until(lambda: mirror.lists == 1)
    yield mirror
    assert not task.done()
    task.cancel()
    await asyncio.wait([task])


@asynccontextmanager
async def connected(made: Backend) -> AsyncIterator[KubeClient]:
    async with await KubeClient.connect(str(made.virtual_kubeconfig), name="virtual") as client:
        yield client


@pytest.fixture
async def trouble(tmp_path: Path) -> AsyncIterator[Backend]:
    async with sandbox_backend(tmp_path, kubelet=False) as made:
        yield made


async def create(client: KubeClient, name: str) -> None:
    await client.create(CONFIGMAPS, "default", configmap(name))


async def test_objects_come_change_and_go(tmp_path: Path) -> None:
    async with backend(tmp_path, kubelet=False) as made, connected(made) as client:
        await create(client, "before")
        async with reflecting(client) as mirror:
            assert mirror.objects == {"before": "1"}
            await create(client, "after")
            await client.patch(CONFIGMAPS, "default", "before", {"data": {"value": "2"}})
            await mirror.until(lambda: mirror.objects == {"before": "2", "after": "1"})
            await client.delete(CONFIGMAPS, "default", "before")
            await mirror.until(lambda: mirror.objects == {"after": "1"})


async def test_an_object_that_loses_its_label_goes(tmp_path: Path) -> None:
    async with backend(tmp_path, kubelet=False) as made, connected(made) as client:
        await create(client, "one")
        async with reflecting(client) as mirror:
            unlabelled = {"metadata": {"labels": {"test": None}}}
            await client.patch(CONFIGMAPS, "default", "one", unlabelled)
            await mirror.until(lambda: mirror.objects == {})


async def test_a_long_list_comes_in_pages(tmp_path: Path) -> None:
    async with backend(tmp_path, kubelet=False) as made, connected(made) as client:
        await asyncio.gather(*(create(client, f"c{n}") for n in range(1100)))
        async with reflecting(client) as mirror:
            assert len(mirror.objects) == 1100


async def test_a_watch_cut_in_mid_line_loses_nothing(trouble: Backend) -> None:
    assert trouble.sandbox
    async with connected(trouble) as client, reflecting(client) as mirror:
        for n in range(20):
            await create(client, f"c{n}")
            trouble.sandbox.virtual.faults.cut_watches("configmaps")
        await mirror.until(lambda: len(mirror.objects) == 20)
        assert mirror.lists == 1


async def test_a_silent_watch_is_replaced(trouble: Backend) -> None:
    assert trouble.sandbox
    async with connected(trouble) as client, reflecting(client, silence_s=0.5) as mirror:
        trouble.sandbox.virtual.faults.silence_watches("configmaps")
        await create(client, "unheard")
        await mirror.until(lambda: "unheard" in mirror.objects)
        assert mirror.lists == 1


async def test_a_forgotten_version_is_mended_by_a_list(trouble: Backend) -> None:
    assert trouble.sandbox
    faults = trouble.sandbox.virtual.faults
    async with connected(trouble) as client, reflecting(client) as mirror:
        await create(client, "one")
        await mirror.until(lambda: "one" in mirror.objects)
        faults.fail(503, path="watch=1", times=3)
        faults.cut_watches("configmaps")
        await create(client, "two")
        await client.delete(CONFIGMAPS, "default", "one")
        faults.expire()
        await mirror.until(lambda: mirror.objects == {"two": "1"})
        assert mirror.lists == 2
        assert mirror.deleted == []


async def test_a_busy_server_is_left_alone_as_long_as_it_asks(trouble: Backend) -> None:
    assert trouble.sandbox
    faults = trouble.sandbox.virtual.faults
    async with connected(trouble) as client, reflecting(client) as mirror:
        busy = faults.fail(429, path="watch=1", times=1, retry_after_s=1)
        faults.cut_watches("configmaps")
        began = time.monotonic()
        await create(client, "one")
        await mirror.until(lambda: "one" in mirror.objects)
        assert busy.struck == 1
        assert time.monotonic() - began >= 1
