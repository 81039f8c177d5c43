"""`tohost cleanup NAME`: the command line.

Nothing else ever removes what a virtual cluster left that is taken out of the configuration: that
might be a mistake.
"""

import argparse
import asyncio
import re
import sys
from collections.abc import Collection, Sequence

import orjson
from redis import Redis
from redis.exceptions import RedisError

from common.config import Config, load
from common.errors import ApiError, ConfigError, RetryError, TohostError
from common.kube.client import KubeClient
from common.naming import managed_by
from common.objects import namespace_of
from common.redis.connection import connect
from common.safety.identity import identify
from common.usage import command
from tohost.cleanup import memory
from tohost.cleanup.proof import Sorted
from tohost.cleanup.removal import Removal
from tohost.cleanup.report import Report, as_data, in_order, plan, table
from tohost.cleanup.search import Search

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_EXAMPLES = """examples:
  tohost cleanup my-vcluster -n vc-my-vcluster --dry-run
  tohost cleanup my-vcluster -n vc-my-vcluster
  tohost cleanup my-vcluster -n vc-my-vcluster --yes -o json

First take the virtual cluster out of tohost.yaml, and restart watchers and workers. What is removed
is told by labels and annotations; what only bears the label is left alone, and named. Run it again
as often as you like.

Exit codes: 0 all is gone, 1 something could not be removed or looked at, 2 wrong usage, or the
virtual cluster is still configured or served."""


def parser() -> argparse.ArgumentParser:
    result = command(
        "cleanup",
        "Remove everything on the host, and in Redis, of a virtual cluster that was"
        " taken out of the configuration.",
        _EXAMPLES,
    )
    result.add_argument("name", metavar="NAME", help="the virtual cluster, as it was called")
    where = result.add_mutually_exclusive_group(required=True)
    where.add_argument(
        "-n",
        "--host-namespace",
        dest="homes",
        action="append",
        metavar="NAMESPACE",
        help="its hostNamespace; may be given more than once",
    )
    where.add_argument(
        "--all-namespaces",
        action="store_true",
        help="look everywhere, which also finds what another tohost has under that name",
    )
    result.add_argument("--dry-run", action="store_true", help="show what would go, and end")
    result.add_argument("--yes", action="store_true", help="don't ask")
    result.add_argument("--config", metavar="FILE", help="for host and redis; default: tohost.yaml")
    result.add_argument(
        "--kubeconfig", metavar="FILE", help="of the host, in place of tohost.yaml's"
    )
    result.add_argument("--context", metavar="NAME", default="", help="of that kubeconfig")
    result.add_argument(
        "--timeout",
        type=float,
        default=180.0,
        metavar="SECONDS",
        help="how long to wait for what is being deleted (default: 180)",
    )
    result.add_argument("-o", "--output", choices=["text", "json"], default="text")
    return result


def main(argv: Sequence[str]) -> int:
    """Raises ConfigError for exit code 2, TohostError for 1 when nothing was done."""
    arguments = parser().parse_args(argv)
    name = arguments.name
    if not _NAME.fullmatch(name):
        raise ConfigError(f'"{name}" is not the name of a virtual cluster')
    config = load(arguments.config, may_be_empty=True)
    if name in {each.name for each in config.virtual_clusters}:
        raise ConfigError(
            f"{name} is still in the configuration, and what is removed would be made again. Take"
            " it out of virtualClusters and restart watchers and workers first; to remove only some"
            " kinds, set cleanupOnDisable: true for them"
        )
    if not (arguments.yes or arguments.dry_run or sys.stdin.isatty()):
        raise ConfigError("this is no terminal to ask at; write --dry-run to look, or --yes")
    return asyncio.run(_run(arguments, config))


async def _run(arguments: argparse.Namespace, config: Config) -> int:
    redis = await asyncio.to_thread(_redis, config)
    credentials = (
        (arguments.kubeconfig, arguments.context)
        if arguments.kubeconfig
        else (config.host.kubeconfig, arguments.context or config.host.context)
    )
    try:
        async with await KubeClient.connect(*credentials, name="host") as host:
            return await _Cleanup(arguments, config, host, redis).run()
    except (RedisError, RetryError) as error:
        raise TohostError(f"{error}; run it again once that works") from error
    finally:
        if redis is not None:
            redis.close()


