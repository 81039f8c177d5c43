"""The quick start's commands, as a reader would copy them, on sandbox API servers."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from common.objects import name_of
from tests.integration.charts import render
from tests.pages import commands

TIMEOUT_S = 120.0
REDIS_PORT, HEALTH_PORT = "6390", "8090"
_BEGIN = "set -eu; trap 'kill $(jobs -p) 2>/dev/null || true' EXIT; cd try"


def free_ports(count: int) -> int:
    """The first of so many ports in a row that nobody has."""
    for first in range(20_000, 30_000, 50):
        try:
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise AssertionError("no ports are free")


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("kubectl") is None and os.environ.get("CI") != "true",
    reason="kubectl is not on PATH",
)
def test_a_pod_of_ones_own_is_synced_by_the_commands_of_the_page(tmp_path: Path) -> None:
    setup, *steps = commands("quick-start", "A pod of your own")
    assert "make setup" in setup
    first = free_ports(4)
    script = "\n".join([_BEGIN, *steps]).replace(REDIS_PORT, str(first))
    script = script.replace(HEALTH_PORT, str(first + 1))
    (tmp_path / "try").mkdir()
    code, output = run(script, tmp_path)
    logs = "".join(path.read_text() for path in (tmp_path / "try").glob("*.log"))
    assert code == 0, output + logs
    assert "my-vcluster-default-web-x-default-x-my-vcluster" in output
    assert "my-vcluster pods default/web: in sync" in output
    assert output.rstrip().endswith("No resources found in vc-my-vcluster namespace.")


def test_the_helm_steps_name_what_the_chart_makes() -> None:
    script = "\n".join(commands("quick-start", "On kind or k3d"))
    [install] = [line for line in script.splitlines() if line.startswith("helm install")]
    assert install.startswith("helm install tohost deploy/chart -n tohost --create-namespace")
    made = render({"name": "my-vcluster"}, release="tohost")
    for kind, prefix in (("Deployment", "deployment/"), ("Service", "service/")):
        told = set(re.findall(rf"{prefix}([a-z-]+)", script))
        assert told
        assert told <= {name_of(obj) for obj in made.of(kind)}
    assert "tohost-my-vcluster-admin" in {name_of(obj) for obj in made.of("Secret")}
    assert "-n vc-my-vcluster" in script
    assert "vc-my-vcluster" in {name_of(obj) for obj in made.of("Namespace")}
    assert yaml.safe_load(made.config())["virtualClusters"][0]["name"] == "my-vcluster"


def run(script: str, folder: Path) -> tuple[int, str]:
    """Exit code and all output. What the script leaves running ends with it."""
    tohost = folder / "bin" / "tohost"
    tohost.parent.mkdir()
    root = Path(__file__).parents[2]
    tohost.write_text(f'#!/bin/sh\nPYTHONPATH="{root}" exec "{sys.executable}" -m tohost "$@"\n')
    tohost.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TOHOST_")}
    environ = {**kept, "PATH": f"{tohost.parent}:{os.environ['PATH']}", "HOME": str(folder)}
    shell = subprocess.Popen(
        ["bash", "-c", script],
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = shell.communicate(timeout=TIMEOUT_S)
        return shell.returncode, output
    except subprocess.TimeoutExpired:
        os.killpg(shell.pid, signal.SIGTERM)
        output, _ = shell.communicate()
        return -1, output
