"""The command line: keeps a sandbox running until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import signal
from contextlib import ExitStack
from pathlib import Path

from sandbox.redis import RedisServer
from sandbox.run import Sandbox, sandbox


def main(argv: list[str]) -> int:
    options = _parse(argv)
    asyncio.run(_run(options))
    return 0


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="sandbox", description="Two Kubernetes API servers on loopback, one with a kubelet."
    )
    parser.add_argument(
        "--dir", type=Path, default=Path("sandbox-data"), help="where the kubeconfigs go"
    )
    parser.add_argument("--virtual-port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--host-port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--no-kubelet", action="store_true", help="leave pods pending")
    parser.add_argument("--redis", action="store_true", help="start a redis-server too")
    return parser.parse_args(argv)


async def _run(options: argparse.Namespace) -> None:
    stopped = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    directory = options.dir.resolve()
    with ExitStack() as stack:
        redis = stack.enter_context(RedisServer(directory / "redis")) if options.redis else None
        async with sandbox(
            directory,
            kubelet=not options.no_kubelet,
            virtual_port=options.virtual_port,
            host_port=options.host_port,
        ) as running:
            _announce(running, redis)
            await stopped.wait()


def _announce(running: Sandbox, redis: RedisServer | None) -> None:
    print(f"virtual  {running.virtual.url}  {running.virtual_kubeconfig}")
    print(f"host     {running.host.url}  {running.host_kubeconfig}")
    if redis:
        print(f"redis    {redis.url}")
    print(f"try      kubectl --kubeconfig {running.virtual_kubeconfig} get namespaces", flush=True)
