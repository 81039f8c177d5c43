"""Accidents on the virtual side: what is lost there by mistake stays on the host."""

import asyncio
from pathlib import Path

import pytest

from sandbox.redis import RedisServer
from tests.e2e.waiting import eventually
from tests.integration.accidents import (
    SETTLED_S,
    Place,
    numbered,
    of,
    open_place,
    uids,
)
from tests.proxy import Proxy
from tohost import cli

MANY, NAMES = 40, numbered(40)


async def test_another_cluster_at_the_address_stops_the_sync_now_and_after_a_restart(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    async with open_place(tmp_path, redis_server) as place:
        await place.create("configmaps", NAMES)
        async with place.running():
            await place.host_has("configmaps", NAMES)
            before = uids(await place.host("configmaps"))
            await place.replace("virtual")
            await place.tells("watcher", "leads to another cluster than before")
            await place.tells("worker", "leads to another cluster than before")
            await place.create("configmaps", ["new"])
        async with place.running():
            await place.tells("worker", "leads to another cluster than before")
            await asyncio.sleep(0.5)
            assert uids(await place.host("configmaps")) == before


@pytest.mark.parametrize("restarted", [False, True], ids=["gap in etcd", "new etcd"])
async def test_an_emptied_cluster_loses_nothing_on_the_host(
    tmp_path: Path, redis_server: RedisServer, restarted: bool
) -> None:
    """The brake holds until the objects are back, and then opens by itself."""
    async with open_place(tmp_path, redis_server) as place:
        await place.create("configmaps", NAMES)
        async with place.running():
            await place.host_has("configmaps", NAMES)
            before = uids(await place.host("configmaps"))
            if restarted:
                old = place.servers["virtual"]
                lost = [
                    ("configmaps", item.copy())
                    for item in old.storage.collection("configmaps").items()
                ]
                await place.replace("virtual", keep_system=True)
            else:
                lost = await place.lose("virtual", of("configmaps"))
            await place.tells("worker", f"deletion brake: {MANY} of {MANY} host objects")
            assert place.metric() == MANY
            assert uids(await place.host("configmaps")) == before
            place.restore("virtual", lost[:-5])
            await place.host_has("configmaps", [obj["metadata"]["name"] for _, obj in lost[:-5]])
            await place.silent("worker", "deletion brake")
            assert place.metric() == 0
            after = uids(await place.host("configmaps"))
            assert after.items() <= before.items()


async def test_what_is_meant_to_go_is_released_by_command(
    tmp_path: Path, redis_server: RedisServer, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_place(tmp_path, redis_server) as place:
        await place.create("configmaps", NAMES)
        async with place.running():
            await place.host_has("configmaps", NAMES)
            await place.lose("virtual", of("configmaps"))
            await place.tells("worker", "tohost release v")
            assert await asyncio.to_thread(_release, place, "v") == 0
            assert "released the deletion of 40 of 40 host objects" in capsys.readouterr().out
            await place.host_has("configmaps", [], within_s=5)
            await place.silent("worker", "deletion brake")


def _release(place: Place, name: str) -> int:
    return cli.main(["release", name, "--config", str(place.pipeline.config)])


async def test_a_few_that_are_lost_go_after_a_moment(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    async with open_place(tmp_path, redis_server) as place:
        await place.create("configmaps", NAMES)
        async with place.running():
            await place.host_has("configmaps", NAMES)
            await place.lose("virtual", of("configmaps", *NAMES[:5]))
            await place.host_has("configmaps", NAMES[5:], within_s=8)


async def test_lost_pods_keep_what_only_they_refer_to(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    """Their host pods go on, and may start a container again."""
    async with open_place(tmp_path, redis_server, kubelet=True, configMaps={}) as place:
        await place.create("configmaps", ["config"])
        await place.create("pods", NAMES, mounts="config")
        async with place.running():
            await place.host_has("pods", NAMES)
            await place.host_has("configmaps", ["config"])
            before = uids(await place.host("pods")) | uids(await place.host("configmaps"))
            lost = await place.lose("virtual", of("pods"))
            await place.tells("worker", f"deletion brake: {MANY} of {MANY + 1} host objects")
            await asyncio.sleep(0.5)
            assert uids(await place.host("pods")) | uids(await place.host("configmaps")) == before
            place.restore("virtual", lost)
            await place.silent("worker", "deletion brake")
            assert uids(await place.host("pods")) | uids(await place.host("configmaps")) == before


async def test_a_namespace_that_is_deleted_goes_without_delay(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    """Hundreds of objects, but each is seen to go."""
    names = numbered(200)
    async with open_place(tmp_path, redis_server) as place:
        virtual = place.pipeline.virtual
        await virtual.request("POST", "/api/v1/namespaces", body={"metadata": {"name": "n"}})
        for name in names:
            path = "/api/v1/namespaces/n/configmaps"
            await virtual.request("POST", path, body={"metadata": {"name": name}})
        async with place.running():
            await place.host_has("configmaps", names)
            await virtual.request("DELETE", "/api/v1/namespaces/n")
            await place.host_has("configmaps", [], within_s=5)
            assert "brake" not in await place.notes("worker")


async def test_a_server_that_lists_nothing_for_a_moment_loses_nothing(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    async with open_place(tmp_path, redis_server) as place:
        entry = place.pipeline.content["virtualClusters"][0]
        await place.create("configmaps", NAMES)
        with Proxy(Path(entry["kubeconfig"]), tmp_path, "proxy") as proxy:
            entry["kubeconfig"] = str(proxy.kubeconfig)
            async with place.running():
                await place.host_has("configmaps", NAMES)
                before = uids(await place.host("configmaps"))
                proxy.faults.empty()
                proxy.faults.expire()
                proxy.faults.cut_watches()
                await eventually(lambda: _struck(proxy.faults.struck["empty"]))
                await asyncio.sleep(SETTLED_S)
                proxy.faults.clear()
                await place.create("configmaps", ["new"])
                await place.host_has("configmaps", [*NAMES, "new"])
                after = uids(await place.host("configmaps"))
                assert before.items() <= after.items()


async def _struck(times: int) -> bool:
    return times > 0
