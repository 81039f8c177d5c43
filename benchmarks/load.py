"""What is created, and how fast a plain client writes it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable

from common.kind import Kind
from common.kinds import REGISTRY
from common.kube.client import KubeClient
from common.objects import Obj

PODS = REGISTRY["pods"]
CONFIGMAPS = REGISTRY["configmaps"]
SERVICES = REGISTRY["services"]
AT_ONCE = 32
LABELS = {"app": "web"}
Write = Callable[[str], Awaitable[object]]


def pod(name: str, namespace: str) -> Obj:
    container = {
        "name": "web",
        "image": "nginx:1.27",
        "ports": [{"containerPort": 80}],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
        "env": [{"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": LABELS},
        "spec": {"containers": [container], "automountServiceAccountToken": False},
    }


def configmap(name: str, namespace: str) -> Obj:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, "labels": LABELS},
        "data": {"settings.yaml": "level: info\n" * 20},
    }


def service(name: str, namespace: str) -> Obj:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace, "labels": LABELS},
        "spec": {"selector": LABELS, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]},
    }


BODIES: dict[str, Callable[[str, str], Obj]] = {
    "pods": pod,
    "configmaps": configmap,
    "services": service,
}


async def at_once(names: Iterable[str], write: Write) -> dict[str, float]:
    """Write all, AT_ONCE at a time; when each was answered, on the process's clock."""
    waiting = iter(names)
    answered: dict[str, float] = {}

    async def writer() -> None:
        for name in waiting:
            await write(name)
            answered[name] = time.perf_counter()

    await asyncio.gather(*(writer() for _ in range(AT_ONCE)))
    return answered


async def paced(names: Iterable[str], write: Write, per_s: float) -> dict[str, float]:
    """One each 1/per_s seconds, whether or not the one before was answered; as `at_once`."""
    answered: dict[str, float] = {}

    async def one(name: str) -> None:
        await write(name)
        answered[name] = time.perf_counter()

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number, name in enumerate(names):
            await asyncio.sleep(began + number / per_s - time.perf_counter())
            group.create_task(one(name))
    return answered


async def create_all(
    client: KubeClient, kind: Kind, namespace: str, names: Iterable[str]
) -> dict[str, float]:
    """AT_ONCE at a time; answers when each was there, on the process's clock."""
    body = BODIES[kind.plural]
    return await at_once(names, lambda name: client.create(kind, namespace, body(name, namespace)))
