"""The profile `demo` of compose.yaml: two k3s servers, and what leads tohost to them."""

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from common.config import load
from common.objects import Obj
from sandbox.client import Client
from sandbox.kubeconfig import read_access
from sandbox.run import sandbox
from tests.controllers import OFF
from tests.integration.manifests import ROOT
from tests.pages import section

DEMO = ROOT / "deploy" / "demo"


def services() -> Obj:
    content: Obj = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    return content


def test_the_demo_needs_no_file_of_ones_own() -> None:
    volumes = services()["worker"]["volumes"]
    assert volumes == services()["watcher"]["volumes"]
    assert "${TOHOST_DIR:-./deploy/demo}:/etc/tohost:ro" in volumes
    assert "kubeconfigs:/kubeconfigs:ro" in volumes


def test_its_configuration_leads_to_the_kubeconfigs_that_are_written() -> None:
    config = load(DEMO / "tohost.yaml", {})
    [virtual] = config.virtual_clusters
    [script] = services()["kubeconfigs"]["command"]
    assert config.host.kubeconfig == "/kubeconfigs/host.kubeconfig"
    assert virtual.kubeconfig == "/kubeconfigs/virtual.kubeconfig"
    assert f"create namespace {virtual.host_namespace}" in script
    assert config.notes == ()


def test_the_page_is_shown_to_who_reaches_the_port_and_that_is_this_machine_alone() -> None:
    watcher = services()["watcher"]
    config = load(DEMO / "tohost.yaml", watcher["environment"])
    assert config.health.page == "everyone"
    assert config.redis.url == "redis://redis:6379/0"
    assert watcher["ports"] == [f"127.0.0.1:8080-8089:{config.health.port}"]


@pytest.mark.skipif(
    shutil.which("kubectl") is None and os.environ.get("CI") != "true",
    reason="kubectl is not on PATH",
)
async def test_the_kubeconfigs_name_the_servers_as_others_reach_them(tmp_path: Path) -> None:
    async with sandbox(tmp_path / "servers", kubelet=False) as running:
        for name in ("virtual", "host"):
            as_k3s_writes_it(tmp_path / "from" / name / "k3s.yaml")
            url = getattr(running, name).url
            (tmp_path / "from" / name / "url").write_text(url)
        (tmp_path / "kubeconfigs").mkdir()
        await run_twice(tmp_path)
        for name in ("virtual", "host"):
            file = tmp_path / "kubeconfigs" / f"{name}.kubeconfig"
            assert read_access(file).url == getattr(running, name).url
            assert file.stat().st_mode & 0o044 == 0o044
        async with Client(read_access(running.host_kubeconfig)) as host:
            assert await host.request("GET", "/api/v1/namespaces/vc-my-vcluster")


def as_k3s_writes_it(path: Path) -> None:
    path.parent.mkdir(parents=True)
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "default", "cluster": {"server": "https://127.0.0.1:6443"}}],
        "users": [{"name": "default", "user": {"token": "admintoken"}}],
        "contexts": [{"name": "default", "context": {"cluster": "default", "user": "default"}}],
        "current-context": "default",
    }
    path.write_text(yaml.safe_dump(content))


async def run_twice(folder: Path) -> None:
    """As after `up`, and after a second one. The sandbox's servers stand in for those of k3s."""
    [script] = services()["kubeconfigs"]["command"]
    script = script.replace("$$", "$")
    assert "https://$name:6443" in script
    script = script.replace("https://$name:6443", f"$(cat {folder}/from/$name/url)")
    script = script.replace("/from/", f"{folder}/from/", 1)
    script = script.replace("/kubeconfigs/", f"{folder}/kubeconfigs/")
    for _ in range(2):
        await asyncio.to_thread(
            subprocess.run,
            ["/bin/sh", "-ec", script],
            env={**os.environ, "HOME": str(folder)},
            check=True,
            capture_output=True,
            timeout=60,
        )


def test_the_virtual_server_runs_nothing_that_would_take_stand_ins_for_dead() -> None:
    virtual = services()["virtual"]
    [controllers] = [each for each in virtual["command"] if "controllers=" in each]
    off = set(controllers.partition("controllers=*,")[2].split(","))
    assert off == {f"-{name}" for name in OFF.split()}
    assert {"--disable-agent", "--disable-scheduler"} <= set(virtual["command"])
    assert "privileged" not in virtual


def test_both_servers_are_in_the_profile_and_keep_their_data_together_with_redis() -> None:
    for name in ("virtual", "host"):
        service = services()[name]
        assert service["profiles"] == ["demo"]
        assert f"--tls-san={name}" in service["command"]
        assert f"{name}-data:/var/lib/rancher/k3s" in service["volumes"]
        assert service["image"] == services()["kubeconfigs"]["image"]


def test_the_quick_start_tells_the_demos_commands() -> None:
    page = section("quick-start", "Real clusters with Docker Compose")
    assert "docker compose --profile demo up" in page
    for line in (each for each in page.splitlines() if each.startswith("docker compose exec ")):
        assert line.split()[3] in services()
