"""Does what the nemesis planned, and ends all of it with the storm."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from redis.exceptions import RedisError

from tests.chaos.ground import Ground
from tests.chaos.nemesis import Strike
from tests.chaos.product import Product
from tests.proxy import Fault, Proxy

_LONG_HANG_S: Final = 2.0
_MANY: Final = "/(pods|services)([?]|$)"
"""Lists of kinds that always have objects, so that one can know better than an empty list."""


@dataclass
class Nemesis:
    """`done` counts strikes by trouble; what struck which request the proxies count."""

    ground: Ground
    product: Product
    done: Counter[str] = field(default_factory=Counter)
    _redis: asyncio.Lock = field(default_factory=asyncio.Lock)
    _to_bounce: set[int] = field(default_factory=set)
    _gone: Counter[int] = field(default_factory=Counter)

    async def run(self, strikes: Sequence[Strike], storm_s: float) -> None:
        """Returns when the storm's time is over and everything is as it should be again."""
        loop = asyncio.get_running_loop()
        begin = loop.time()
        try:
            async with asyncio.timeout(storm_s), asyncio.TaskGroup() as group:
                for strike in strikes:
                    await asyncio.sleep(begin + strike.at_s - loop.time())
                    group.create_task(self._strike(strike))
        except TimeoutError:
            pass
        await asyncio.sleep(max(0.0, begin + storm_s - loop.time()))
        await self._end()

    async def _strike(self, strike: Strike) -> None:
        self.done[strike.trouble] += 1
        match strike.trouble:
            case "kill":
                await self.product.kill(strike.target, strike.for_s)
            case "pause":
                await self.product.pause(strike.target, strike.for_s)
            case "redis restart":
                await self._restart_redis(strike.for_s)
            case "flush":
                async with self._redis:
                    with suppress(RedisError):
                        await asyncio.to_thread(self.ground.redis.flushall)
            case _:
                await self._at_server(strike, self.ground.proxies[strike.target])

    async def _restart_redis(self, away_s: float) -> None:
        async with self._redis:
            await asyncio.to_thread(self.ground.server.kill)
            try:
                await asyncio.sleep(away_s)
            finally:
                await asyncio.shield(asyncio.to_thread(self.ground.server.start))

    async def _at_server(self, strike: Strike, proxy: Proxy) -> None:
        match strike.trouble:
            case "cut":
                await asyncio.to_thread(proxy.faults.cut_watches)
            case "silence":
                await asyncio.to_thread(proxy.faults.silence_watches)
                self._to_bounce.add(strike.target)
            case "gone":
                await self._be_gone(strike, proxy)
            case _:
                fault = self._fault(strike, proxy)
                try:
                    await asyncio.sleep(strike.for_s)
                finally:
                    proxy.faults.remove(fault)

    def _fault(self, strike: Strike, proxy: Proxy) -> Fault:
        faults, share = proxy.faults, strike.share
        match strike.trouble:
            case "fail":
                after_s = 1 if strike.code == 429 else None
                return faults.fail(strike.code, share, retry_after_s=after_s)
            case "lost answer":
                return faults.fail_after(0 if strike.code == 429 else strike.code, share)
            case "hang":
                if strike.seconds > _LONG_HANG_S:
                    self._to_bounce.add(strike.target)
                return faults.hang(strike.seconds, share)
            case "expire":
                return faults.expire(share)
            case "stale":
                return faults.stale(share)
            case "empty":
                return faults.empty(share, path=_MANY)
        return faults.delay(strike.seconds, share)

    async def _be_gone(self, strike: Strike, proxy: Proxy) -> None:
        """Of several at once the longest counts."""
        self._gone[strike.target] += 1
        try:
            await asyncio.to_thread(proxy.faults.gone)
            await asyncio.sleep(strike.for_s)
        finally:
            self._gone[strike.target] -= 1
            if not self._gone[strike.target]:
                await asyncio.shield(asyncio.to_thread(proxy.faults.back))

    async def _end(self) -> None:
        """A silence ends as it does in networks: its connection turns out to be dead."""
        for number, proxy in enumerate(self.ground.proxies):
            proxy.faults.clear()
            if number in self._to_bounce:
                struck = proxy.faults.struck["gone"]
                await asyncio.to_thread(proxy.faults.gone)
                proxy.faults.struck["gone"] = struck
            await asyncio.to_thread(proxy.faults.back)
        self.product.restore()
