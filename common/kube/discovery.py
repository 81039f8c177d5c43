"""What one API server serves, and the proof that it can't have any object of a kind."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Mapping

from common.errors import NotFoundError
from common.kind import Kind
from common.kube.client import KubeClient
from common.kube.served import Offer, Served, full_name, may_be_custom
from common.objects import Obj

FRESH_S = 3.0
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_Group = Mapping[str, Offer]
"""What a group has, by resource."""


class Discovery:
    """Shared by all who use the same server: what it answered is kept per group for a while.

    `clock` gives seconds, any start.
    """

    def __init__(self, client: KubeClient, clock: Callable[[], float] = time.monotonic) -> None:
        self.client = client
        self._clock = clock
        self._groups: dict[str, tuple[float, _Group]] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def offer(self, kind: Kind, max_age_s: float = FRESH_S) -> Offer:
        """In which versions the server has the kind, {} for none; of a kind that isn't
        `discovered` only the one that is used counts. Raises RetryError or ApiError."""
        async with self._locks[kind.group]:
            read_at, group = self._groups.get(kind.group, (float("-inf"), {}))
            now_s = self._clock()
            if now_s - read_at >= max_age_s:
                group = await self._read(kind.group)
                self._groups[kind.group] = now_s, group
        offer = group.get(kind.resource) or {}
        if kind.discovered:
            return offer
        return {version: served for version, served in offer.items() if version == kind.version}

    async def absence(self, kind: Kind) -> str:
        """Why the server may have objects of this kind, "" when it proves that it has none: it
        doesn't serve the kind, and says to a read that there is no such CRD.

        Any other answer leaves it open. Raises RetryError, or ApiError.
        """
        if not kind.group:
            return f"{kind.plural} belong to every API server"
        if await self.offer(kind, max_age_s=0):
            return f"{full_name(kind)} is served"
        path = f"{DEFINITIONS}/{full_name(kind)}"
        try:
            await self.client.request("GET", path)
        except NotFoundError as error:
            told = error.details.get("name") == full_name(kind)
            return "" if told else f"{self.client.name} serves no CRDs"
        return f"there is a CRD {full_name(kind)}"

    async def lacks(self, kind: Kind) -> bool:
        """Whether the server proves that objects of this kind don't exist any more."""
        return may_be_custom(kind.group) and await self.absence(kind) == ""

    async def _read(self, group: str) -> _Group:
        try:
            versions = await self._versions(group)
        except NotFoundError:
            return {}
        found: dict[str, dict[str, Served]] = defaultdict(dict)
        for version in versions:
            for name, served in (await self._resources(group, version)).items():
                found[name][version] = served
        return found

    async def _versions(self, group: str) -> list[str]:
        if not group:
            return ["v1"]
        answer = await self.client.request("GET", f"/apis/{group}")
        return [str(each["version"]) for each in answer.get("versions") or ()]

    async def _resources(self, group: str, version: str) -> Mapping[str, Served]:
        root = f"/apis/{group}/{version}" if group else f"/api/{version}"
        try:
            answer = await self.client.request("GET", root)
        except NotFoundError:
            return {}  # it went between the two requests
        listed: list[Obj] = answer.get("resources") or []
        names = {str(each["name"]) for each in listed}
        return {
            str(each["name"]): Served(
                version,
                str(each["kind"]),
                bool(each.get("namespaced")),
                f"{each['name']}/status" in names,
            )
            for each in listed
            if "/" not in each["name"]
        }
