"""What happens to an object in its life: who writes it where, and how the other side shows it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from benchmarks.arrivals import GONE, PRESENT
from benchmarks.load import BODIES, CONFIGMAPS, PODS, SERVICES
from common.kind import Kind
from common.kube.client import KubeClient
from common.objects import Obj
from sandbox.pod_status import running_status

NODE = "node-1"
Send = Callable[[KubeClient, Kind, str, str], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Operation:
    """`send` writes one object (client, kind, namespace, name). An operation that goes `up` is
    written on the host and seen in the virtual cluster, else the reverse; it is seen when an event
    of one of `types` shows an object that `fulfils`.
    """

    name: str
    send: Send
    up: bool = False
    fulfils: Callable[[Obj], bool] = lambda _: True
    types: frozenset[str] = PRESENT


async def _create(client: KubeClient, kind: Kind, namespace: str, name: str) -> object:
    return await client.create(kind, namespace, BODIES[kind.plural](name, namespace))


async def _bind(client: KubeClient, kind: Kind, namespace: str, name: str) -> object:
    """As a scheduler does."""
    binding: Obj = {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": name},
        "target": {"apiVersion": "v1", "kind": "Node", "name": NODE},
    }
    return await client.create_sub(kind, namespace, name, "binding", binding)


async def _run(client: KubeClient, kind: Kind, namespace: str, name: str) -> object:
    """As a kubelet does when all containers of the pod have started."""
    pod = BODIES[kind.plural](name, namespace)
    patch: Obj = {"status": running_status(pod, _address(name))}
    return await client.patch(kind, namespace, name, patch, subresource="status")


async def _delete(client: KubeClient, kind: Kind, namespace: str, name: str) -> object:
    return await client.delete(kind, namespace, name, grace_s=0)


def _address(name: str) -> str:
    number = hash(name)
    return f"10.244.{number // 250 % 250}.{number % 250 + 1}"


def _bound(obj: Obj) -> bool:
    return bool(obj["spec"].get("nodeName"))


def _running(obj: Obj) -> bool:
    return bool((obj.get("status") or {}).get("phase") == "Running")


CREATE = Operation("create", _create)
BIND = Operation("bind", _bind, up=True, fulfils=_bound)
STATUS = Operation("status", _run, up=True, fulfils=_running)
DELETE = Operation("delete", _delete, types=GONE)

CROWDED = frozenset({"services"})
"""For an API server an object of these costs the more, the more of them it has."""

LIVES: dict[str, tuple[Operation, ...]] = {
    PODS.plural: (CREATE, BIND, STATUS, DELETE),
    CONFIGMAPS.plural: (CREATE, DELETE),
    SERVICES.plural: (CREATE, DELETE),
}
