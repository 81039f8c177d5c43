"""What is kept of a run with violations, to find out why."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from redis.exceptions import RedisError

from tests.chaos.expected.view import View
from tests.chaos.ground import Ground
from tests.chaos.nemesis import Strike
from tests.chaos.violation import Violation


def keep(
    ground: Ground,
    views: Sequence[View],
    violations: Sequence[Violation],
    planned: Sequence[Strike],
) -> None:
    """In the run's folder, beside the logs: the violations with their objects, the keys in Redis
    that aren't idle, the strikes."""
    folder = ground.directory
    told = [{"violation": str(each), "evidence": dict(each.evidence)} for each in violations]
    (folder / "violations.json").write_text(json.dumps(told, indent=1))
    (folder / "strikes.txt").write_text("\n".join(map(str, planned)))
    with suppress(RedisError):
        names = [tenant.name for tenant in ground.world.tenants]
        (folder / "keys.json").write_text(json.dumps(_keys(ground.redis, names), indent=1))
        stored = {str(each): _stored(ground.redis, each) for each in violations}
        (folder / "stored.json").write_text(json.dumps(stored, indent=1))
    seen = {view.tenant.name: view.virtual for view in views}
    (folder / "virtual.json").write_text(json.dumps(seen))
    if views:
        (folder / "host.json").write_text(json.dumps(views[0].host))


def _stored(redis: Any, violation: Violation) -> dict[str, str]:
    """What the product believes of the object."""
    plural, _, place = violation.about.partition(" ")
    start, found = f"tohost:{{{violation.cluster}}}", {}
    for what in ("obj", "rv"):
        for side in ("virtual", "host"):
            value = redis.hget(f"{start}:{what}:{side}:{plural}", place) or b""
            found[f"{what} {side}"] = value.decode(errors="backslashreplace")
    return found


def _keys(redis: Any, names: Sequence[str]) -> dict[str, dict[str, str]]:
    return {
        f"{name} {part}": {
            key.decode(): value.decode()
            for key, value in redis.hgetall(f"tohost:{{{name}}}:{part}").items()
        }
        for name in names
        for part in ("state", "dirty", "attempts", "pos")
    }
