"""Redis in the forms that people run it in: real servers on loopback ports.

Where redis-server was built without TLS, a tunnel ends it in front of a server.
"""

import asyncio
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

import trustme
from redis import Redis, RedisError

from sandbox.ports import free_port
from sandbox.redis import RedisServer, find_redis_server

SLOTS = 16384
SERVICE = "mymaster"
BUS_OFFSET = 10_000
"""How far from its port a node of a Redis Cluster listens to the others."""


def until(look: Callable[[], bool], what: str, within_s: float = 15) -> None:
    """What Redis answers with an error counts as not yet."""
    deadline = time.monotonic() + within_s
    while True:
        with suppress(RedisError):
            if look():
                return
        assert time.monotonic() < deadline, f"not within {within_s:.0f} s: {what}"
        time.sleep(0.02)


def admin(server: RedisServer) -> Redis:
    return Redis(port=server.port)


# Redis Cluster


@contextmanager
def cluster(folder: Path) -> Iterator[list[RedisServer]]:
    """Three masters that share the slots."""
    options = {"cluster-enabled": "yes", "cluster-node-timeout": "500"}
    nodes = [RedisServer(folder / str(n), _cluster_port(), options=options) for n in range(3)]
    with ExitStack() as stack:
        clients = []
        for number, node in enumerate(nodes):
            stack.enter_context(node)
            clients.append(stack.enter_context(admin(node)))
            slots = range(number * SLOTS // 3, (number + 1) * SLOTS // 3)
            clients[-1].execute_command("CLUSTER ADDSLOTS", *slots)
            clients[-1].execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
        for client in clients[1:]:
            client.execute_command("CLUSTER MEET", "127.0.0.1", nodes[0].port)
        until(lambda: all(map(_whole, clients)), "the nodes agree")
        yield nodes


def _cluster_port() -> int:
    while (port := free_port()) + BUS_OFFSET > 65535:
        continue
    return port


def _whole(node: Redis) -> bool:
    info = node.execute_command("CLUSTER INFO")  # type: ignore[no-untyped-call]
    return (info["cluster_state"], info["cluster_known_nodes"]) == ("ok", "3")


def cluster_url(nodes: list[RedisServer]) -> str:
    return "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in nodes)


# Sentinel


@dataclass
class Watched:
    """A master and a replica that three Sentinels watch."""

    servers: list[RedisServer]
    sentinels: list[int]

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.sentinels)
        return f"redis+sentinel://{hosts}/{SERVICE}/0"

    def master(self) -> RedisServer:
        """Whom the Sentinels name."""
        with Redis(port=self.sentinels[0]) as sentinel:
            [_, port] = sentinel.execute_command("SENTINEL GET-MASTER-ADDR-BY-NAME", SERVICE)
        return next(each for each in self.servers if each.port == int(port))


@contextmanager
def sentinels(folder: Path) -> Iterator[Watched]:
    first, second = RedisServer(folder / "one"), RedisServer(folder / "two")
    watched = Watched([first, second], [free_port() for _ in range(3)])
    with ExitStack() as stack:
        for server in watched.servers:
            stack.enter_context(server)
            stack.enter_context(admin(server)).config_set("repl-diskless-sync-delay", 0)
        replica = stack.enter_context(admin(second))
        replica.replicaof("127.0.0.1", str(first.port))
        until(lambda: replica.info()["master_link_status"] == "up", "the replica follows")
        for port in watched.sentinels:
            stack.callback(_end, _sentinel(folder / f"sentinel-{port}", port, first.port))
        until(lambda: all(map(_sees_all, watched.sentinels)), "the Sentinels know each other")
        yield watched


def _sentinel(folder: Path, port: int, master: int) -> "subprocess.Popen[bytes]":
    folder.mkdir()
    config = folder / "sentinel.conf"
    config.write_text(
        f"port {port}\nbind 127.0.0.1\ndir {folder}\nlogfile sentinel.log\n"
        f"sentinel monitor {SERVICE} 127.0.0.1 {master} 2\n"
        f"sentinel down-after-milliseconds {SERVICE} 400\n"
        f"sentinel failover-timeout {SERVICE} 4000\n"
    )
    return subprocess.Popen(
        [find_redis_server(), config, "--sentinel"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _sees_all(port: int) -> bool:
    with Redis(port=port) as sentinel:
        seen = sentinel.execute_command("SENTINEL MASTER", SERVICE, return_responses=True)
    pairs = dict(zip(seen[::2], seen[1::2], strict=True)) if isinstance(seen, list) else seen
    found = {_text(name): _text(value) for name, value in pairs.items()}
    return (found["num-other-sentinels"], found["num-slaves"]) == ("2", "1")


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()


# TLS


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files: the authority's, and a client's certificate and key."""

    ca: Path
    cert: Path
    key: Path


@contextmanager
def tls(folder: Path, server: RedisServer) -> Iterator[tuple[int, Certificates]]:
    """A port on which that server speaks TLS, to clients with a certificate."""
    authority = trustme.CA()
    for name in ("server", "client"):
        issued = authority.issue_cert("127.0.0.1", common_name=name)
        issued.private_key_pem.write_to_path(folder / f"{name}.key")
        issued.cert_chain_pems[0].write_to_path(folder / f"{name}.crt")
    authority.cert_pem.write_to_path(folder / "ca.crt")
    files = Certificates(folder / "ca.crt", folder / "client.crt", folder / "client.key")
    port = free_port()
    with nullcontext() if _speaks_tls(folder, server, port) else _tunnel(folder, port, server.port):
        yield port, files


def _speaks_tls(folder: Path, server: RedisServer, port: int) -> bool:
    """False when it was built without TLS."""
    with admin(server) as client:
        try:
            client.config_set("tls-ca-cert-file", str(folder / "ca.crt"))
        except RedisError:
            return False
        client.config_set("tls-key-file", str(folder / "server.key"))
        client.config_set("tls-cert-file", str(folder / "server.crt"))
        client.config_set("tls-port", port)
    return True


@contextmanager
def _tunnel(folder: Path, port: int, to_port: int) -> Iterator[None]:
    loops: list[asyncio.AbstractEventLoop] = []
    listening, over = threading.Event(), asyncio.Event()

    async def serve() -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "ca.crt"))
        context.load_cert_chain(folder / "server.crt", folder / "server.key")
        context.verify_mode = ssl.CERT_REQUIRED
        await asyncio.start_server(join, "127.0.0.1", port, ssl=context)
        loops.append(asyncio.get_running_loop())
        listening.set()
        await over.wait()

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", to_port)
        await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert listening.wait(10)
    try:
        yield
    finally:
        loops[0].call_soon_threadsafe(over.set)
        thread.join()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while some := await reader.read(65536):
            writer.write(some)
            await writer.drain()
    writer.close()
