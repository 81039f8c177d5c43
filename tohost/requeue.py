"""`tohost requeue`: have workers look at objects again, at once."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from redis import Redis

from common.errors import ConfigError, TohostError
from common.explain import explain
from common.keys import Key, redis_prefix
from common.objects import Obj
from common.store import text
from common.usage import command
from common.workqueue import WorkQueue
from common.workqueue.overview import overview
from tohost import place, target
from tohost.kind_names import plural_or_error
from tohost.output import plain, write_data

_EXAMPLES = f"""examples:
  tohost requeue pods default/web-0
  tohost requeue --failing
  tohost requeue --failing pods -c my-vcluster --dry-run

{target.FORMS}

What fails is tried again by itself after a while; this is for when you know that its cause is gone.
It starts no second run of what a worker has in hand, and what an API server told to wait (429 with
Retry-After) waits on.

Exit codes: 0 queued, 1 there is no such object or nothing fails, 2 wrong usage or configuration."""
_TOLD = {
    "": "queued",
    "d": "queued; it had waited for a later time",
    "f": "queued; it had failed",
    "q": "was queued already",
    "s": "a worker has it in hand, and looks once more after that",
    "w": "waits on, as long as the API server said",
}


@dataclass(frozen=True, slots=True)
class Requeued:
    """`was`: its state before, as the workqueue has it."""

    key: Key
    was: str

    @property
    def told(self) -> str:
        return _TOLD.get(self.was, "queued")


def parser() -> argparse.ArgumentParser:
    result = command(
        "requeue", "Have workers look at an object again, or at all that fail, at once.", _EXAMPLES
    )
    target.add_options(result, nargs="*")
    result.add_argument(
        "--failing", action="store_true", help="all that fail; a KIND may follow, for only these"
    )
    result.add_argument("--dry-run", action="store_true", help="show what would be queued, and end")
    place.add_options(result)
    result.add_argument("-o", "--output", choices=["text", "json", "yaml"], default="text")
    return result


def main(argv: Sequence[str]) -> int:
    """Raises ConfigError, and TohostError when there's nothing to requeue or no Redis."""
    arguments = parser().parse_args(argv)
    if not arguments.failing and not arguments.words:
        raise ConfigError("which object? Write for example: pods default/web-0, or --failing")
    with place.opened(arguments) as where:
        clusters = where.clusters(arguments.virtual_cluster)
        keys = _failing(where.redis, clusters, arguments) if arguments.failing else []
        keys = keys or [_one(where.redis, clusters, arguments)]
        done = requeue(where.redis, keys, dry_run=arguments.dry_run)
    sys.stdout.write(_write(done, arguments))
    return 0


def requeue(redis: Redis, keys: Sequence[Key], *, dry_run: bool = False) -> list[Requeued]:
    """Mark and queue; answers in the order of the keys. Raises redis.RedisError."""
    with redis.pipeline(transaction=False) as pipe:
        for key in keys:
            pipe.hget(f"{redis_prefix(key.cluster)}:state", key.member)
        states = [text(each or b"").partition(":")[0] for each in pipe.execute()]
    for cluster in [] if dry_run else sorted({key.cluster for key in keys}):
        members = [key.member for key in keys if key.cluster == cluster]
        WorkQueue(redis, {cluster: 1}).add(cluster, members)
    return [Requeued(*pair) for pair in zip(keys, states, strict=True)]


def _failing(redis: Redis, clusters: Sequence[str], arguments: argparse.Namespace) -> Sequence[Key]:
    """Raises TohostError when nothing fails."""
    troubles = [each for name in clusters for each in overview(redis, name).troubles]
    found = [each.key for each in troubles if each.state in ("failing", "retrying")]
    if arguments.words:
        if len(arguments.words) > 1:
            raise ConfigError("--failing takes at most a KIND")
        plural = plural_or_error(arguments.words[0], {key.plural for key in found})
        found = [key for key in found if key.plural == plural]
    if arguments.namespace:
        found = [key for key in found if key.namespace == arguments.namespace]
    if not found:
        raise TohostError("nothing fails; nothing was queued")
    return found


def _one(redis: Redis, clusters: Sequence[str], arguments: argparse.Namespace) -> Key:
    """Raises TohostError for an object that nobody knows: no worker would ever take its job."""
    key = target.resolve(redis, clusters, arguments.words, arguments.namespace)
    found = explain(redis, key.cluster, key.plural, key.namespace, key.name)
    if found.state == "unknown":
        raise TohostError(f"{key}: {found.words}; nothing was queued")
    return key


def _write(done: Sequence[Requeued], arguments: argparse.Namespace) -> str:
    if arguments.output != "text":
        told = {"dryRun": arguments.dry_run, "objects": [_data(each) for each in done]}
        return write_data(told, arguments.output)
    if arguments.dry_run:
        return "".join(f"{plain(str(each.key))}: would be queued\n" for each in done)
    return "".join(f"{plain(str(each.key))}: {each.told}\n" for each in done)


def _data(each: Requeued) -> Obj:
    key = each.key
    return {
        "virtualCluster": key.cluster,
        "kind": key.plural,
        "namespace": key.namespace,
        "name": key.name,
        "result": each.told,
    }
