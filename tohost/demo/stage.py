"""Sets up what the demo needs, and takes it down again whatever happens.

Redis, the two API servers, two watchers and two workers: each is a process of its own, with its
output in a file.
"""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import yaml

from common.errors import TohostError
from sandbox.client import Client, Refused
from sandbox.kubeconfig import read_access
from sandbox.ports import free_port
from tohost.processes import ProcessTree, Program
from tohost.run import own_redis

CLUSTER = "my-vcluster"
HOST_NAMESPACE = "vc-my-vcluster"
WATCHERS = ("watcher-0", "watcher-1")
WORKERS = ("worker-0", "worker-1")
START_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Stage:
    """What runs. `tree` holds watchers and workers."""

    folder: Path
    redis_url: str
    virtual_kubeconfig: Path
    host_kubeconfig: Path
    virtual: Client
    host: Client
    tree: ProcessTree
    servers: ProcessTree


@asynccontextmanager
async def stage(folder: Path, report: Callable[[str], None]) -> AsyncIterator[Stage]:
    """Everything up and ready. Raises TohostError that names what didn't come up."""
    forget_settings()
    async with AsyncExitStack() as stack:
        redis = stack.enter_context(own_redis(folder / "redis"))
        servers = await stack.enter_async_context(_tree(report))
        _start(stack, servers, folder, "sandbox", "sandbox", "--dir", str(folder), environ={})
        files = [folder / "virtual.kubeconfig", folder / "host.kubeconfig"]
        virtual, host = [await _client(stack, file) for file in files]
        await _make_namespace(host)
        config = _write_config(folder, redis.url)
        tree = await stack.enter_async_context(_tree(report))
        ports = {}
        for name in (*WATCHERS, *WORKERS):
            ports[name] = free_port()
            environ = {"TOHOST_HEALTH__PORT": str(ports[name])}
            module = name.split("-")[0] + "s"
            _start(stack, tree, folder, name, module, "--config", str(config), environ=environ)
        await _until_ready(ports)
        yield Stage(folder, redis.url, files[0], files[1], virtual, host, tree, servers)


def forget_settings() -> None:
    """The demo must not pick up settings that are meant for a real set-up."""
    for variable in [name for name in os.environ if name.startswith("TOHOST_")]:
        del os.environ[variable]


@contextmanager
def working_folder() -> Iterator[Path]:
    """A folder that goes at the end, but stays when something failed, for its logs."""
    folder = Path(tempfile.mkdtemp(prefix="tohost-demo-"))
    try:
        yield folder
    except TohostError:
        print(f"The logs are in {folder}", file=sys.stderr)
        raise
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def _tree(report: Callable[[str], None]) -> AsyncIterator[ProcessTree]:
    tree = ProcessTree(report)
    try:
        yield tree
    finally:
        tree.stop()
        await tree.wait()


def _start(
    stack: AsyncExitStack,
    tree: ProcessTree,
    folder: Path,
    name: str,
    module: str,
    *arguments: str,
    environ: dict[str, str],
) -> None:
    log = stack.enter_context((folder / f"{name}.log").open("ab"))
    tree.start(Program(name, (sys.executable, "-m", module, *arguments), environ, log))


async def _client(stack: AsyncExitStack, kubeconfig: Path) -> Client:
    """A client of a server that answers. Raises TohostError."""
    deadline = asyncio.get_running_loop().time() + START_TIMEOUT_S
    while not _is_written(kubeconfig):
        await _wait(deadline, "the sandbox")
    client = await stack.enter_async_context(Client(read_access(kubeconfig)))
    while True:
        try:
            await client.request("GET", "/version")
            return client
        except (Refused, aiohttp.ClientError, OSError):
            await _wait(deadline, "the sandbox")


def _is_written(file: Path) -> bool:
    return file.exists() and bool(file.read_text())


async def _make_namespace(host: Client) -> None:
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": HOST_NAMESPACE}}
    await host.request("POST", "/api/v1/namespaces", body)


def _write_config(folder: Path, redis_url: str) -> Path:
    content = {
        "redis": {"url": redis_url},
        "host": {"kubeconfig": "host.kubeconfig"},
        "health": {"host": "127.0.0.1"},
        "virtualClusters": [
            {
                "name": CLUSTER,
                "hostNamespace": HOST_NAMESPACE,
                "kubeconfig": "virtual.kubeconfig",
                "networking": {"apiServiceIP": "10.96.0.1", "dnsServiceIP": "10.96.0.10"},
            }
        ],
    }
    file = folder / "tohost.yaml"
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    return file


async def _until_ready(ports: dict[str, int]) -> None:
    """Ask `/readyz` of every process until all say so. Raises TohostError."""
    deadline = asyncio.get_running_loop().time() + START_TIMEOUT_S
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:
        for name, port in ports.items():
            while not await _is_ready(session, port):
                await _wait(deadline, name)


async def _is_ready(session: aiohttp.ClientSession, port: int) -> bool:
    try:
        async with session.get(f"http://127.0.0.1:{port}/readyz") as answer:
            return answer.status == 200
    except (aiohttp.ClientError, OSError):
        return False


async def _wait(deadline: float, what: str) -> None:
    if asyncio.get_running_loop().time() > deadline:
        raise TohostError(f"{what} did not come up within {START_TIMEOUT_S:g} s")
    await asyncio.sleep(0.05)
