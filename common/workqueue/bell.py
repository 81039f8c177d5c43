"""The bell: a pub/sub channel on which pushers name the virtual cluster that has new work.

It only shortens waiting. A message may get lost; whoever waits looks by itself once in a while.
"""

import time

from redis import Redis
from redis.client import Pipeline

CHANNEL = "tohost:bell"


def ring(pipe: Pipeline, cluster: str) -> None:
    # As a plain command: redis-py refuses `pipe.publish` on a Redis Cluster.
    pipe.execute_command("PUBLISH", CHANNEL, cluster)  # type: ignore[no-untyped-call]


class Bell:
    def __init__(self, redis: Redis) -> None:
        self._pubsub = redis.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        self._pubsub.subscribe(CHANNEL)

    def wait(self, timeout_s: float) -> set[str]:
        """The clusters that rang since the last call, as soon as one did; empty on timeout."""
        rung: set[str] = set()
        deadline = time.monotonic() + timeout_s
        while True:
            left_s = 0.0 if rung else max(0.0, deadline - time.monotonic())
            message = self._pubsub.get_message(timeout=left_s)
            if message is not None:
                rung.add(message["data"].decode())
            elif rung or left_s == 0.0:
                return rung

    def close(self) -> None:
        self._pubsub.close()
