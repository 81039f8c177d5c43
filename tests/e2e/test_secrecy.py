"""What must never be found in Redis or in a log: Secret data and token values."""

import asyncio
import base64
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import pytest

from common.objects import Obj
from tests.e2e.objects import configmap, encode, in_env_from, in_volume, pod, secret, token_volume
from tests.e2e.space import Space
from tests.e2e.test_tokens import REFRESH_AT, claims_of, token_of
from tests.e2e.webhooks import denial, rule, webhook_server
from tests.e2e.world import HOST_NAMESPACE, World

pytestmark = pytest.mark.asyncio(loop_scope="session")

PLANTED = "correct-horse-battery-staple"
ROTATED = "tr0ub4dor-and-three"
QUOTED = "swordfish-in-a-message"


def everything_in(redis: Any) -> Iterator[bytes]:
    """Every key, field, member and value; as it is, as DUMP gives it, and decompressed."""
    for key in redis.scan_iter(count=1000):
        for value in (key, redis.dump(key) or b"", *contents(redis, key)):
            yield value
            yield inflated(value)


def contents(redis: Any, key: bytes) -> list[bytes]:
    match redis.type(key):
        case b"string":
            return [redis.get(key) or b""]
        case b"hash":
            return [part for pair in redis.hgetall(key).items() for part in pair]
        case b"list":
            return list(redis.lrange(key, 0, -1))
        case b"set":
            return list(redis.smembers(key))
        case b"zset":
            return list(redis.zrange(key, 0, -1))
        case b"stream":
            entries = redis.xrange(key)
            return [part for _, fields in entries for pair in fields.items() for part in pair]
    return []


def inflated(value: bytes) -> bytes:
    try:
        return zlib.decompress(value)
    except zlib.error:
        return b""


@contextmanager
def overheard(redis: Any) -> Iterator[list[str]]:
    """Every command that anybody sends to Redis meanwhile."""
    commands: list[str] = []

    def listen() -> None:
        with redis.monitor() as monitor:
            started.set()
            for command in monitor.listen():
                commands.append(command["command"])
                if "stop listening" in commands[-1]:
                    return

    started = threading.Event()
    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    assert started.wait(5)
    yield commands
    redis.echo("stop listening")
    listener.join(10)
    assert not listener.is_alive()


def spellings(value: str) -> list[bytes]:
    """A value as it is, and as it looks within base64, at any of three offsets."""
    plain = value.encode()
    shifted = [base64.b64encode(b"x" * n + plain)[4 * bool(n) : -4] for n in range(3)]
    return [plain, encode(value).rstrip("=").encode(), *shifted]


async def test_secrets_and_tokens_are_neither_in_redis_nor_in_a_log(space: Space) -> None:
    world = space.world
    with overheard(world.redis) as commands:
        secret_values = await use_secrets(space)
        secret_values += await use_tokens(space)
        await space.settled()
        await asyncio.sleep(0.2)
    assert any(space.namespace.encode() in command.encode() for command in commands)
    found = {
        "Redis": [*everything_in(world.redis), *(command.encode() for command in commands)],
        "a log": [process.log.read_bytes() for process in world.processes],
        "a page": await pages(world),
        "an event": [orjson.dumps(each) for each in await events(space)],
    }
    for where, texts in found.items():
        assert texts
        for spelling in (spelling for value in secret_values for spelling in spellings(value)):
            assert not any(spelling in text for text in texts), f"in {where}: {spelling[:8]!r}..."


async def pages(world: World) -> list[bytes]:
    """All that the processes serve."""
    running = [process for process in world.processes if process.runs]
    return [await each.page(path) for each in running for path in ("/metrics", "/readyz")]


async def events(space: Space) -> list[Obj]:
    """What was told to people, with the servers' own words."""
    return await space.world.virtual.list("events", space.namespace)


