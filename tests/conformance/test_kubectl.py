"""The real kubectl, when it is on PATH."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conformance.api import Api

pytestmark = pytest.mark.skipif(
    shutil.which("kubectl") is None and os.environ.get("CI") != "true",
    reason="kubectl is not on PATH",
)

MANIFEST: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "settings"},
    "data": {"color": "blue"},
}


class Kubectl:
    """Runs kubectl against the backend, in the test's namespace."""

    def __init__(self, kubeconfig: Path, namespace: str) -> None:
        self._arguments = ["--kubeconfig", str(kubeconfig), "--namespace", namespace]
        self._folder = kubeconfig.parent

    async def __call__(self, *arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(
            "kubectl",
            *self._arguments,
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=os.environ | {"HOME": str(self._folder)},
        )
        output, _ = await process.communicate()
        assert process.returncode == 0, output.decode()
        return output.decode()

    def manifest(self, obj: dict[str, Any]) -> str:
        path = self._folder / "manifest.yaml"
        path.write_text(yaml.safe_dump(obj))
        return str(path)


@pytest.fixture
def kubectl(api: Api, kubeconfig: Path) -> Kubectl:
    return Kubectl(kubeconfig, api.namespace)


async def test_apply_creates_and_then_changes(kubectl: Kubectl) -> None:
    assert "created" in await kubectl("apply", "-f", kubectl.manifest(MANIFEST))
    assert "unchanged" in await kubectl("apply", "-f", kubectl.manifest(MANIFEST))
    changed = MANIFEST | {"data": {"shape": "round"}}
    assert "configured" in await kubectl("apply", "-f", kubectl.manifest(changed))
    shown = yaml.safe_load(await kubectl("get", "configmap", "settings", "-o", "yaml"))
    assert shown["data"] == {"shape": "round"}


async def test_apply_refuses_unknown_fields(kubectl: Kubectl) -> None:
    path = kubectl.manifest(MANIFEST | {"invented": 1})
    with pytest.raises(AssertionError, match='unknown field "invented"'):
        await kubectl("apply", "-f", path)


async def test_server_side_apply_creates_and_changes(kubectl: Kubectl) -> None:
    for color in ("red", "green"):
        path = kubectl.manifest(MANIFEST | {"data": {"color": color}})
        assert "serverside-applied" in await kubectl("apply", "--server-side", "-f", path)
    assert await kubectl("get", "cm/settings", "-o", "jsonpath={.data.color}") == "green"


async def test_get_prints_a_table(kubectl: Kubectl) -> None:
    await kubectl("run", "web", "--image=nginx")
    lines = (await kubectl("get", "pods")).splitlines()
    assert lines[0].split() == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert lines[1].split()[:4] == ["web", "0/1", "Pending", "0"]
    assert "NODE" in await kubectl("get", "pods", "-o", "wide")


async def test_services_are_printed_with_type_and_address(kubectl: Kubectl) -> None:
    await kubectl("create", "service", "clusterip", "web", "--tcp=80")
    header, line = (await kubectl("get", "services")).splitlines()
    assert header.split() == ["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"]
    assert line.split()[1] == "ClusterIP"


async def test_describe_shows_a_pod(kubectl: Kubectl) -> None:
    await kubectl("run", "web", "--image=nginx")
    assert "Status:" in await kubectl("describe", "pod", "web")


async def test_labels_annotations_and_patches_are_written(kubectl: Kubectl) -> None:
    await kubectl("create", "configmap", "a", "--from-literal=k=v")
    await kubectl("label", "configmap", "a", "tier=front")
    await kubectl("annotate", "configmap", "a", "note=hello")
    await kubectl("patch", "configmap", "a", "-p", '{"data":{"k":"w"}}')
    await kubectl("patch", "cm", "a", "--type=json", "-p", '[{"op":"remove","path":"/data/k"}]')
    assert "a" in await kubectl("get", "configmaps", "-l", "tier=front", "-o", "name")


async def test_scale_create_and_replace_work(kubectl: Kubectl) -> None:
    await kubectl("create", "deployment", "web", "--image=nginx")
    assert "scaled" in await kubectl("scale", "deployment", "web", "--replicas=2")
    await kubectl("create", "-f", kubectl.manifest(MANIFEST))
    replaced = MANIFEST | {"data": {"color": "red"}}
    assert "replaced" in await kubectl("replace", "-f", kubectl.manifest(replaced))


async def test_delete_waits_until_the_object_is_gone(kubectl: Kubectl) -> None:
    await kubectl("create", "configmap", "a")
    assert "deleted" in await kubectl("delete", "configmap", "a")
    assert "No resources found" in await kubectl("get", "configmaps")


async def test_access_can_be_asked_about_and_tokens_made(kubectl: Kubectl) -> None:
    assert "yes" in await kubectl("auth", "can-i", "delete", "pods")
    await kubectl("create", "serviceaccount", "builder")
    assert (await kubectl("create", "token", "builder")).count(".") == 2
