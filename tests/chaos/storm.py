"""Performs the planned operations, each at its time, directly on the API servers."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

import aiohttp

from sandbox.client import Client, Refused
from tests.chaos.expected.places import host_places
from tests.chaos.kinds import EVERY, NAMESPACES, Served
from tests.chaos.objects import Obj, notes_of
from tests.chaos.plan import Operation
from tests.chaos.templates import ALL
from tests.chaos.templates.template import Patch, relabel
from tests.chaos.tenants import World

HOLD: Final = "example.com/hold"
"""The finalizer that the storm sets."""
_AT_ONCE: Final = 48
_EXPECTED: Final = (400, 403, 404, 405, 409, 422, 429, 500, 503, 504)


@dataclass(slots=True)
class Storm:
    """`virtual` in the order of the world's tenants. `done` counts operations by what they did,
    `refused` those that an API server refused, as the object was missing or there, or fixed: by
    its code, what was tried and on which kind."""

    world: World
    virtual: Sequence[Client]
    host: Client
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    async def run(self, operations: Sequence[Operation]) -> None:
        """Returns when the last one is over."""
        loop = asyncio.get_running_loop()
        begin = loop.time()
        async with asyncio.TaskGroup() as group:
            for operation in operations:
                await asyncio.sleep(begin + operation.at_s - loop.time())
                group.create_task(self._perform(operation))

    async def _perform(self, operation: Operation) -> None:
        async with self._slots:
            try:
                if await self._do(operation):
                    self.done[operation.do] += 1
            except Refused as refused:
                if refused.code not in _EXPECTED:
                    raise
                self.refused[f"{refused.code} {operation.do} {operation.plural}"] += 1
            except (aiohttp.ClientError, TimeoutError):
                self.refused[f"no answer to {operation.do} {operation.plural}"] += 1

    async def _do(self, operation: Operation) -> bool:
        """Whether there was something to do."""
        if operation.plural == "namespaces":
            return await self._namespace(operation)
        if operation.do in ("spoil", "report", "host delete"):
            return await self._on_host(operation)
        client, place = self.virtual[operation.tenant], operation.place
        served, chance = EVERY[operation.plural], Random(operation.dice)
        template = ALL[operation.plural]
        path = served.path(place.namespace, place.name)
        match operation.do:
            case "create":
                await _create(client, served, operation, template.make(chance, place))
            case "edit" | "relabel":
                change = template.edit if operation.do == "edit" else relabel
                patch = change(chance, await client.request("GET", path))
                return await _patch(client, path, patch)
            case "delete":
                await client.request("DELETE", path, _options(operation))
            case "recreate":
                await client.request("DELETE", path, {"gracePeriodSeconds": 0})
                await _create(client, served, operation, template.make(chance, place))
            case "hold":
                await _hold(client, path)
            case "release":
                await release(client, path)
            case "clear":
                collection = served.path(place.namespace)
                await client.request("DELETE", f"{collection}?labelSelector=app%3Dn0")
        return True

    async def _namespace(self, operation: Operation) -> bool:
        client, name = self.virtual[operation.tenant], operation.place.name
        chance, path = Random(operation.dice), NAMESPACES.path("", name)
        if operation.do == "create":
            await create_namespace(client, name)
        elif operation.do == "delete":
            await client.request("DELETE", path)
        else:
            value = chance.choice((None, "x", "y"))
            await client.merge(path, {"metadata": {"labels": {"team": value}}})
        return True

    async def _on_host(self, operation: Operation) -> bool:
        served, chance = EVERY[operation.plural], Random(operation.dice)
        found = await self._host_object(operation)
        if found is None:
            return False
        path, obj = found
        if operation.do == "host delete":
            grace = {} if operation.grace_s is None else {"gracePeriodSeconds": operation.grace_s}
            await self.host.request("DELETE", path, grace)
            return True
        template = ALL[served.plural]
        change = template.spoil if operation.do == "spoil" else template.report
        return await _patch(self.host, path, change(chance, obj) if change else None)

    async def _host_object(self, operation: Operation) -> tuple[str, Obj] | None:
        """Only what tohost made: somebody else's is nobody's to spoil."""
        tenant, place = self.world.tenants[operation.tenant], operation.place
        served = EVERY[operation.plural]
        for namespace, name in host_places(tenant, served, place.namespace, place.name):
            path = served.path(namespace, name)
            try:
                obj = await self.host.request("GET", path)
            except Refused as refused:
                if refused.code != 404:
                    raise
                continue
            if notes_of(obj).get("vcluster.loft.sh/name") == place.name:
                return path, obj
        return None


async def create_namespace(client: Client, name: str) -> None:
    """With the service account that pods with tokens run as."""
    await client.request("POST", NAMESPACES.path(), {"metadata": {"name": name}})
    accounts = EVERY["serviceaccounts"].path(name)
    for account in ("robot", "default"):
        try:
            await client.request("POST", accounts, {"metadata": {"name": account}})
        except Refused as refused:
            if refused.code != 409:
                raise


async def _hold(client: Client, path: str) -> None:
    found = (await client.request("GET", path))["metadata"]
    if not found.get("deletionTimestamp"):
        finalizers = [*(found.get("finalizers") or ()), HOLD]
        version = {"resourceVersion": found["resourceVersion"]}
        await client.merge(path, {"metadata": version | {"finalizers": finalizers}})


async def release(client: Client, path: str) -> None:
    """Takes the storm's finalizer off, and only that."""
    found = (await client.request("GET", path))["metadata"]
    finalizers = found.get("finalizers") or []
    if HOLD in finalizers:
        kept = [each for each in finalizers if each != HOLD]
        version = {"resourceVersion": found["resourceVersion"]}
        await client.merge(path, {"metadata": version | {"finalizers": kept}})


async def _create(client: Client, served: Served, operation: Operation, obj: Obj) -> None:
    await client.request("POST", served.path(operation.place.namespace), obj)


async def _patch(client: Client, path: str, patch: Patch | None) -> bool:
    if patch is None:
        return False
    await client.merge(f"{path}/{patch.subresource}" if patch.subresource else path, patch.body)
    return True


def _options(operation: Operation) -> Obj:
    return {} if operation.grace_s is None else {"gracePeriodSeconds": operation.grace_s}
