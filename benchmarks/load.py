"""What is created, and how fast a plain client creates it."""

import asyncio
import time
from collections.abc import Callable, Iterable

from common.kind import Kind
from common.kinds import REGISTRY
from common.kube import KubeClient
from common.objects import Obj

PODS = REGISTRY["pods"]
CONFIGMAPS = REGISTRY["configmaps"]
AT_ONCE = 32


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
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": "web"}},
        "spec": {"containers": [container], "automountServiceAccountToken": False},
    }


def configmap(name: str, namespace: str) -> Obj:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": "web"}},
        "data": {"settings.yaml": "level: info\n" * 20},
    }


BODIES: dict[str, Callable[[str, str], Obj]] = {"pods": pod, "configmaps": configmap}


async def create_all(
    client: KubeClient, kind: Kind, namespace: str, names: Iterable[str]
) -> dict[str, float]:
    """AT_ONCE at a time; answers when each was there, on the process's clock."""
    slots = asyncio.Semaphore(AT_ONCE)
    created: dict[str, float] = {}

    async def one(name: str) -> None:
        async with slots:
            await client.create(kind, namespace, BODIES[kind.plural](name, namespace))
            created[name] = time.perf_counter()

    await asyncio.gather(*(one(name) for name in names))
    return created


async def delete_all(client: KubeClient, kind: Kind, namespace: str, names: Iterable[str]) -> None:
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(name: str) -> None:
        async with slots:
            await client.delete(kind, namespace, name, grace_s=0)

    await asyncio.gather(*(one(name) for name in names))
