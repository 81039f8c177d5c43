"""Accidents on the host's side: no virtual pod goes by mistake, and nothing lands elsewhere."""

import asyncio
import shutil
from pathlib import Path

from common.errors import NotFoundError
from common.kinds import REGISTRY
from common.objects import Obj, get_path, meta
from sandbox.redis import RedisServer
from tests.e2e.waiting import eventually
from tests.integration.accidents import Place, numbered, open_place, uids
from tohost import cli

PODS, CONFIGS = numbered(25), ["config"]


async def test_another_host_stops_the_sync_now_and_after_a_restart(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    async with open_place(tmp_path, redis_server, kubelet=True) as place:
        await place.create("pods", PODS)
        async with place.running():
            await runs(place, PODS)
            before = uids(await place.virtual("pods"))
            await place.replace("host")
            await place.pipeline.host.request("POST", "/api/v1/namespaces", body=namespace("h"))
            await place.tells("watcher", "host.kubeconfig leads to another cluster")
            await place.tells("worker", "host.kubeconfig leads to another cluster")
            await place.create("configmaps", ["late"])
        async with place.running():
            await place.tells("worker", "host.kubeconfig leads to another cluster")
            await asyncio.sleep(0.5)
            assert uids(await place.virtual("pods")) == before
            assert await place.host("pods") == await place.host("configmaps") == {}


async def test_host_pods_that_vanish_take_no_virtual_pods_along(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    async with open_place(tmp_path, redis_server, kubelet=True) as place:
        await place.create("pods", PODS)
        await place.create("configmaps", CONFIGS)
        async with place.running():
            await runs(place, PODS)
            before = uids(await place.virtual("pods"))
            await place.lose("host", lambda _, obj: meta(obj).get("namespace") == "h")
            await place.tells("worker", "deletion brake: 25 of 25 virtual pods")
            await place.host_has("configmaps", CONFIGS)
            assert uids(await place.virtual("pods")) == before
            release = ["release", "v", "--config", str(place.pipeline.config)]
            assert await asyncio.to_thread(cli.main, release) == 0
            await eventually(lambda: gone(place))


async def test_a_host_namespace_that_is_deleted_costs_what_kubernetes_loses_and_no_more(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    """Pods end where they ran, as with a node. All else comes again with the namespace."""
    async with open_place(tmp_path, redis_server, kubelet=True) as place:
        await place.create("pods", PODS)
        await place.create("configmaps", numbered(30))
        async with place.running():
            await runs(place, PODS)
            await place.host_has("configmaps", numbered(30))
            host = place.pipeline.host
            await host.request("DELETE", "/api/v1/namespaces/h")
            await eventually(lambda: gone(place))
            await eventually(lambda: no_namespace(place))
            assert (await place.virtual("configmaps")).keys() >= set(numbered(30))
            await host.request("POST", "/api/v1/namespaces", body=namespace("h"))
            await place.create("pods", ["next"])
            await place.host_has("configmaps", numbered(30))
            await runs(place, ["next"])
            assert "brake" not in await place.notes("worker")


async def test_what_an_owner_took_along_comes_again_with_its_successor(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    owner: Obj = {"metadata": {"name": "owner"}}
    async with open_place(tmp_path, redis_server) as place:
        host, kind = place.pipeline.host, REGISTRY["configmaps"]
        place.pipeline.content["host"]["owner"] = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "name": "owner",
        }
        await host.create(kind, "h", owner)
        await place.create("configmaps", numbered(30))
        async with place.running():
            await place.host_has("configmaps", numbered(30))
            await host.delete(kind, "h", "owner")
            await place.host_has("configmaps", [])
            await place.tells("worker", "host.owner is gone")
            assert await place.host("configmaps") == {}
            assert (await place.virtual("configmaps")).keys() >= set(numbered(30))
            successor = await host.create(kind, "h", owner)
            await place.host_has("configmaps", numbered(30), within_s=30)
            await place.silent("worker", "host.owner")
            for each in (await place.host("configmaps")).values():
                [reference] = meta(each)["ownerReferences"]
                assert reference["uid"] == meta(successor)["uid"]


async def test_the_host_itself_is_refused_as_a_virtual_cluster(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    async with open_place(tmp_path, redis_server) as place:
        content = place.pipeline.content
        content["virtualClusters"][0]["kubeconfig"] = content["host"]["kubeconfig"]
        await place.create("configmaps", ["mine"], "host")
        async with place.running():
            for process in ("watcher", "worker"):
                await place.tells(process, "leads to the host cluster itself")
            assert await place.host("configmaps") == {}


async def test_of_two_virtual_clusters_at_one_server_only_the_first_is_synced(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    async with open_place(tmp_path, redis_server) as place:
        clusters = place.pipeline.content["virtualClusters"]
        async with place.running():
            await place.create("configmaps", ["a"])
            await place.host_has("configmaps", ["a"])
        copied = shutil.copy(clusters[0]["kubeconfig"], tmp_path / "w.kubeconfig")
        clusters.insert(0, {**clusters[0], "name": "w", "kubeconfig": str(copied)})
        async with place.running():
            for process in ("watcher", "worker"):
                await place.tells(process, "virtual clusters v and w lead to the same API server")
            await place.create("configmaps", ["b"])
            await place.host_has("configmaps", ["a", "b"])
            assert "v-default-b-x-default-x-v" in await host_names(place)
            assert not [name for name in await host_names(place) if name.endswith("-x-w")]


async def runs(place: Place, names: list[str]) -> None:
    """Wait until these virtual pods show that they run."""

    async def look() -> bool:
        pods = await place.virtual("pods")
        return all(get_path(pods[name], "status.phase") == "Running" for name in names)

    await eventually(look)


async def gone(place: Place) -> bool:
    return not await place.virtual("pods")


async def no_namespace(place: Place) -> bool:
    try:
        await place.pipeline.host.request("GET", "/api/v1/namespaces/h")
    except NotFoundError:
        return True
    return False


async def host_names(place: Place) -> list[str]:
    listed = place.pipeline.host.list_all(REGISTRY["configmaps"], "h")
    return [meta(each)["name"] async for each in listed]


def namespace(name: str) -> Obj:
    return {"metadata": {"name": name}}
