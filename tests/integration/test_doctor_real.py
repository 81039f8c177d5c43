"""`tohost doctor` beside real authorization: what it says to apply is what was missing.

Needs kube-apiserver in the folder KUBEBUILDER_ASSETS.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import orjson
import pytest
import yaml

from common.config import load
from common.errors import AlreadyExistsError
from common.kube.client import MERGE_PATCH, KubeClient
from common.objects import Obj, name_of, namespace_of
from sandbox.kubeconfig import read_access, write_kubeconfig
from sandbox.redis import RedisServer
from tests.backends import real_backend
from tests.controlplane import assets
from tests.integration.pipeline import Pipeline, open_pipeline
from tests.integration.test_status import Said
from tohost import rbac
from tohost.cli import main
from tohost.documents import parse_documents

pytestmark = pytest.mark.skipif(assets() is None, reason="KUBEBUILDER_ASSETS is not set")

NAMESPACE, ACCOUNT = "sync", "tohost-worker"


@pytest.fixture
async def it(tmp_path: Path, redis_server: RedisServer) -> AsyncIterator[Pipeline]:
    """Led to the host as a worker's account that lacks one verb, and one that all may use."""
    async with open_pipeline(tmp_path, redis_server, real_backend) as it:
        it.switch()
        await it.host.request("POST", "/api/v1/namespaces", body={"metadata": {"name": NAMESPACE}})
        file = tmp_path / "worker.kubeconfig"
        url = read_access(it.made.host_kubeconfig).url
        write_kubeconfig(file, url, token=await token(it.host))
        roles = list(rbac.host_objects(load(it.config), NAMESPACE))
        await apply(it.host, [without_patching_pods(each) for each in roles])
        it.content["host"]["kubeconfig"] = str(file)
        it.config.write_text(yaml.safe_dump(it.content))
        yield it


async def token(client: KubeClient) -> str:
    path = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts"
    await client.request("POST", path, body={"metadata": {"name": ACCOUNT}})
    body = {"spec": {"expirationSeconds": 3600}}
    answer = await client.request("POST", f"{path}/{ACCOUNT}/token", body=body)
    return str(answer["status"]["token"])


def without_patching_pods(role: Obj) -> Obj:
    if "rules" not in role or name_of(role) != ACCOUNT:
        return role
    rules = []
    for rule in role["rules"]:
        others = [each for each in rule["resources"] if each != "pods"]
        rules += [{**rule, "resources": others}] if others else []
        if "pods" in rule["resources"]:
            verbs = [verb for verb in rule["verbs"] if verb != "patch"]
            rules.append({**rule, "resources": ["pods"], "verbs": verbs})
    return {**role, "rules": rules}


async def apply(client: KubeClient, objects: Iterable[Obj]) -> None:
    """As kubectl would."""
    for each in objects:
        within = f"/namespaces/{namespace_of(each)}" if namespace_of(each) else ""
        path = f"/apis/rbac.authorization.k8s.io/v1{within}/{each['kind'].lower()}s"
        try:
            await client.request("POST", path, body=each)
        except AlreadyExistsError:
            own = f"{path}/{name_of(each)}"
            await client.request("PATCH", own, body=each, content_type=MERGE_PATCH)


async def doctor(it: Pipeline, said: Said, *arguments: str) -> str:
    said.readouterr()
    await asyncio.to_thread(main, ["doctor", "--config", str(it.config), *arguments])
    return said.readouterr().out


async def rights(it: Pipeline, said: Said) -> Obj:
    """The finding about the host's."""
    told = orjson.loads(await doctor(it, said, "-o", "json"))
    [found] = [
        each for each in told["checks"] if (each["check"], each["where"]) == ("rights", "host")
    ]
    return dict(found)


async def test_a_missing_verb_is_found_and_given_by_the_manifest(
    it: Pipeline, capsys: Said
) -> None:
    told = await rights(it, capsys)
    account = f"system:serviceaccount:{NAMESPACE}:{ACCOUNT}"
    assert told["message"] == f"{account} may not patch pods in namespace h"
    manifests = await doctor(it, capsys, "--manifests", "host")
    await apply(it.host, parse_documents(manifests, "doctor"))
    assert (await rights(it, capsys))["result"] == "ok"
