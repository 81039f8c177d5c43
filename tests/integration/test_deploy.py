"""What `deploy/` and `compose.yaml` say: files that agree with each other and with the product."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

import tohost
from common.config import load
from common.objects import Obj
from tests.integration.manifests import MANIFESTS, ROOT, documents, named, pod_specs
from tohost.cli import COMMANDS

SHARED = ("watcher", "worker")


def compose() -> Obj:
    content: Obj = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return content


def has_compose() -> bool:
    if shutil.which("docker") is None:
        return False
    command = ["docker", "compose", "version"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_kustomization_lists_every_file() -> None:
    listed = yaml.safe_load((MANIFESTS / "kustomization.yaml").read_text())["resources"]
    there = {path.name for path in MANIFESTS.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(listed) == there


def test_the_config_map_is_a_configuration_that_asks_for_nothing_missing(tmp_path: Path) -> None:
    (tmp_path / "tohost.yaml").write_text(named("ConfigMap", "tohost")["data"]["tohost.yaml"])
    config = load(tmp_path / "tohost.yaml", {})
    assert config.notes == ()
    assert config.health.port == 8080


@pytest.mark.parametrize("name", SHARED)
def test_deployments_and_compose_start_the_same_command_with_the_same_file(name: str) -> None:
    container = named("Deployment", name)["spec"]["template"]["spec"]["containers"][0]
    assert name in COMMANDS
    assert container["command"] == ["tohost"]
    assert container["args"] == [name, "--config", "/etc/tohost/tohost.yaml"]
    assert compose()["services"][name]["command"] == container["args"]


def test_the_image_starts_the_command_that_compose_leaves_out() -> None:
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    assert 'ENTRYPOINT ["tohost"]' in dockerfile
    assert "USER 65532" in dockerfile


def test_the_image_holds_every_package() -> None:
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    ignored = (ROOT / ".dockerignore").read_text()
    for package in ("common", "watchers", "workers", "sandbox", "tohost"):
        assert f"COPY {package} {package}\n" in dockerfile
        assert f"\n!{package}\n" in ignored


@pytest.mark.parametrize(("name", "spec"), pod_specs(), ids=lambda value: str(value)[:12])
def test_pods_are_confined(name: str, spec: Obj) -> None:
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in spec["containers"]:
        assert container["securityContext"]["readOnlyRootFilesystem"], name
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert not container["securityContext"]["allowPrivilegeEscalation"]
        assert container["resources"]["requests"]
        assert container["resources"]["limits"]["memory"]
        assert container["readinessProbe"]
        assert container["livenessProbe"]


def test_redis_keeps_what_it_was_given_in_both_forms() -> None:
    stateful = named("StatefulSet", "redis")["spec"]["template"]["spec"]["containers"][0]
    for words in (stateful["args"], compose()["services"]["redis"]["command"]):
        assert " ".join(words).count("--appendonly yes") == 1
        assert " ".join(words).count("--maxmemory-policy noeviction") == 1


def test_the_dashboard_asks_for_a_password_or_stays_on_this_machine() -> None:
    container = named("Deployment", "dashboard")["spec"]["template"]["spec"]["containers"][0]
    assert {"RQ_DASHBOARD_USERNAME", "RQ_DASHBOARD_PASSWORD"} <= {
        e["name"] for e in container["env"]
    }
    assert compose()["services"]["dashboard"]["ports"] == ["127.0.0.1:9181:9181"]


def test_workers_can_be_scaled_in_compose() -> None:
    worker = compose()["services"]["worker"]
    assert "ports" not in worker
    assert "container_name" not in worker


def test_every_file_tells_the_same_version() -> None:
    version = tohost.__version__
    kustomized = yaml.safe_load((MANIFESTS / "kustomization.yaml").read_text())["images"]
    assert kustomized == [{"name": "tohost", "newTag": version}]
    assert f"image.version={version} " in (ROOT / "deploy" / "Dockerfile").read_text()
    assert compose()["services"]["worker"]["image"] == f"tohost:{version}"
    assert f"\n## {version}\n" in (ROOT / "docs" / "changelog.md").read_text()


def test_the_image_is_built_with_the_uv_of_the_set_up() -> None:
    setup = (ROOT / ".ci" / "setup").read_text()
    [version] = [line for line in setup.splitlines() if line.startswith("UV_VERSION=")]
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    assert f"uv=={version.removeprefix('UV_VERSION=')}\n" in dockerfile


def test_compose_is_well_formed() -> None:
    if has_compose():
        command = ["docker", "compose", "-f", str(ROOT / "compose.yaml"), "config", "--format"]
        done = subprocess.run([*command, "json"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        content = json.loads(done.stdout)
    else:
        content = compose()
    always = {name for name, service in content["services"].items() if "profiles" not in service}
    assert always == {"redis", "watcher", "worker", "dashboard"}
    for service in content["services"].values():
        assert_service(service, content)


def assert_service(service: Obj, content: Obj) -> None:
    assert {"image", "command"} <= set(service)
    assert all(isinstance(word, str) for word in service["command"])
    depends: dict[str, Any] = service.get("depends_on") or {}
    for name, needs in depends.items():
        if needs["condition"] == "service_healthy":
            assert "healthcheck" in content["services"][name]
        else:  # it ends, and is there only in the demo
            assert needs == {"condition": "service_completed_successfully", "required": False}


def test_every_document_says_where_it_belongs() -> None:
    cluster_wide = {"Namespace", "ClusterRole", "ClusterRoleBinding"}
    for obj in documents():
        has_namespace = "namespace" in obj["metadata"]
        assert has_namespace != (obj["kind"] in cluster_wide), obj["metadata"]["name"]
