"""Finds on the host whatever bears a virtual cluster's label, and sorts it by what is proven.

Looked through are all kinds that tohost syncs, and every resource that comes by a CRD and can be
listed and deleted: which of those were synced the configuration doesn't say any more.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence

from common.cluster import Cluster
from common.custom.kind import bare
from common.errors import ApiError, NotFoundError, RetryError
from common.kind import Kind
from common.kinds import REGISTRY
from common.kube.client import KubeClient
from common.kube.discovery import Discovery
from common.kube.served import Served, as_served, choose, full_name, may_be_custom
from common.metadata import MANAGED_BY
from common.objects import Obj, labels, name_of, namespace_of
from common.patches.rules import CustomRule
from tohost.cleanup.proof import (
    Doubt,
    Found,
    Sorted,
    clusters_at,
    doubt,
    marks,
    prove,
    prove_namespace,
    sort_doubts,
    with_mapping,
)

AT_ONCE = 8
NAMESPACES = REGISTRY["namespaces"]


def host_kinds() -> list[Kind]:
    """The built-in kinds of which tohost makes host objects, without namespaces."""
    return [
        kind
        for kind in REGISTRY.values()
        if kind.option and kind.host_watched and not kind.host_read_only and kind != NAMESPACES
    ]


class Search:
    """`homes`: the host namespaces to look in, None for all. `reserved`: label values that a
    configured virtual cluster's objects bear, too.

    problems: what could not be looked at, in words; unseen: the plurals of those kinds. notes: what
    is good to know. mapped: by host namespace, the virtual cluster with that mapping alone.
    """

    def __init__(
        self,
        host: KubeClient,
        name: str,
        homes: Collection[str] | None,
        reserved: Collection[str] = (),
    ) -> None:
        self.problems: list[str] = []
        self.notes: list[str] = []
        self.unseen: set[str] = set()
        self.mapped: dict[str, Cluster] = {}
        self._host = host
        self._name = name
        self._homes = homes
        self._reserved = reserved
        self._marks: Mapping[str, str] = {}
        self._found: list[Found] = []
        self._doubts: list[Doubt] = []
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> Sorted:
        """Raises RetryError when the host can't be reached, and ApiError when with `homes` None
        its namespaces can't be listed."""
        homes = self._homes
        if homes is None:
            homes = [name_of(each) async for each in self._host.list_all(NAMESPACES)]
        self._marks = self._free(marks(self._name, homes))
        await self._look_at_namespaces()
        kinds = [kind async for kind in self._served(host_kinds())]
        known = {full_name(kind) for kind in host_kinds()}
        kinds += [kind for kind in await self._custom() if full_name(kind) not in known]
        await asyncio.gather(*(self._look_at(kind, at) for kind in kinds for at in self._at(kind)))
        return sort_doubts(self._doubts, self._found)

    def _free(self, found: Mapping[str, str]) -> Mapping[str, str]:
        """Without those that are a configured virtual cluster's."""
        for label in found.keys() & set(self._reserved):
            self.notes.append(
                f"cluster-scoped objects labelled {label} are left alone: they may be those of a"
                " configured virtual cluster"
            )
        return {label: home for label, home in found.items() if label not in self._reserved}

    async def _look_at_namespaces(self) -> None:
        async for obj in self._listed(NAMESPACES, MANAGED_BY):
            home = self._marks.get(labels(obj).get(MANAGED_BY, ""))
            if home is None:
                continue
            cluster = Cluster(self._name, home)
            virtual = prove_namespace(NAMESPACES, obj, cluster)
            if virtual is None:
                self._doubts.append(Doubt(NAMESPACES, obj, doubt(NAMESPACES, obj)))
                continue
            self._found.append(Found(NAMESPACES, obj, virtual))
            self.mapped[name_of(obj)] = with_mapping(cluster, virtual, name_of(obj))

    def _at(self, kind: Kind) -> Sequence[str]:
        """The host namespaces to list, "" for all."""
        if self._homes is None or not kind.namespaced:
            return [""]
        return sorted({*self._homes, *self.mapped})

    async def _look_at(self, kind: Kind, at: str) -> None:
        selector = f"{MANAGED_BY}={self._name}" if kind.namespaced else MANAGED_BY
        async with self._slots:
            async for obj in self._listed(kind, selector, at):
                label = labels(obj).get(MANAGED_BY, "")
                if not kind.namespaced and label not in self._marks:
                    continue
                virtual = prove(kind, obj, self._candidates(kind, obj, label))
                if virtual is None:
                    self._doubts.append(Doubt(kind, obj, doubt(kind, obj)))
                else:
                    self._found.append(Found(kind, obj, virtual))

    def _candidates(self, kind: Kind, obj: Obj, label: str) -> list[Cluster]:
        """The virtual clusters that it might be of."""
        if not kind.namespaced:
            return [Cluster(self._name, self._marks[label])]
        place = namespace_of(obj)
        known = [self.mapped[place]] if place in self.mapped else []
        home = self._homes is None or place in self._homes
        return known + (clusters_at(self._name, place) if home else [])

    async def _listed(self, kind: Kind, selector: str, at: str = "") -> AsyncIterator[Obj]:
        """What can't be listed is told, and counts as not seen."""
        try:
            async for obj in self._host.list_all(kind, at, selector):
                yield obj
        except NotFoundError:
            return  # not served
        except (ApiError, RetryError) as error:
            if isinstance(error, RetryError) and kind == NAMESPACES:
                raise  # the first of all: the host is away
            self._tell_unseen(kind, error)

    def _tell_unseen(self, kind: Kind, error: Exception) -> None:
        self.unseen.add(kind.plural)
        if kind.plural in REGISTRY:
            self.problems.append(f"{kind.plural} can't be looked at: {error}")
        else:
            self.notes.append(
                f"{kind.plural} can't be looked at; if they were synced, some may be left: {error}"
            )

    async def _served(self, kinds: Sequence[Kind]) -> AsyncIterator[Kind]:
        """In the versions that the host has."""
        discovery = Discovery(self._host)
        for kind in kinds:
            if not kind.discovered:
                yield kind
                continue
            try:
                served = choose(kind, await discovery.offer(kind), {})
            except (ApiError, RetryError) as error:
                self._tell_unseen(kind, error)
                continue
            if served is not None:
                yield as_served(kind, served)

    async def _custom(self) -> list[Kind]:
        try:
            groups = (await self._host.request("GET", "/apis")).get("groups") or []
        except ApiError as error:
            self.notes.append(f"custom resources can't be looked at: {error}")
            return []
        kinds = []
        for group in groups:
            if may_be_custom(str(group["name"])):
                kinds += await self._of_group(group)
        return kinds

    async def _of_group(self, group: Obj) -> list[Kind]:
        name, version = str(group["name"]), str(group["preferredVersion"]["version"])
        try:
            answer = await self._host.request("GET", f"/apis/{name}/{version}")
        except (ApiError, RetryError) as error:  # of an extension server that is away, 503
            self.notes.append(f"custom resources of {name} can't be looked at: {error}")
            return []
        return list(_removable(name, version, answer.get("resources") or []))


def _removable(group: str, version: str, resources: Sequence[Obj]) -> Iterator[Kind]:
    for each in resources:
        plural, verbs = str(each["name"]), set(each.get("verbs") or ())
        if "/" not in plural and {"list", "delete"} <= verbs:
            namespaced = bool(each.get("namespaced"))
            kind = bare(CustomRule(f"{plural}.{group}", namespaced))
            yield as_served(kind, Served(version, str(each["kind"]), namespaced, False))
