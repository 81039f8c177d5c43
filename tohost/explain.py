"""`tohost explain`: where one object stands and why, on both sides, by what Redis knows."""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

from common.cluster import Cluster
from common.explain import Explanation, explain
from common.kinds import kinds_of
from common.selective import UNREFERENCED
from common.usage import command
from tohost import place, target
from tohost.explain_text import as_data, as_text
from tohost.intention import why_not
from tohost.output import write_data

_FINE = ("in sync", "queued", "running", "waiting", "not synced")
_EXAMPLES = f"""examples:
  tohost explain pods default/web-0
  tohost explain pod web-0 -n default -c my-vcluster
  tohost explain web-0
  tohost explain my-vcluster-default-web-0-x-default-x-my-vcluster -o json

{target.FORMS}

It asks Redis only, no cluster: what is told is as last seen. With a configuration it also tells why
an object has no host object by the settings.

States: in sync, queued (for a worker), running, waiting (tried again by itself, or for something
else), failing (refused; tried again by itself), not synced (only one of the two is there, and
nothing is to be done), unknown.

Exit codes: 0 told, 1 the object is failing or unknown, 2 wrong usage or configuration."""


def parser() -> argparse.ArgumentParser:
    result = command("explain", "Tell where one object stands, and why.", _EXAMPLES)
    target.add_options(result)
    place.add_options(result)
    result.add_argument("-o", "--output", choices=["text", "json", "yaml"], default="text")
    return result


def main(argv: Sequence[str]) -> int:
    """Raises ConfigError, and TohostError when Redis can't be reached or nothing is found."""
    arguments = parser().parse_args(argv)
    with place.opened(arguments) as where:
        clusters = where.clusters(arguments.virtual_cluster)
        key = target.resolve(where.redis, clusters, arguments.words, arguments.namespace)
        found = explain(where.redis, key.cluster, key.plural, key.namespace, key.name)
        found = _by_settings(where, found)
    if arguments.output == "text":
        sys.stdout.write(as_text(found))
    else:
        sys.stdout.write(write_data(as_data(found), arguments.output))
    return 0 if found.state in _FINE else 1


def _by_settings(where: place.Place, found: Explanation) -> Explanation:
    """With what the configuration says of it, where it was reached by one."""
    if where.config is None:
        return found
    cluster = where.config.virtual_cluster(found.key.cluster).cluster()
    kind = kinds_of(cluster).get(found.key.plural)
    if kind is None or not kind.option:
        return found
    if found.key.plural not in cluster.enabled:
        off = f"sync.toHost.{kind.option}.enabled is false"
        return replace(found, notes=[*found.notes, off])
    if found.state == "not synced" and found.virtual is not None and found.host is None:
        reason = why_not(where.redis, cluster, found.key, time.time())
        return replace(found, words=_better(found, cluster, reason))
    return found


def _better(found: Explanation, cluster: Cluster, reason: str) -> str:
    """What Redis alone tells of what nothing refers to is more than the plan's own reason."""
    if reason != UNREFERENCED:
        return reason or found.words
    if found.key.plural in cluster.all_objects:
        return "nothing that is synced refers to it, which it needs also with all: true"
    return found.words