def _redis(config: Config) -> Redis | None:
    """None when none is configured, and none is at the usual place: `tohost run` had its own."""
    redis = connect(config.redis)
    try:
        redis.ping()
    except RedisError as error:
        redis.close()
        if config.redis.model_fields_set:
            raise TohostError(f"Redis can't be used: {error}; nothing was done") from error
        return None
    return redis


class _Cleanup:
    def __init__(
        self, arguments: argparse.Namespace, config: Config, host: KubeClient, redis: Redis | None
    ) -> None:
        self._arguments = arguments
        self._name: str = arguments.name
        self._config = config
        self._host = host
        self._redis = redis

    async def run(self) -> int:
        if self._redis is not None:
            await self._check(self._redis)
        search = Search(self._host, self._name, self._arguments.homes, self._reserved())
        report = await self._report(search)
        self._show(report)
        if self._arguments.dry_run or (report.empty and not report.problems):
            return self._end(report, 0)
        if not report.empty:
            self._confirm(report)
            await self._remove(report, search)
        return self._end(report, 1 if report.failed else 0)

    def _reserved(self) -> Collection[str]:
        clusters = [each.cluster() for each in self._config.virtual_clusters]
        return {managed_by(each, namespaced=False) for each in clusters}

    async def _check(self, redis: Redis) -> None:
        """Raises ConfigError while somebody serves it, or when this is another host."""
        serving = await asyncio.to_thread(memory.served_by, redis, self._name)
        if serving and not self._arguments.dry_run:
            raise ConfigError(
                f"{self._name} is still served by {', '.join(serving)}, whose configuration has it;"
                " restart watchers and workers first (one that was killed counts for 30 s)"
            )
        known = await asyncio.to_thread(memory.host_identity, redis, self._name)
        try:
            found = (await identify(self._host)).digest if known else ""
        except ApiError:
            return  # we may not look
        if found != known:
            raise ConfigError(
                f"{self._name} was synced to another host cluster than this kubeconfig leads to"
                " (kube-system has another uid); write that one's with --kubeconfig"
            )

    async def _report(self, search: Search) -> Report:
        things = await search.run()
        things = Sorted(in_order(things.found), things.doubts, things.follows)
        keys = None
        if self._redis is not None:
            keys = await asyncio.to_thread(memory.known, self._redis, self._name)
        return Report(self._name, things, search.problems, search.notes, keys)

    def _show(self, report: Report) -> None:
        if self._arguments.output == "json":
            return
        if report.things.found:
            print(table(report.things.found), end="")
        for line in plan(report):
            print(f"  {line}")
        if report.empty and not report.problems:
            print(f"nothing is left of {self._name}")

    def _confirm(self, report: Report) -> None:
        """Raises ConfigError unless its name is typed."""
        if self._arguments.yes:
            return
        count = len(report.things.found)
        question = f"Type {self._name} to remove {count} host objects, and it from Redis: "
        print(question, end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip() != self._name:
            raise ConfigError("nothing was removed")

    async def _remove(self, report: Report, search: Search) -> None:
        """First from the host: what Redis has is of no use to anybody, but tells where it was."""
        crowded = {namespace_of(each.obj) for each in report.things.doubts}
        removal = Removal(
            self._host,
            report.things.found,
            search.unseen,
            crowded,
            _say,
            self._arguments.timeout,
        )
        report.results = await removal.run()
        if self._redis is None:
            return
        if report.failed:
            report.more.append("Redis: its keys stay until all the rest is gone")
            return
        report.forgotten = await asyncio.to_thread(memory.forget, self._redis, self._name)
        _say(f"Redis: {report.forgotten.keys} keys removed")

    def _end(self, report: Report, code: int) -> int:
        if self._arguments.output == "json":
            print(orjson.dumps(as_data(report), option=orjson.OPT_INDENT_2).decode())
        else:
            for line in report.failed if code else ():
                print(f"not removed: {line}", file=sys.stderr)
        return code


def _say(line: str) -> None:
    print(f"tohost cleanup: {line}", file=sys.stderr, flush=True)
