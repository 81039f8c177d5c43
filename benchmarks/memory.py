"""How many bytes Redis needs for objects in sync, and what compressing them would cost and save.

    python -m benchmarks.memory [--pairs N] [--large N]

A redis-server of its own is filled through the store and the workqueue, as after a settled sync:
every dirty mark is worked off. Then all of it is deleted, and in the end its tombstones go, too;
what is left by then is what Redis itself has not given back yet. `stored` is the JSON of what the
store was given (no managedFields, no secrets), `served` what API servers send for the same objects.
CPU is microseconds of this process for one object, the JSON included.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

import orjson
from redis import Redis
from rich.console import Console
from rich.table import Table

from benchmarks.codecs import compared
from benchmarks.pairs import NAMESPACE, configmaps, pods
from benchmarks.realistic import (
    Pair,
    as_served,
    individual,
    large_configmaps,
    tiny_configmaps,
)
from benchmarks.scan import CLUSTER, KINDS
from common.changes import active_plurals, change_of
from common.cluster import Cluster
from common.kind import Kind
from common.objects import Obj, Side
from common.store import Change, Store
from common.workqueue import Done, WorkQueue
from sandbox.redis import RedisServer

BATCH = 500
ACTIVE = active_plurals(KINDS.values(), CLUSTER)
Maker = Callable[[Kind, Cluster, int], Iterator[Pair]]


@dataclass
class Sizes:
    """Bytes of JSON of all objects of one sort, and some of them to try codecs on."""

    pairs: int = 0
    stored: int = 0
    served: int = 0
    sample: list[Obj] = field(default_factory=list)

    def count(self, change: Change, served: Obj) -> None:
        self.stored += len(orjson.dumps(change.obj))
        self.served += len(orjson.dumps(served))
        if change.obj is not None and len(self.sample) < 2 * BATCH:
            self.sample.append(change.obj)


class Filling:
    """One redis with one virtual cluster."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._store = Store(redis)
        self._queue = WorkQueue(redis, {"v": 1}, "benchmark")

    def begin(self) -> None:
        """Everything listed and empty."""
        self._redis.flushall()
        for kind in KINDS.values():
            for side in kind.sides(CLUSTER):
                self._store.set_synced("v", side, kind.plural)
        self.put(KINDS["namespaces"], "virtual", [NAMESPACE], Sizes())
        self.settle()

    def warm_up(self, kind: Kind, maker: Maker) -> None:
        """A few pairs come and go first, for what is there but once."""
        self.fill(kind, individual(maker(kind, CLUSTER, 10)), BATCH)
        self.delete(kind)
        self.purge()

    def put(self, kind: Kind, side: Side, objects: list[Obj], sizes: Sizes) -> None:
        changes = []
        for obj in objects:
            served = as_served(obj)
            change = change_of(kind, side, CLUSTER, ACTIVE, obj, False, b"k")
            assert change, "an object is not ours"
            sizes.count(change, served)
            changes.append(change)
        self._queue.push("v", self._store.put("v", side, kind.plural, changes))

    def settle(self) -> None:
        """Work off every dirty mark, with nothing to do."""
        queues = [("v", plural) for plural in ACTIVE]
        while taken := self._queue.take(64, queues):
            self._queue.finish([(one, Done()) for one in taken])

    def fill(self, kind: Kind, pairs: Iterator[Pair], step: int) -> Sizes:
        sizes = Sizes()
        while some := list(islice(pairs, step)):
            sizes.pairs += len(some)
            self.put(kind, "virtual", [virtual for virtual, _ in some], sizes)
            self.put(kind, "host", [host for _, host in some], sizes)
            self.settle()
        return sizes

    def delete(self, kind: Kind) -> None:
        """Watches show the end of everything."""
        for side in ("virtual", "host"):
            versions = list(self._store.versions("v", side, kind.plural).items())
            for start in range(0, len(versions), BATCH):
                some = versions[start : start + BATCH]
                gone = [Change(field, f"1{version}", None, seen=True) for field, version in some]
                self._queue.push("v", self._store.put("v", side, kind.plural, gone))
            self.settle()

    def purge(self) -> None:
        self._store.purge_tombstones("v", -1.0)

    def used(self) -> int:
        """Bytes of the data, without those of connections and scripts."""
        self._redis.connection_pool.disconnect()
        found = self._redis.info("memory")
        return int(found["used_memory"] - found["mem_clients_normal"])

    def by_key(self) -> dict[str, int]:
        """Bytes by sort of key; those of single objects count together."""
        sums: dict[str, int] = {}
        for key in self._redis.scan_iter(count=1000):
            name = key.decode().removeprefix("tohost:{v}:").partition(" ")[0]
            size = self._redis.memory_usage(key, samples=0) or 0
            sums[name] = sums.get(name, 0) + size
        return sums


def table(title: str, *columns: str) -> Table:
    made = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        made.add_column(column, justify="right" if number else "left")
    return made


def measure(filling: Filling, name: str, maker: Maker, count: int, step: int) -> list[Table]:
    kind = KINDS[name.rpartition(" ")[2]]
    filling.begin()
    filling.warm_up(kind, maker)
    before, keys_before = filling.used(), filling.by_key()
    sizes = filling.fill(kind, individual(maker(kind, CLUSTER, count)), step)
    used, by_key = filling.used() - before, filling.by_key()
    whole = table(f"{count} pairs of {name}", "", "bytes a pair", "Redis is x of it")
    for what, total in (("Redis", used), ("stored", sizes.stored), ("served", sizes.served)):
        whole.add_row(what, f"{total / count:.0f}", f"{used / total:.2f}")
    for what, work in (("deleted", partial(filling.delete, kind)), ("forgotten", filling.purge)):
        work()
        whole.add_row(f"Redis, all {what}", f"{(filling.used() - before) / count:.0f}", "")
    keys = table(f"{name}: keys", "key", "bytes a pair")
    found = {key: size - keys_before.get(key, 0) for key, size in by_key.items()}
    for key, size in sorted(found.items(), key=lambda each: -each[1]):
        if size > count:
            keys.add_row(key, f"{size / count:.0f}")
    return [whole, keys, compared(f"{name}: codecs", sizes.sample)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.memory")
    parser.add_argument("--pairs", type=int, default=10_000)
    parser.add_argument("--large", type=int, default=200)
    options = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as folder, RedisServer(Path(folder)) as server:
        filling = Filling(Redis.from_url(server.url))
        sorts: tuple[tuple[str, Maker, int, int], ...] = (
            ("pods", pods, options.pairs, BATCH),
            ("configmaps", configmaps, options.pairs, BATCH),
            ("tiny configmaps", tiny_configmaps, options.pairs, BATCH),
            ("large configmaps", large_configmaps, options.large, 20),
        )
        for name, maker, count, step in sorts:
            for each in measure(filling, name, maker, count, step):
                console.print(each)


if __name__ == "__main__":
    main()
