"""The command line: keeps a sandbox running until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

from sandbox.redis import RedisServer
from sandbox.run import Sandbox, sandbox


def main(argv: list[str]) -> int:
    options = _parse(argv)
    try:
        asyncio.run(_run(options))
    except (OSError, OverflowError, RuntimeError) as error:
        # A port that is taken or no port, a folder that can't be written, no redis-server.
        print(f"tohost sandbox: {getattr(error, 'strerror', None) or error}", file=sys.stderr)
        return 1
    return 0


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tohost sandbox",
        description="Run two small Kubernetes API servers on loopback, a virtual one and a host "
        "one, until Ctrl-C. A kubelet stand-in makes the host's pods run. Nothing is kept.",
    )
    parser.add_argument(
        "--dir",
        type=Path,
        default=Path("sandbox-data"),
        metavar="DIR",
        help="where the kubeconfigs go; default: sandbox-data",
    )
    for name in ("virtual", "host"):
        parser.add_argument(
            f"--{name}-port", type=int, default=0, metavar="PORT", help="default: a free one"
        )
    parser.add_argument("--no-kubelet", action="store_true", help="leave the host's pods pending")
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
