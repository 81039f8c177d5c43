"""`tohost run`: watchers and workers in one process tree, for trying things and small set-ups.

Starts a Redis of its own when none is configured; its content is lost at the end, which costs
nothing but listing everything again.
"""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from common.config import Config, load
from common.errors import ConfigError
from common.usage import command
from sandbox.redis import RedisServer
from tohost.processes import ProcessTree, Program, python

_EXAMPLES = """examples:
  tohost run --config tohost.yaml
  TOHOST_REDIS__URL=redis://localhost:6379/0 tohost run --workers 4

Exit codes: 0 stopped by Ctrl-C or SIGTERM, 2 wrong usage or configuration."""


def parser() -> argparse.ArgumentParser:
    result = command(
        "run",
        "Run watchers and workers in one process tree; stop with Ctrl-C or SIGTERM. "
        "Starts its own Redis when redis.url is not set.",
        _EXAMPLES,
    )
    result.add_argument("--config", metavar="FILE", help="default: tohost.yaml")
    result.add_argument("--watchers", type=int, default=1, metavar="N", help="default: 1")
    result.add_argument("--workers", type=int, default=2, metavar="N", help="default: 2")
    return result


def main(argv: Sequence[str]) -> int:
    usage = parser()
    arguments = usage.parse_args(argv)
    if min(arguments.watchers, arguments.workers) < 1:
        usage.error("--watchers and --workers must be 1 or more")
    config = load(arguments.config, check_kubeconfigs=True)
    with redis_url(config) as url:
        programs = list(
            child_programs(config, arguments.config, url, arguments.watchers, arguments.workers)
        )
        return asyncio.run(_run(programs))


@contextlib.contextmanager
def redis_url(config: Config) -> Iterator[str]:
    """The configured Redis, or one that lives as long as the context."""
    if config.redis.model_fields_set:
        yield config.redis.url
        return
    with tempfile.TemporaryDirectory(prefix="tohost-") as folder, own_redis(Path(folder)) as server:
        _say(f"redis.url is not set: started a Redis at {server.url}")
        yield server.url


@contextlib.contextmanager
def own_redis(folder: Path) -> Iterator[RedisServer]:
    """A Redis that lives as long as the context. Raises ConfigError when none can be started."""
    server = RedisServer(folder)
    try:
        server.start()
    except RuntimeError as error:
        raise ConfigError(f"redis.url: is not set, and {error}") from error
    try:
        yield server
    finally:
        server.stop()


def child_programs(
    config: Config, file: str | None, url: str, watchers: int, workers: int
) -> Iterator[Program]:
    """Each process serves its health on a port of its own, counted up from `health.port`."""
    names = [("watchers", f"watcher-{n}") for n in range(watchers)]
    names += [("workers", f"worker-{n}") for n in range(workers)]
    for number, (module, name) in enumerate(names):
        environ = {"TOHOST_REDIS__URL": url} if url != config.redis.url else {}
        if config.health.port:
            environ["TOHOST_HEALTH__PORT"] = str(config.health.port + number)
        arguments = ["--config", file] if file else []
        yield python(name, "-m", module, *arguments, environ=environ)


async def _run(programs: Sequence[Program]) -> int:
    tree = ProcessTree(_say)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, tree.stop)
    for program in programs:
        tree.start(program)
    _say(f"running {', '.join(program.name for program in programs)} (pid {os.getpid()})")
    return await tree.wait()


def _say(line: str) -> None:
    print(f"tohost run: {line}", file=sys.stderr, flush=True)
