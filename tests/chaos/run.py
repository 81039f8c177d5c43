"""One run: a storm, then the wait until everything agrees, then a look whether it stays so."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp
from redis.exceptions import RedisError

from sandbox.client import Refused
from tests.chaos.checker import check_tenant
from tests.chaos.evidence import keep
from tests.chaos.expected.view import View
from tests.chaos.figures import Figures
from tests.chaos.ground import Ground, ground
from tests.chaos.look import look
from tests.chaos.nemesis import strikes
from tests.chaos.objects import name_of, namespace_of
from tests.chaos.plan import plan
from tests.chaos.product import Product
from tests.chaos.queues import Queues
from tests.chaos.storm import Storm
from tests.chaos.strikes import Nemesis
from tests.chaos.templates.custom import is_poison
from tests.chaos.tenants import World
from tests.chaos.violation import Violation

Outcome = tuple[Figures, list[Violation]]
Beside = Callable[[Ground, Product], Coroutine[Any, Any, None]]
WITHIN_S: Final = 30.0
_QUIET_S: Final = 5.0
_POLL_S: Final = 0.5


async def run(
    world: World,
    directory: Path,
    *,
    calm: bool = False,
    within_s: float = WITHIN_S,
    beside: Beside | None = None,
) -> Outcome:
    """`calm`: nothing fails. `within_s` everything must agree after the storm. `beside` runs as
    long as the product does. What is needed to understand a violation stays in the directory."""
    async with ground(world, directory) as made:
        product = Product(made.config, directory)
        attempt = _Run(world, made, product, within_s)
        try:
            await attempt.begin()
            through = attempt.through(calm)
            return await (through if beside is None else _with(beside(made, product), through))
        finally:
            product.end()


async def _with(
    beside: Coroutine[Any, Any, None], attempt: Coroutine[Any, Any, Outcome]
) -> Outcome:
    task = asyncio.create_task(beside)
    try:
        return await attempt
    finally:
        task.cancel()
        await asyncio.wait([task])


@dataclass
class _Run:
    world: World
    ground: Ground
    product: Product
    within_s: float

    def __post_init__(self) -> None:
        self.queues = Queues(self.ground.redis, [each.name for each in self.world.tenants])
        self.views: list[View] = []
        self.plan = plan(self.world)
        self.storm = Storm(self.world, self.ground.virtual, self.ground.host)

    async def begin(self) -> None:
        """Objects are there already when tohost comes."""
        await self.storm.run(self.plan.seeds)
        self.product.start(self.world)
        await self.product.ready()

    async def through(self, calm: bool) -> Outcome:
        nemesis = Nemesis(self.ground, self.product)
        planned = [] if calm else strikes(self.world)
        storming = self.storm.run(self.plan.storm)
        await asyncio.gather(storming, nemesis.run(planned, self.world.storm_s))
        converged_s, violations = await self._settle()
        violations += self._forbidden()
        if violations:
            keep(self.ground, self.views, violations, planned)
        return self._figures(nemesis, converged_s, violations), violations

    async def _settle(self) -> tuple[float | None, list[Violation]]:
        """When a look began that found nothing wrong, after which it stayed quiet; None with what
        was wrong in the end. What is tried again late and changes nothing more isn't quiet yet."""
        begin, at_s, violations = time.monotonic(), 0.0, list[Violation]()
        while at_s <= self.within_s:
            violations = await self._look()
            if not violations:
                violations = await self._stay_quiet()
                if not violations:
                    return at_s, []
            await asyncio.sleep(_POLL_S)
            at_s = time.monotonic() - begin
        return None, violations

    async def _look(self) -> list[Violation]:
        try:
            self.views = await look(
                self.world, self.ground.virtual, self.ground.host, self.ground.real
            )
            found = [each for view in self.views for each in check_tenant(view)]
            found += self.queues.check(self.product.alive, _poison(self.views))
        except (Refused, aiohttp.ClientError, RedisError) as error:
            return [Violation("process", "", "servers", f"can't be looked at: {error!r}")]
        self.product.mend()
        found += [Violation("process", "", "tohost", told) for told in self.product.ended()]
        return found

    async def _stay_quiet(self) -> list[Violation]:
        """For a while nothing changes by itself."""
        poison = _poison(self.views)
        for proxy in self.ground.proxies:
            proxy.audit.keep = True
            proxy.audit.take()
        await asyncio.sleep(_QUIET_S)
        found = [
            Violation("late write", proxy.name, write.path, str(write))
            for proxy in self.ground.proxies
            for write in proxy.audit.take()
            if write.may_have_happened and not _is_usual(write.path, poison)
        ]
        found += await self._look()
        busy = self.queues.busy()
        if busy:
            await asyncio.sleep(1)
            still = set(busy) & set(self.queues.busy())
            found += [Violation("stuck job", "", about, "is not idle") for about in still]
        return found

    def _forbidden(self) -> list[Violation]:
        """Writes that nothing excuses, at any time."""
        return [
            Violation("forbidden write", proxy.name, "", verdict)
            for proxy in self.ground.proxies
            for verdict in proxy.audit.verdicts
        ]

    def _figures(
        self,
        nemesis: Nemesis,
        converged_s: float | None,
        violations: Sequence[Violation],
    ) -> Figures:
        world = self.world
        figures = Figures(
            world.seed,
            "real" if self.ground.real else "sandbox",
            len(world.tenants),
            world.watchers,
            world.workers,
            world.storm_s,
            operations=self.storm.done.total(),
            refused=self.storm.refused.total(),
            objects=sum(len(each) for view in self.views for each in view.virtual.values()),
            writes=sum(proxy.audit.count for proxy in self.ground.proxies),
            strikes=nemesis.done,
            converged_s=converged_s,
            refused_by_host=len(_poison(self.views)),
            violations=len(violations),
        )
        for proxy in self.ground.proxies:
            figures.struck.update(proxy.faults.struck)
        return figures


def _poison(views: Sequence[View]) -> set[str]:
    """The keys that the host refuses for good reason."""
    return {
        f"{view.tenant.name} widgets.example.com {namespace_of(each)}/{name_of(each)}"
        for view in views
        for each in view.virtual.get("widgets", ())
        if is_poison(each)
    }


def _is_usual(path: str, poison: Collection[str]) -> bool:
    """Tokens are refreshed, and events tell again and again what the host refuses."""
    if path.endswith("/token"):
        return True
    *_, namespace, collection, name = path.split("/")
    about = f"{namespace}/{name.rpartition('.')[0]}"
    return collection == "events" and any(key.endswith(f" {about}") for key in poison)
