"""Server-side apply of any object, and what tests ask a real API server besides."""

import ssl
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from common.objects import Obj, name_of, namespace_of
from common.rights import plural_of
from sandbox.client import Client

READY_S = 120.0


def namespace(name: str, **labels: str) -> Obj:
    metadata = {"name": name, "labels": labels}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def answers(url: str, authority: Path | None = None) -> bool:
    """Whether it says 200, as one whom `authority` vouches for."""
    context = ssl.create_default_context(cafile=str(authority)) if authority else None
    try:
        with urllib.request.urlopen(url, context=context, timeout=5):
            return True
    except OSError:
        return False


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + READY_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def path_of(obj: Obj) -> str:
    version = obj["apiVersion"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    within = f"/namespaces/{namespace_of(obj)}" if namespace_of(obj) else ""
    return f"{root}{within}/{plural_of(obj['kind'])}/{name_of(obj)}"


async def apply(client: Client, obj: Obj, *, dry_run: bool = False) -> Obj:
    """Strict about unknown fields."""
    query = "?fieldManager=test&force=true&fieldValidation=Strict"
    query += "&dryRun=All" if dry_run else ""
    path = path_of(obj) + query
    return await client.request("PATCH", path, obj, "application/apply-patch+yaml")


async def token_of(client: Client, namespace: str, account: str) -> str:
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    answer = await client.request("POST", path, body)
    return str(answer["status"]["token"])
