"""The command line: keeps a sandbox running until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

from common.usage import command
from sandbox.redis import RedisServer
from sandbox.run import Sandbox, sandbox

_EXAMPLES = """examples:
  tohost sandbox --redis
  tohost sandbox --dir /tmp/clusters --virtual-port 6443 -o json

Once all runs it prints where, as one line of JSON with -o json.

Exit codes: 0 stopped, 1 something can't be started, 2 wrong usage."""


def main(argv: list[str]) -> int:
    options = parser().parse_args(argv)
    try:
        asyncio.run(_run(options))
    except (OSError, OverflowError, RuntimeError) as error:
        # A port that is taken or no port, a folder that can't be written, no redis-server.
        print(f"tohost sandbox: {getattr(error, 'strerror', None) or error}", file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    result = command(
        "sandbox",
        "Run two small Kubernetes API servers on loopback, a virtual one and a host "
        "one, until Ctrl-C. A kubelet stand-in makes the host's pods run. Nothing is kept.",
        _EXAMPLES,
    )
    result.add_argument(
        "--dir",
        type=Path,
        default=Path("sandbox-data"),
        metavar="DIR",
        help="where the kubeconfigs go; default: sandbox-data",
    )
    for name in ("virtual", "host"):
        result.add_argument(
            f"--{name}-port", type=int, default=0, metavar="PORT", help="default: a free one"
        )
    result.add_argument("--no-kubelet", action="store_true", help="leave the host's pods pending")
    result.add_argument("--redis", action="store_true", help="start a redis-server too")
    result.add_argument("--redis-port", type=int, metavar="PORT", help="the same, on this port")
    result.add_argument("-o", "--output", choices=["text", "json"], default="text")
    return result


async def _run(options: argparse.Namespace) -> None:
    stopped = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    directory = options.dir.resolve()
    with ExitStack() as stack:
        redis = _start_redis(stack, directory / "redis", options)
        async with sandbox(
            directory,
            kubelet=not options.no_kubelet,
            virtual_port=options.virtual_port,
            host_port=options.host_port,
        ) as running:
            _announce(running, redis, options.output)
            await stopped.wait()


def _start_redis(
    stack: ExitStack, directory: Path, options: argparse.Namespace
) -> RedisServer | None:
    if not (options.redis or options.redis_port):
        return None
    return stack.enter_context(RedisServer(directory, options.redis_port))


def _announce(running: Sandbox, redis: RedisServer | None, output: str) -> None:
    if output == "json":
        print(json.dumps(_data(running, redis)), flush=True)
        return
    print(f"virtual  {running.virtual.url}  {running.virtual_kubeconfig}")
    print(f"host     {running.host.url}  {running.host_kubeconfig}")
    if redis:
        print(f"redis    {redis.url}")
    print(f"try      kubectl --kubeconfig {running.virtual_kubeconfig} get namespaces", flush=True)


def _data(running: Sandbox, redis: RedisServer | None) -> dict[str, object]:
    virtual, host = str(running.virtual_kubeconfig), str(running.host_kubeconfig)
    told: dict[str, object] = {
        "virtual": {"url": running.virtual.url, "kubeconfig": virtual},
        "host": {"url": running.host.url, "kubeconfig": host},
    }
    return told | ({"redis": {"url": redis.url}} if redis else {})
