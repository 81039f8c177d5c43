"""The whole way of a change, on Redis with TLS and an ACL user, behind Sentinels, as a Cluster."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from common.config.redis import Redis as Settings
from common.process.logs import formatter
from common.redis.connection import connect
from common.workqueue import prefix
from sandbox.redis import RedisServer
from tests.integration import redis_forms
from tests.integration.redis_forms import admin
from tests.integration.redis_sync import open_sync

RIGHTS = (
    "~tohost:* ~rq:* resetchannels +@all -@admin -@dangerous +info +client|setname +client|info"
)
PASSWORD = "pa ss@:/%word"


@pytest.fixture(autouse=True)
def _rq_as_before() -> Iterator[None]:
    yield
    prefix.use(cluster=False)


def command(client: Redis, words: str, *more: str) -> None:
    client.execute_command(*words.split(), *more)  # type: ignore[no-untyped-call]


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged, as people see it."""
    return [formatter("text").format(record) for record in caplog.records]


async def test_tls_and_a_user_with_few_rights_whose_password_changes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    secret = tmp_path / "password"
    with RedisServer(tmp_path / "redis") as server, redis_forms.tls(tmp_path, server) as opened:
        port, files = opened
        client = admin(server)
        command(client, "ACL SETUSER tohost on", f">{PASSWORD}", *RIGHTS.split())
        secret.write_text(f"{PASSWORD}\n")
        redis = {"url": f"rediss://127.0.0.1:{port}/0", "username": "tohost"}
        redis |= {"caFile": str(files.ca), "certFile": str(files.cert), "keyFile": str(files.key)}
        redis |= {"passwordFile": "password"}
        async with open_sync(tmp_path, redis) as sync, sync.running():
            await sync.create("one")
            before = await sync.synced("one")
            command(client, "ACL SETUSER tohost resetpass", ">an0ther")
            command(client, "CLIENT KILL USER tohost")
            await sync.told("refuses the user or the password")
            await sync.create("two")
            secret.write_text("an0ther")
            assert (await sync.synced("one", "two")).items() >= before.items()
            await sync.fine()
    told = lines(caplog)
    assert [line for line in told if PASSWORD in line or "an0ther" in line] == []
    assert sum("Redis can't be used" in line for line in told) == 2


async def test_a_failover_by_sentinels_pauses_and_loses_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with redis_forms.sentinels(tmp_path) as watched:
        async with open_sync(tmp_path, {"url": watched.url}) as sync, sync.running():
            await sync.create("before")
            before = await sync.synced("before")
            former = watched.master()
            former.kill()
            await sync.create("during")
            await sync.delete("services", "before")
            await sync.told("Redis")
            after = await sync.synced("during")
            await sync.gone("services", "before")
            del before["v", "services", "before"]
            assert await sync.uids("before", "during") == before | after
            former.start()
            await sync.create("late")
            await sync.synced("late")
            await sync.fine()
            assert watched.master() is not former
    assert sum("Redis can't be used" in line for line in lines(caplog)) == 2


NAMES = ("a", "b", "c")


async def test_a_cluster_of_which_one_node_is_away_for_a_while(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with redis_forms.cluster(tmp_path) as nodes:
        redis = {"url": redis_forms.cluster_url(nodes)}
        async with open_sync(tmp_path, redis, NAMES) as sync, sync.running():
            await sync.create("one")
            before = await sync.synced("one")
            nodes[1].kill()
            await sync.told("Redis")
            await sync.create("two")
            nodes[1].start()
            assert (await sync.synced("one", "two", within_s=20)).items() >= before.items()
            await sync.fine()
            held = [set(admin(node).scan_iter()) for node in nodes]
            homes = [[f"tohost:{{{name}}}:pos".encode() in keys for keys in held] for name in NAMES]
            assert sorted(homes) == [
                [False, False, True],
                [False, True, False],
                [True, False, False],
            ]
            assert not any(key.startswith(b"rq:") for keys in held for key in keys)
    # Watcher and worker, and once more when a node comes back in steps.
    assert 2 <= sum("Redis can't be used" in line for line in lines(caplog)) <= 4


def test_a_socket(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with RedisServer(tmp_path / "redis", options={"unixsocket": str(path)}):
        redis: Redis = connect(Settings(url=f"unix://{path}?db=1"))
        assert redis.ping()
