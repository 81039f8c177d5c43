"""The command line as people use it: processes, files and pipes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest
import yaml

from common.objects import Obj
from sandbox.client import Client, Refused
from sandbox.kubeconfig import read_access
from sandbox.run import sandbox

ROOT = Path(__file__).parents[2]
CONFIG = """
redis: {url: redis://127.0.0.1:1/0}
host: {kubeconfig: nowhere}
virtualClusters:
- name: my-vcluster
  hostNamespace: vc-my-vcluster
  kubeconfig: nowhere
  networking: {apiServiceIP: 10.96.0.1, dnsServiceIP: 10.96.0.10}
  sync: {fromHost: {nodes: {enabled: true}}}
"""
POD = """
apiVersion: v1
kind: Pod
metadata: {name: my-pod, namespace: default}
spec: {containers: [{name: c, image: nginx, envFrom: [{configMapRef: {name: settings}}]}]}
"""
SETTINGS = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: default}\n"
INGRESS = (
    "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: site, namespace: default}\n"
)
HOST_POD = "my-vcluster-default-my-pod-x-default-x-my-vcluster"


def environment() -> dict[str, str]:
    """Without settings of whoever runs the tests."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TOHOST_")}


def tohost(folder: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    (folder / "tohost.yaml").write_text(CONFIG)
    return subprocess.run(
        [sys.executable, "-m", "tohost", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**environment(), "PYTHONPATH": str(ROOT)},
    )


def test_translate_needs_no_cluster_no_redis_and_no_kubeconfig(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(f"{POD}---\n{SETTINGS}---\n{INGRESS}")
    done = tohost(tmp_path, "translate", "-f", "all.yaml", "--config", "tohost.yaml")
    assert done.returncode == 0
    pod, settings = yaml.safe_load_all(done.stdout)
    assert (pod["kind"], pod["metadata"]["name"]) == ("Pod", HOST_POD)
    assert settings["metadata"]["namespace"] == "vc-my-vcluster"
    assert done.stderr.splitlines() == [
        "note: my-vcluster: sync.fromHost.nodes: not yet supported, ignored",
        "not synced: Ingress default/site: sync.toHost.ingresses.enabled is false",
    ]


def test_translate_reads_standard_input_and_prints_one_json_list(tmp_path: Path) -> None:
    done = tohost(tmp_path, "translate", "-f", "-", "-o", "json", stdin=POD)
    content = orjson.loads(done.stdout)
    assert (content["apiVersion"], content["kind"]) == ("v1", "List")
    assert [item["metadata"]["name"] for item in content["items"]] == [HOST_POD]


def test_related_objects_decide_but_are_not_printed(tmp_path: Path) -> None:
    (tmp_path / "settings.yaml").write_text(SETTINGS)
    (tmp_path / "pod.yaml").write_text(POD)
    alone = tohost(tmp_path, "translate", "-f", "settings.yaml")
    assert alone.stdout == ""
    assert "not synced: ConfigMap default/settings: " in alone.stderr
    related = tohost(tmp_path, "translate", "-f", "settings.yaml", "--related", "pod.yaml")
    assert [obj["kind"] for obj in yaml.safe_load_all(related.stdout)] == ["ConfigMap"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-f", "missing.yaml"], "missing.yaml: can't be read: No such file or directory\n"),
        (
            ["-f", "-", "--virtual-cluster", "other"],
            '--virtual-cluster: there is no virtual cluster "other"; write one of: my-vcluster\n',
        ),
        (["-f", "-", "--config", "nowhere.yaml"], "nowhere.yaml: no such file; write at least"),
        (["-f", "-", "-o", "xml"], "usage: tohost translate"),
        ([], "usage: tohost translate"),
    ],
)
def test_wrong_usage_of_translate_is_exit_code_2(
    tmp_path: Path, arguments: list[str], message: str
) -> None:
    done = tohost(tmp_path, "translate", *arguments, stdin=POD)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(message)


def test_output_cut_short_by_a_reader_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "tohost.yaml").write_text(CONFIG)
    many = "---".join(POD.replace("my-pod", f"pod-{n}") for n in range(300))
    (tmp_path / "pods.yaml").write_text(many)
    command = f"{sys.executable} -m tohost translate -f pods.yaml | head -1"
    done = subprocess.run(
        command,
        shell=True,
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={**environment(), "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout == "---\n"
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


@pytest.mark.parametrize("command", ["run", "watcher", "worker"])
def test_an_unreadable_kubeconfig_is_exit_code_2(tmp_path: Path, command: str) -> None:
    done = tohost(tmp_path, command, "--config", "tohost.yaml")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"tohost.yaml: {place}.kubeconfig: nowhere: no such file; write a kubeconfig there"
        for place in ("host", "virtualClusters[0]")
    ]


@contextmanager
def running(*command: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A tohost process that is surely gone at the end."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tohost", *command],
            stdout=output,
            stderr=output,
            cwd=ROOT,
            env=environment(),
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(20)


def children(pid: int) -> dict[int, str]:
    """Command lines of all processes below one."""
    listed = subprocess.run(
        ["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 2) for line in listed.stdout.splitlines()]
    found: dict[int, str] = {}
    parents = {pid}
    while parents:
        below = {int(row[0]): row[2] for row in rows if int(row[1]) in parents}
        found |= below
        parents = set(below)
    return found


def alive(pids: dict[int, str]) -> list[str]:
    return [command for pid, command in pids.items() if Path(f"/proc/{pid}/cmdline").exists()]


async def appears(client: Client, path: str, timeout_s: float = 30) -> Obj:
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            return await client.request("GET", path)
        except Refused:
            assert time.monotonic() < deadline, f"{path} did not appear"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
async def test_run_needs_no_redis_replaces_the_dead_and_stops_cleanly(tmp_path: Path) -> None:
    async with sandbox(tmp_path, kubelet=False) as box:
        (tmp_path / "tohost.yaml").write_text(
            "host: {kubeconfig: host.kubeconfig}\nvirtualClusters:\n"
            "- {name: v, hostNamespace: default, kubeconfig: virtual.kubeconfig}\n"
        )
        log = tmp_path / "run.log"
        arguments = ("run", "--config", str(tmp_path / "tohost.yaml"), "--workers", "1")
        async with (
            Client(read_access(box.virtual_kubeconfig)) as virtual,
            Client(read_access(box.host_kubeconfig)) as host,
        ):
            with running(*arguments, log=log) as process:
                for name in ("first", "second"):
                    body = yaml.safe_load(POD) | {"metadata": {"name": name}}
                    await virtual.request("POST", "/api/v1/namespaces/default/pods", body)
                    place = f"v-default-{name}-x-default-x-v"
                    await appears(host, f"/api/v1/namespaces/default/pods/{place}")
                    below = children(process.pid)
                    worker = next(pid for pid, line in below.items() if "-m workers" in line)
                    os.kill(worker, signal.SIGKILL)
                below = children(process.pid)
                assert any("redis-server" in line for line in below.values())
                process.terminate()
                assert process.wait(15) == 0
                assert alive(below) == []
        assert "worker-0 ended (killed by signal 9); starting it again" in log.read_text()
