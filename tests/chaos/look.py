"""Looks at everything: lists of all kinds, straight from the API servers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from sandbox.client import Client
from tests.chaos.expected.view import Found, View
from tests.chaos.kinds import EVERY, NODES, Served
from tests.chaos.objects import Obj
from tests.chaos.tenants import World

_ALL: Final = (*EVERY.values(), NODES)
_AT_ONCE: Final = 8


async def look(world: World, virtual: Sequence[Client], host: Client, real: bool) -> list[View]:
    """A view of each tenant. Lists are taken one after another: what changes meanwhile may look
    wrong until the next look."""
    slots = asyncio.Semaphore(_AT_ONCE)

    async def listed(client: Client) -> Found:
        found = await asyncio.gather(*(_list(client, served, slots) for served in _ALL))
        return {served.plural: items for served, items in zip(_ALL, found, strict=True)}

    *tenants, on_host = await asyncio.gather(*map(listed, virtual), listed(host))
    pairs = zip(world.tenants, tenants, strict=True)
    return [View(tenant, found, on_host, real) for tenant, found in pairs]


async def _list(client: Client, served: Served, slots: asyncio.Semaphore) -> list[Obj]:
    async with slots:
        items: list[Any] = (await client.request("GET", served.path()))["items"]
        return items
