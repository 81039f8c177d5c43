"""Removes what is proven, in an order that does no harm: pods before what they use, the word that
data is to be kept before whatever leads to it, namespaces last."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from common.actions import Patch
from common.errors import ApiError, ConflictError, NotFoundError, RetryError
from common.kube.client import KubeClient
from common.objects import Obj, get_path, is_deleting, meta, name_of, namespace_of, uid
from common.volume.reclaim import KEEPS, clean_up
from tohost.cleanup.proof import Found

AT_ONCE = 16
TRIES = 4
POLL_S = 0.5
DELETING = "deletionTimestamp"
POLICIES = {
    "persistentvolumes": "persistentVolumeReclaimPolicy",
    "volumesnapshotcontents": "deletionPolicy",
}
"""Of the kinds that stand for data, the field that says what becomes of it."""
_BOUND_BY = {
    "persistentvolumes": "spec.claimRef.uid",
    "volumesnapshotcontents": "spec.volumeSnapshotRef.uid",
}
# Of what is bound to those: to which kind, and where the name is.
_BOUND_TO = {
    "persistentvolumeclaims": ("persistentvolumes", "spec.volumeName"),
    "volumesnapshots": ("volumesnapshotcontents", "status.boundVolumeSnapshotContentName"),
}
_OUR_VOLUMES = "vcluster-"
_FIRST, _BEFORE_LAST = ("pods",), ("networkpolicies", *_BOUND_TO, *POLICIES, "namespaces")
What = Literal["delete", "give back", "keep the data, then delete"]


@dataclass(frozen=True, slots=True)
class Result:
    """`problem`: why it is still there; "" when it is gone or given back."""

    found: Found
    problem: str = ""


def what(found: Found) -> What:
    """What becomes of it."""
    if found.kind.given_back(found.obj) is not None:
        return "give back"
    return "keep the data, then delete" if found.kind.plural in POLICIES else "delete"


class Removal:
    """`unseen`: plurals of the kinds that could not be looked at; `crowded`: host namespaces with
    objects that must stay. `say` tells people of the progress."""

    def __init__(
        self,
        host: KubeClient,
        found: Sequence[Found],
        unseen: Collection[str],
        crowded: Collection[str],
        say: Callable[[str], None],
        timeout_s: float,
    ) -> None:
        self._host = host
        self._found = {uid(each.obj): each for each in found}
        self._unseen = unseen
        self._crowded = set(crowded)
        self._say = say
        self._ends_s = time.monotonic() + timeout_s
        self._problems: dict[str, str] = {}
        self._lingering: dict[str, Found] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> list[Result]:
        """What became of each."""
        await self._each(self._keep, *POLICIES)
        await self._each(self._remove, *_FIRST)
        await self._wait()
        placed = {*_FIRST, *_BEFORE_LAST}
        others = {each.kind.plural for each in self._found.values()} - placed
        await self._each(self._remove, *sorted(others))
        for plural in _BEFORE_LAST:
            await self._each(self._remove, plural)
        await self._wait()
        return [Result(each, self._problems.get(id_, "")) for id_, each in self._found.items()]

    async def _each(self, step: Callable[[str], Awaitable[str]], *plurals: str) -> None:
        """Take a step with all of these kinds that gave no trouble so far."""
        for plural in plurals:
            chosen = [
                id_
                for id_, each in self._found.items()
                if each.kind.plural == plural and id_ not in self._problems
            ]
            if chosen:
                problems = await asyncio.gather(*(self._try(step, id_) for id_ in chosen))
                failed = {id_: why for id_, why in zip(chosen, problems, strict=True) if why}
                self._problems |= failed
                done = "told to keep the data" if step == self._keep else "removed"
                more = f", {len(failed)} not" if failed else ""
                self._say(f"{plural}: {len(chosen) - len(failed)} {done}{more}")

    async def _try(self, step: Callable[[str], Awaitable[str]], id_: str) -> str:
        """Answers the problem, "" for none. What may pass is tried a few times."""
        async with self._slots:
            for again in range(TRIES):
                try:
                    return await step(id_)
                except NotFoundError:
                    return ""
                except ConflictError:
                    return "it changed, or another object has its name by now; run this again"
                except ApiError as error:
                    return str(error)
                except RetryError as error:
                    problem, wait_s = str(error), error.after_s or POLL_S * 2**again
                    if time.monotonic() + wait_s > self._ends_s:
                        break
                    await asyncio.sleep(wait_s)
            return problem

    async def _keep(self, id_: str) -> str:
        """Have the host keep the data, before anything goes that leads to it. It listens also
        while the object is being deleted."""
        found = self._found[id_]
        metadata = {key: each for key, each in meta(found.obj).items() if key != DELETING}
        alive = {**found.obj, "metadata": metadata}
        for action in clean_up(alive, POLICIES[found.kind.plural], in_use=False):
            if isinstance(action, Patch):
                version = action.resource_version
                obj = await self._host.patch(
                    found.kind, "", action.name, action.patch, uid=id_, resource_version=version
                )
                self._found[id_] = replace(found, obj=obj)
        return ""

    async def _remove(self, id_: str) -> str:
        found = self._found[id_]
        if reason := self._must_stay(found):
            return reason
        kind, namespace, name = found.kind, namespace_of(found.obj), name_of(found.obj)
        patch = kind.given_back(found.obj)
        if patch is not None:
            await self._host.patch(kind, namespace, name, patch, uid=id_)
            return ""
        left = await self._host.delete(kind, namespace, name, uid=id_)
        if is_deleting(left):
            self._lingering[id_] = replace(found, obj=left)
        return ""

    def _must_stay(self, found: Found) -> str:
        """Why removing it would do harm, "" if it wouldn't."""
        plural = found.kind.plural
        if plural == "networkpolicies" and self._are_left("pods", namespace_of(found.obj)):
            return "stays, as pods that it protects are still there"
        if plural in _BOUND_TO:
            return self._would_lose(found.obj, *_BOUND_TO[plural])
        if plural in _BOUND_BY:
            bound = get_path(found.obj, _BOUND_BY[plural])
            in_use = get_path(found.obj, "status.phase") == "Bound" or "snapshot" in plural
            if bound and in_use and bound not in self._found:
                return "is in use by an object that is not this virtual cluster's"
        if plural == "namespaces":
            return self._would_take_along(name_of(found.obj))
        return ""

    def _would_lose(self, obj: Obj, plural: str, path: str) -> str:
        """Of a claim or snapshot: whether the host may delete data of our own volume with it."""
        name = str(get_path(obj, path) or "")
        if not name.startswith(_OUR_VOLUMES):
            return ""
        kept = {
            name_of(each.obj): (each.obj.get("spec") or {}).get(POLICIES[plural]) == KEEPS
            for each in self._found.values()
            if each.kind.plural == plural
        }
        if plural in self._unseen or not kept.get(name, True):
            return f"stays, as {plural} {name} could not be told to keep the data"
        return ""

    def _would_take_along(self, namespace: str) -> str:
        here = [id_ for id_, each in self._found.items() if namespace_of(each.obj) == namespace]
        if namespace in self._crowded or any(id_ in self._problems for id_ in here):
            return "stays, as objects in it do"
        return ""

    def _are_left(self, plural: str, namespace: str) -> bool:
        ids = {*self._problems, *self._lingering}
        left = [self._found[id_] for id_ in ids]
        return any(e.kind.plural == plural and namespace_of(e.obj) == namespace for e in left)

    async def _wait(self) -> None:
        """Until what is being deleted has gone, or the time is over."""
        told = 0
        while self._lingering and time.monotonic() < self._ends_s:
            if len(self._lingering) != told:
                told = len(self._lingering)
                self._say(f"waiting for {told} that are being deleted")
            await asyncio.gather(*(self._look(id_) for id_ in list(self._lingering)))
            if self._lingering:
                await asyncio.sleep(POLL_S)
        for id_, each in self._lingering.items():
            finalizers = meta(each.obj).get("finalizers") or ()
            why = f" (finalizers: {', '.join(finalizers)})" if finalizers else ""
            self._problems[id_] = f"is being deleted, and still there{why}"

    async def _look(self, id_: str) -> None:
        each = self._lingering[id_]
        try:
            async with self._slots:
                there = await self._host.get(each.kind, namespace_of(each.obj), name_of(each.obj))
        except NotFoundError:
            del self._lingering[id_]
        except (ApiError, RetryError):
            return
        else:
            if uid(there) != id_:
                del self._lingering[id_]
