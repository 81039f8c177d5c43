"""One test's place: a virtual namespace of its own, and what of it is on the host."""

from collections.abc import Callable
from dataclasses import dataclass

from common.errors import AlreadyExistsError
from common.objects import Obj, uid
from tests.e2e.waiting import WITHIN_S, eventually
from tests.e2e.world import HOST_NAMESPACE, World

Condition = Callable[[Obj], object]


def _always(_: Obj) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Space:
    """Names are those of virtual objects. What waits gives up after 15 seconds."""

    world: World
    namespace: str

    def host_name(self, name: str) -> str:
        """As the seed has it; tests' names are short enough never to be cut."""
        cluster, namespace = self.world.name, self.namespace
        classic = f"{name}-x-{namespace}-x-{cluster}"
        full = classic if self.world.classic else f"{cluster}-{namespace}-{classic}"
        assert len(full) <= 63, f"{full} would be cut"
        return full

    async def create(self, plural: str, obj: Obj) -> Obj:
        return await self.world.virtual.create(plural, self.namespace, obj)

    async def patch(self, plural: str, name: str, patch: Obj, subresource: str = "") -> Obj:
        return await self.world.virtual.patch(plural, self.namespace, name, patch, subresource)

    async def delete(self, plural: str, name: str, grace_s: int | None = None) -> None:
        await self.world.virtual.delete(plural, self.namespace, name, grace_s)

    async def patch_host(self, plural: str, name: str, patch: Obj, subresource: str = "") -> Obj:
        host = self.host_name(name)
        return await self.world.host.patch(plural, HOST_NAMESPACE, host, patch, subresource)

    async def delete_host(self, plural: str, name: str, grace_s: int | None = None) -> None:
        await self.world.host.delete(plural, HOST_NAMESPACE, self.host_name(name), grace_s)

    async def see(self, plural: str, name: str) -> Obj | None:
        """The virtual object at this moment."""
        return await self.world.virtual.get(plural, self.namespace, name)

    async def see_host(self, plural: str, name: str) -> Obj | None:
        """Its host object at this moment."""
        return await self.world.host.get(plural, HOST_NAMESPACE, self.host_name(name))

    async def virtual(self, plural: str, name: str, where: Condition = _always) -> Obj:
        """The virtual object, once `where` holds for it."""

        async def look() -> Obj | None:
            return _if(where, await self.see(plural, name))

        return await eventually(look) or {}

    async def host(self, plural: str, name: str, where: Condition = _always) -> Obj:
        """Its host object, once there is one for which `where` holds."""

        async def look() -> Obj | None:
            return _if(where, await self.see_host(plural, name))

        return await eventually(look) or {}

    async def virtual_gone(self, plural: str, name: str) -> None:
        async def gone() -> bool:
            return await self.see(plural, name) is None

        await eventually(gone)

    async def host_gone(self, plural: str, name: str, old: Obj | None = None) -> None:
        """Wait until its host object is gone; only `old` itself when that is given."""

        async def gone() -> bool:
            there = await self.see_host(plural, name)
            return there is None or (old is not None and uid(there) != uid(old))

        await eventually(gone)

    async def on_host(self, plural: str) -> list[Obj]:
        """The host objects that were made for this namespace."""
        selector = (
            f"vcluster.loft.sh/managed-by={self.world.name},"
            f"vcluster.loft.sh/namespace={self.namespace}"
        )
        return await self.world.host.list(plural, HOST_NAMESPACE, selector)

    async def running(self, name: str) -> Obj:
        """The virtual pod, once it shows that its host pod runs."""
        return await self.virtual("pods", name, lambda pod: pod["status"]["phase"] == "Running")

    async def warning(self, name: str, reason: str, within_s: float = WITHIN_S) -> Obj:
        """The Warning event with this reason on the virtual object of this name."""

        async def look() -> Obj | None:
            events = await self.world.virtual.list("events", self.namespace)
            about = [e for e in events if e["involvedObject"]["name"] == name]
            found = [e for e in about if (e["type"], e["reason"]) == ("Warning", reason)]
            assert found, f"events on {name}: {[(e['reason'], e['message']) for e in about]}"
            return found[0]

        return await eventually(look, within_s) or {}

    async def service_account(self, name: str = "default") -> None:
        """Real API servers come without the controller that makes `default`."""
        try:
            await self.create("serviceaccounts", {"metadata": {"name": name}})
        except AlreadyExistsError:
            return

    async def settled(self) -> None:
        """Wait until tohost has nothing to do for this namespace."""
        await self.world.settled(f" {self.namespace}/")


async def new_space(world: World, namespace: str = "") -> Space:
    """`namespace` exists already when it is given."""
    if namespace:
        return Space(world, namespace)
    made = f"t{world.number()}"
    await world.virtual.create("namespaces", "", {"metadata": {"name": made}})
    return Space(world, made)


def _if(where: Condition, seen: Obj | None) -> Obj | None:
    if seen is None:
        return None
    assert where(seen), f"not as expected: {seen}"
    return seen
