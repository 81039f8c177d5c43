"""A pod as an API server leaves it that is interrupted between the two steps of a deletion."""

import asyncio
import base64
import json
import urllib.request

from common.objects import Obj
from tests.backends import Backend
from tests.controlplane import ETCD_URL
from tests.e2e.api import Api


async def leave_half_deleted(backend: Backend, virtual: Api, namespace: str, name: str) -> None:
    """A virtual pod. What no request can do is done in the sandbox's storage, or in etcd."""
    pod = await virtual.get("pods", namespace, name)
    assert pod
    now = pod["metadata"]["creationTimestamp"]
    pod["metadata"] |= {"deletionTimestamp": now, "deletionGracePeriodSeconds": 0}
    if backend.sandbox:
        backend.sandbox.virtual.storage.put("pods", pod)
    else:
        await asyncio.to_thread(_store, backend, f"/virtual/pods/{namespace}/{name}", pod)


def _store(backend: Backend, key: str, obj: Obj) -> None:
    """API servers read what is stored as JSON, too, and know the version from etcd."""
    del obj["metadata"]["resourceVersion"]
    stored = {"key": key.encode(), "value": json.dumps(obj).encode()}
    body = {field: base64.b64encode(each).decode() for field, each in stored.items()}
    url = (backend.virtual_kubeconfig.parent / ETCD_URL).read_text() + "/v3/kv/put"
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode())) as answer:
        assert answer.status == 200