async def use_secrets(space: Space) -> list[str]:
    """A Secret that is created, changed, refused and made anew."""
    obj = secret("s", {"password": PLANTED})
    applied = {"kubectl.kubernetes.io/last-applied-configuration": orjson.dumps(obj).decode()}
    obj["metadata"]["annotations"] = applied
    await space.create("secrets", obj)
    await space.create("pods", pod("p", in_env_from("secrets", "s")))
    host = await space.host("secrets", "s")
    assert host["data"] == {"password": encode(PLANTED)}
    changed = {"data": {"password": encode(ROTATED)}, "stringData": {"more": PLANTED + "-2"}}
    await space.patch("secrets", "s", changed)
    await space.host("secrets", "s", lambda host: host["data"]["password"] == encode(ROTATED))
    await space.patch_host("secrets", "s", {"data": {"password": encode(PLANTED + "-3")}})
    await space.host("secrets", "s", lambda host: host["data"]["password"] == encode(ROTATED))
    await refused_secret(space)
    await quoted_secret(space)
    return [PLANTED, ROTATED, QUOTED]


async def refused_secret(space: Space) -> None:
    """The host refuses it: its annotations are too long there."""
    obj = secret("refused", {"password": PLANTED})
    obj["metadata"]["annotations"] = {"big": "x" * (256 * 1024 - 10)}
    await space.create("secrets", obj)
    await space.create("pods", pod("q", in_volume("secrets", "refused")))
    await space.warning("refused", "Invalid")


async def quoted_secret(space: Space) -> None:
    """A webhook of the host refuses it, and repeats what is in it."""
    async with webhook_server() as server:
        hook = server.hook(
            "strict", quote, [rule("secrets")], objectSelector={"matchLabels": {"strict": "yes"}}
        )
        body = {"metadata": {"name": f"strict-{space.namespace}"}, "webhooks": [hook]}
        await space.world.host.create("mutatingwebhookconfigurations", "", body)
        try:
            obj = secret("quoted", {"password": QUOTED})
            obj["metadata"]["labels"] = {"strict": "yes"}
            await space.create("secrets", obj)
            await space.create("pods", pod("r", in_volume("secrets", "quoted")))
            refusal = await space.warning("quoted", "Forbidden")
            assert "is too weak" in refusal["message"]
        finally:
            await space.world.host.delete(
                "mutatingwebhookconfigurations", "", f"strict-{space.namespace}"
            )
            await space.delete("secrets", "quoted")


def quote(request: Obj) -> Obj:
    value = base64.b64decode(request["object"]["data"]["password"]).decode()
    refusal = denial(f"password {value} ({encode(value)}) is too weak")
    return {**refusal, "status": {**refusal["status"], "reason": "Forbidden"}}


async def use_tokens(space: Space) -> list[str]:
    await space.service_account()
    await space.create("pods", pod("t", token_volume(), serviceAccountName="default"))
    first = token_of(await space.host("pods", "t"))
    await space.running("t")
    await space.patch_host("pods", "t", {"metadata": {"annotations": {REFRESH_AT: "1"}}})
    second = token_of(await space.host("pods", "t", lambda host: token_of(host) != first))
    assert claims_of(second)
    return [first, second, first.rpartition(".")[2], second.rpartition(".")[2]]


async def test_tokens_that_travel_in_secrets_are_not_in_redis_either(classic: Space) -> None:
    await classic.service_account()
    await classic.create("pods", pod("t", token_volume(), serviceAccountName="default"))
    await classic.running("t")
    [value] = (await token_secret(classic))["data"].values()
    token = base64.b64decode(value).decode()
    await classic.create("configmaps", configmap("after"))
    await classic.host("configmaps", "after")
    await classic.settled()
    signature = token.rpartition(".")[2].encode()
    assert not any(signature in each for each in everything_in(classic.world.redis))
    assert not any(signature in process.log.read_bytes() for process in classic.world.processes)


async def token_secret(space: Space) -> Obj:
    host = await space.host("pods", "t")
    name = host["spec"]["volumes"][0]["projected"]["sources"][0]["secret"]["name"]
    return await space.world.host.get("secrets", HOST_NAMESPACE, name) or {}


async def test_the_identity_of_the_virtual_cluster_is_not_in_redis(world: World) -> None:
    """It is what the digests of Secret data are keyed with."""
    namespace = await world.virtual.get("namespaces", "", "kube-system") or {}
    uid = namespace["metadata"]["uid"].encode()
    assert not any(uid in each for each in everything_in(world.redis))
    assert not any(uid in process.log.read_bytes() for process in world.processes)
