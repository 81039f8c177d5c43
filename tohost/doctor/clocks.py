"""Clocks that don't agree: Redis', the API servers', this machine's."""

import time
from collections.abc import Iterator, Mapping
from statistics import median

from redis import Redis
from redis.exceptions import RedisError

from tohost.doctor.finding import REDIS, Finding, ok
from tohost.doctor.patient import Patient

MOST_S = 5.0
HERE = "this machine"


def redis_ahead_s(redis: Redis) -> float | None:
    """Compared with this machine; None when it can't be asked."""
    try:
        seconds, microseconds = redis.time()
    except RedisError:
        return None
    return seconds + microseconds / 1e6 - time.time()


def check(patient: Patient, redis_s: float | None) -> Iterator[Finding]:
    ahead_s = {HERE: 0.0, **{each.name: each.ahead_s for each in patient.servers()}}
    if redis_s is not None:
        ahead_s[REDIS] = redis_s
    return judge(ahead_s)


def judge(ahead_s: Mapping[str, float]) -> Iterator[Finding]:
    """Whoever differs from the middle of all. tohost decides by no machine's date, but
    certificates, tokens and the ages that people see do."""
    middle = median(ahead_s.values())
    wrong = {name: s - middle for name, s in ahead_s.items() if abs(s - middle) > MOST_S}
    for name, off_s in wrong.items():
        way = "ahead of" if off_s > 0 else "behind"
        words = f"its clock is {abs(off_s):.0f} s {way} the others"
        remedy = "have it set by NTP; certificates and tokens count as expired, or as not valid yet"
        yield Finding(name, "clock", "warning", words, remedy)
    if not wrong:
        yield ok(HERE, "clock", f"all {len(ahead_s)} clocks agree within {MOST_S:g} s")
