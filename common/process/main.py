"""What watcher and worker processes have in common: options, logs, Redis, signals, probes."""

import argparse
import asyncio
import gc
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from prometheus_client.registry import Collector
from redis import Redis

from common.config import Config, load
from common.errors import ConfigError
from common.process import health, logs, memory, metrics
from common.process.gauges import CrewGauges, ReadinessGauges
from common.process.views import View, Views
from common.redis.settings import Settings
from common.status.reports import Reports
from common.usage import command
from common.workqueue.gauges import QueueGauges

log = logs.get_log(__name__)
NO_PAGES: Mapping[str, View] = {}
_EXAMPLES = """examples:
  tohost {name} --config tohost.yaml
  tohost {name} --config tohost.yaml --health-port 8080 --log-format json

It stops within 10 s of SIGTERM or Ctrl-C.

Exit codes: 0 stopped so, 2 wrong usage or configuration."""


def parser(name: str, description: str | None) -> argparse.ArgumentParser:
    """The options of `tohost NAME`."""
    result = command(name, description, _EXAMPLES.format(name=name))
    result.add_argument(
        "--config", metavar="FILE", help="default: $TOHOST_CONFIG, else tohost.yaml"
    )
    result.add_argument(
        "--health-port", type=int, metavar="PORT", help="serve /healthz and /readyz; 0: don't"
    )
    result.add_argument("--log-format", choices=["text", "json"])
    result.add_argument("--log-level", choices=["debug", "info", "warning", "error"])
    return result


def main(
    name: str,
    description: str | None,
    run: Callable[[Config, int], Awaitable[int]],
    argv: list[str],
) -> int:
    """The command line of `tohost NAME`; `run` gets the configuration and the port for probes.

    Exit codes: 0 stopped by a signal, 2 the configuration can't be used.
    """
    options = parser(name, description).parse_args(argv)
    try:
        config = load(options.config, check_kubeconfigs=True)
        logs.set_up(
            options.log_format or config.logs.format, options.log_level or config.logs.level
        )
        port = config.health.port if options.health_port is None else options.health_port
        return asyncio.run(_awaited(run(config, port)))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2


async def _awaited(running: Awaitable[int]) -> int:
    return await running


def stop_event() -> asyncio.Event:
    """Set by SIGTERM and SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


@asynccontextmanager
async def living(
    config: Config,
    ready: Callable[[], health.Readiness],
    health_port: int,
    redis: Redis,
    *measured: Collector,
    pages: Mapping[str, View] = NO_PAGES,
) -> AsyncIterator[None]:
    """Tells what the configuration holds in vain, and which settings of Redis are wrong, and
    answers probes while the context lasts; for metrics also what is `measured` then."""
    for note in config.notes:
        log.warning("setting without effect", note=note)
    _rest_from_collecting()
    settings = Settings(redis)

    names = [each.name for each in config.virtual_clusters]
    readiness = ReadinessGauges(lambda: ready().noting(settings.notes), names)
    async with AsyncExitStack() as stack:
        reports = Reports(redis, names, readiness)
        for beside in (settings.run(), reports.run(), memory.keep_trimmed()):
            stack.callback(asyncio.create_task(beside).cancel)
        if health_port:
            shared = QueueGauges(redis, names), CrewGauges(redis), readiness
            measuring = partial(metrics.page, *shared, *measured)
            views = Views(pages, config.health.page)
            serving = health.serve(
                health_port, readiness, {"/metrics": measuring}, config.health.host, views
            )
            await stack.enter_async_context(serving)
        yield
    log.info("stopped")


def _rest_from_collecting() -> None:
    """Parsed JSON has no cycles, but makes the collector walk all modules again and again; that
    is four fifths of the time that parsing takes. Without them it takes little. What has cycles is
    little too, and waits for so many allocations: hours, when there's not much to do."""
    gc.freeze()
    gc.set_threshold(5_000, 10, 10)
