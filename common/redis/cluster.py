"""A Redis Cluster that behaves as our code and RQ expect one server to.

redis-py's own client connects when it is made, raises errors that are no RedisError, and ends up
with no node to ask when all addresses changed. This one is made when it's first used, says what
goes wrong in the terms of one server, and starts over from the configured nodes.

Keys of one pipeline may lie on several nodes: then each node gets its commands in order, but nodes
don't wait for each other. `pipeline()` is a transaction, as with one server, of keys of one slot.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, cast

from redis import ConnectionError as RedisConnectionError
from redis import ConnectionPool, Redis
from redis._parsers.encoders import Encoder
from redis.client import PubSub
from redis.cluster import ClusterNode, ClusterPipeline, RedisCluster
from redis.commands.core import Script
from redis.exceptions import RedisClusterException, RedisError


class ClusterUnusableError(RedisConnectionError):
    """No node of the Cluster can be asked, or it has no node for some slots."""


class ClusterClient:
    """What it doesn't define itself is redis-py's RedisCluster's."""

    def __init__(self, nodes: list[tuple[str, int]], **options: Any) -> None:
        """`options`: for each node's connections, and `retry`."""
        self._start = nodes
        self._options = options
        self._client: _Cluster | None = None
        self._lock = threading.Lock()

    def register_script(self, source: str) -> Script:
        return Script(cast(Redis, self), source)

    def get_encoder(self) -> Encoder:
        return Encoder("utf-8", "strict", False)  # type: ignore[no-untyped-call]

    @property
    def connection_pool(self) -> ConnectionPool:
        """Of one node: RQ looks up timeouts there."""
        client = self._made()
        return client.get_redis_connection(client.get_random_primary_node()).connection_pool

    def pipeline(self, transaction: bool = True) -> ClusterPipeline:
        return self._made().pipeline(transaction)

    def pubsub(self, **options: Any) -> PubSub:
        """At any node: all hear what is published at one."""
        client = self._made()
        node = client.get_random_primary_node()
        return cast(PubSub, client.pubsub(node=node, **options))  # type: ignore[no-untyped-call]

    def time(self) -> tuple[int, int]:
        """One node's; redis-py asks all."""
        client = self._made()
        return client.time(target_nodes=client.get_random_primary_node())

    def close(self) -> None:
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made(), name)

    def _made(self) -> "_Cluster":
        with self._lock:
            if self._client is None:
                start = [
                    ClusterNode(host, port)  # type: ignore[no-untyped-call]
                    for host, port in self._start
                ]
                with _in_known_terms(lambda: None):
                    self._client = _Cluster(startup_nodes=start, **self._options)
                self._client.on_loss = self._forget
            return self._client

    def _forget(self) -> None:
        with suppress(RedisError, OSError):
            self.close()


@contextmanager
def _in_known_terms(on_loss: Callable[[], None]) -> Iterator[None]:
    try:
        yield
    except RedisClusterException as error:
        on_loss()
        raise ClusterUnusableError(str(error)) from error


def _nobody() -> None:
    """Nobody has to hear of a loss."""


class _Cluster(RedisCluster):
    on_loss: Callable[[], None] = staticmethod(_nobody)

    def execute_command(self, *args: Any, **options: Any) -> Any:
        with _in_known_terms(self.on_loss):
            return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]

    def pipeline(self, transaction: bool | None = None, shard_hint: None = None) -> ClusterPipeline:
        made: Any = super().pipeline(transaction, shard_hint)  # type: ignore[no-untyped-call]
        made.__class__ = _Pipeline  # redis-py leaves no choice of the class
        made.on_loss = self.on_loss
        return cast(ClusterPipeline, made)


class _Pipeline(ClusterPipeline):
    on_loss: Callable[[], None] = staticmethod(_nobody)

    def execute(self, raise_on_error: bool = True) -> list[Any]:
        with _in_known_terms(self.on_loss):
            return super().execute(raise_on_error)
