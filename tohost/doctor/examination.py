"""All checks, one after the other; each works with what those before could reach."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

from redis import Redis
from redis.exceptions import RedisError

from common.config import Config
from common.redis.trouble import explain
from tohost.doctor import (
    clocks,
    dns,
    identities,
    installations,
    kinds,
    places,
    redis_state,
    rights,
    running,
    strangers,
    versions,
)
from tohost.doctor.finding import REDIS, Finding, skipped
from tohost.doctor.patient import Patient, reach


async def examine(config: Config, redis: Redis) -> AsyncIterator[Finding]:
    """Findings as they come. Raises nothing that a check could meet."""
    patient = Patient(config, redis)
    found = await asyncio.to_thread(lambda: list(redis_state.check(redis)))
    usable = all(each.check != "connection" or each.level == "ok" for each in found)
    for each in found:
        yield each
    async with AsyncExitStack() as stack:
        for each in await reach(patient, stack):
            yield each
        for each in versions.check(patient):
            yield each
        ahead_s = await asyncio.to_thread(clocks.redis_ahead_s, redis) if usable else None
        for each in clocks.check(patient, ahead_s):
            yield each
        for looking in (rights, places, kinds, dns, installations, strangers):
            for each in await looking.check(patient):
                yield each
        if usable:
            for each in await asyncio.to_thread(_by_redis, patient):
                yield each


def _by_redis(patient: Patient) -> list[Finding]:
    names = [each.name for each in patient.config.virtual_clusters]
    try:
        known = identities.known(patient.redis, names)
        told = running.read(patient.redis, names)
    except RedisError as error:
        return [skipped(REDIS, "what it holds", explain(error).words)]
    return [*identities.check(patient, known), *running.check(told)]
