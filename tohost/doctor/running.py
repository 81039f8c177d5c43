"""Watchers, workers and what they tell of."""

from collections.abc import Iterator

from redis import Redis

from common.status import standing
from common.status.standing import Everything
from tohost.doctor.finding import REDIS, Finding, ok

CHECK = "processes"


def read(redis: Redis, names: list[str]) -> Everything:
    """Raises redis.RedisError."""
    return standing.read(redis, names)


def check(found: Everything) -> Iterator[Finding]:
    """What Redis holds of a virtual cluster may be old while nobody runs."""
    if found.problems:
        remedy = "start them: tohost run, or the Deployments of watchers and workers"
        yield Finding(REDIS, CHECK, "warning", "; ".join(found.problems), remedy)
    else:
        words = f"watchers: {found.watchers}, workers: {found.workers}"
        yield ok(REDIS, CHECK, words)
    for each in found.clusters:
        failing = sum(trouble.state == "failing" for trouble in each.troubles)
        look = f"tohost status -n {each.name}"
        if found.watchers:
            for words in each.problems:
                yield Finding(each.name, "sync", "problem", words, look)
        if failing:
            objects = "1 object fails" if failing == 1 else f"{failing} objects fail"
            yield Finding(each.name, "sync", "problem", objects, f"{look}, then: tohost explain")
        elif found.watchers and not each.problems:
            yield ok(each.name, "sync", "nothing fails")
