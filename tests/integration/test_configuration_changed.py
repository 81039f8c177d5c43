"""What is in Redis and on the host when a configuration or an installation before had it so."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from common import kinds
from common.objects import Obj
from common.store import Change, Store
from sandbox.redis import RedisServer
from tests.backends import sandbox_backend
from tests.e2e.waiting import eventually
from tests.integration.pipeline import SNAPSHOTS, Pipeline, host_name, open_pipeline
from watchers import keeper

ON: Obj = {"enabled": True}
OFF: Obj = {"enabled": False}
CLEANED: Obj = {"enabled": False, "cleanupOnDisable": True}
INGRESSES = kinds.REGISTRY["ingresses"]
LEASE = "tohost:{v}:lease:virtual:volumesnapshots"


@pytest.fixture
async def pipeline(
    tmp_path: Path, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Pipeline]:
    monkeypatch.setitem(kinds.REGISTRY, SNAPSHOTS.plural, SNAPSHOTS)
    monkeypatch.setattr(keeper, "MISSING_S", 0.5)
    async with open_pipeline(tmp_path, redis_server, sandbox_backend) as it:
        yield it


async def test_a_host_that_forbids_its_events_keeps_no_watcher_from_being_ready(
    pipeline: Pipeline,
) -> None:
    """As that of an installation whose Role is older than events."""
    assert pipeline.made.sandbox
    pipeline.made.sandbox.host.faults.fail(403, path="/events")
    await pipeline.secret("wanted")
    pipeline.switch(secrets={"all": True})
    async with pipeline.running():
        await pipeline.tells("403")
        await pipeline.arrives("secrets", "wanted")


async def test_what_refers_to_a_kind_that_is_switched_on_is_looked_at_again(
    pipeline: Pipeline,
) -> None:
    await pipeline.secret("tls")
    spec = {
        "tls": [{"secretName": "tls"}],
        "defaultBackend": {"service": {"name": "web", "port": {"number": 80}}},
    }
    body = {"metadata": {"name": "web"}, "spec": spec}
    await pipeline.virtual.create(INGRESSES, "default", body)
    pipeline.switch(ingresses=ON, secrets=OFF)
    async with pipeline.running():
        await pipeline.arrives("ingresses", "web")
    pipeline.switch(ingresses=ON)
    async with pipeline.running():
        await pipeline.arrives("secrets", "tls")
        await eventually(lambda: _tls_is(pipeline, host_name("tls")))


async def _tls_is(it: Pipeline, secret: str) -> bool:
    there = await it.host.get(INGRESSES, "h", host_name("web"))
    return bool(there["spec"]["tls"][0]["secretName"] == secret)


async def test_a_clean_up_that_is_taken_back_at_once_leaves_nothing_away(
    pipeline: Pipeline,
) -> None:
    """Before anybody forgot the virtual objects, since a watcher of before still has that lease."""
    await pipeline.install_both("v1")
    await pipeline.snapshot("a")
    pipeline.switch(volumeSnapshots=ON)
    async with pipeline.running():
        await pipeline.snapshots_are("a")
    pipeline.redis.set(LEASE, "a watcher of before")
    pipeline.switch(volumeSnapshots=CLEANED)
    async with pipeline.running():
        await pipeline.snapshots_are()
        await eventually(lambda: _idle(pipeline))
    pipeline.redis.delete(LEASE)
    pipeline.switch(volumeSnapshots=ON)
    async with pipeline.running():
        await pipeline.snapshots_are("a")


async def _idle(it: Pipeline) -> bool:
    return not Store(it.redis).versions("v", "host", SNAPSHOTS.plural) and not it.busy()


class _Watching(Store):
    """Notes which streams count as listed whenever it stores something."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis)
        self.seen: list[frozenset[tuple[str, str]]] = []

    def put(self, cluster: str, *args: Any, **options: Any) -> list[str]:
        self.seen.append(self.synced(cluster))
        return super().put(cluster, *args, **options)


def test_a_stream_counts_as_unlisted_before_its_objects_are_forgotten(
    redis: Redis,
) -> None:
    """Else whoever still has the kind on sees that nothing refers to a Secret, and believes it."""
    store = _Watching(redis)
    store.set_synced("v", "virtual", "ingresses")
    store.put("v", "virtual", "ingresses", [Change("n/a", "1", {})])
    store.forget_stream("v", "virtual", "ingresses")
    assert store.seen == [{("virtual", "ingresses")}, frozenset()]
