"""What an API server was asked for, to tell whether anything was written."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

import aiohttp

from benchmarks.fleet.place import HOST, Place
from common.kube.client import KubeClient
from sandbox.kubeconfig import Access, read_access

_WRITING: Final = ("POST", "PUT", "PATCH", "APPLY", "DELETE", "DELETECOLLECTION")
_OWN: Final = ("leases", "flowschemas", "prioritylevelconfigurations")
"""A kube-apiserver keeps writing these by itself."""
_SAMPLE: Final = re.compile(r"^apiserver_request_total\{(.*)\} (\S+)$", re.MULTILINE)
_LABEL: Final = re.compile(r'(\w+)="([^"]*)"')


async def host_requests(ground: Place) -> Counter[str]:
    """All so far: `reads` by verb, `writes` as one. Of the sandbox only writes are known, by the
    version that each of them makes."""
    if not ground.real:
        return Counter(writes=await version(ground.host))
    counted: Counter[str] = Counter()
    for labels, count in _samples(await _metrics(read_access(ground.files[HOST]))):
        if labels["verb"] not in _WRITING:
            counted[labels["verb"]] += count
        elif labels["resource"] not in _OWN and not labels.get("dry_run"):
            counted["writes"] += count
    return counted


async def virtual_writes(ground: Place) -> int:
    """So far, in all virtual clusters, each of which is a sandbox."""
    return sum([await version(client) for client in ground.virtual.values()])


async def version(client: KubeClient) -> int:
    """The sandbox's newest resourceVersion, of which each write makes one more."""
    return int((await client.list_page("/api/v1/namespaces", {"limit": "1"})).resource_version)


async def _metrics(access: Access) -> str:
    headers = {"Authorization": f"Bearer {access.token}"}
    connector = aiohttp.TCPConnector(ssl=access.verify)
    async with (
        aiohttp.ClientSession(access.url, headers=headers, connector=connector) as session,
        session.get("/metrics") as response,
    ):
        return await response.text()


def _samples(page: str) -> Iterator[tuple[Mapping[str, str], int]]:
    for labels, count in _SAMPLE.findall(page):
        yield dict(_LABEL.findall(labels)), int(float(count))
