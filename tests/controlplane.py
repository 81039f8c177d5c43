"""Real control planes: etcd and kube-apiservers from the folder KUBEBUILDER_ASSETS, usually two.

Nothing but the API servers runs: no scheduler, no kubelet, no controllers.
"""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sandbox.kubeconfig import TOKEN, write_kubeconfig
from sandbox.ports import free_port

CIDRS: Final = {"virtual": "10.96.0.0/16", "host": "10.97.0.0/16"}
ETCD_URL: Final = "etcd.url"
"""The file, beside the kubeconfigs, with the address of the etcd behind them."""
_READY_TIMEOUT_S: Final = 90.0
_POLL_S: Final = 0.2
_STOP_TIMEOUT_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class ControlPlanes:
    """Both servers answer with any right to the token in these kubeconfigs."""

    virtual_kubeconfig: Path
    host_kubeconfig: Path


def assets() -> Path | None:
    """The folder with the binaries, or None when tests have to do without real ones."""
    folder = os.environ.get("KUBEBUILDER_ASSETS")
    return Path(folder) if folder else None


@contextmanager
def control_planes(directory: Path) -> Iterator[ControlPlanes]:
    """Runs both until the block ends; raises RuntimeError with the end of a log when one fails."""
    with api_servers(directory, CIDRS) as files:
        yield ControlPlanes(files["virtual"], files["host"])


@contextmanager
def api_servers(directory: Path, cidrs: Mapping[str, str]) -> Iterator[dict[str, Path]]:
    """Runs one for each name, with its range of service addresses; answers their kubeconfigs. The
    servers share an etcd and nothing else."""
    folder = assets()
    if folder is None:
        raise RuntimeError("KUBEBUILDER_ASSETS names no folder with kube-apiserver in it")
    directory.mkdir(parents=True, exist_ok=True)
    _write_keys(directory)
    with ExitStack() as stack:
        etcd_url = stack.enter_context(_etcd(folder, directory))
        ports = {name: free_port() for name in cidrs}
        for name, port in ports.items():
            command = _api_server(folder, directory, name, port, etcd_url, cidrs[name])
            stack.enter_context(process(command, directory / f"{name}.log"))
        files = {
            name: write_kubeconfig(directory / f"{name}.kubeconfig", f"https://127.0.0.1:{port}")
            for name, port in ports.items()
        }
        for name, port in ports.items():
            _wait_until_ready(f"https://127.0.0.1:{port}/readyz", directory / f"{name}.log")
        yield files


def _write_keys(directory: Path) -> None:
    """The key that signs service account tokens, and the file of static tokens."""
    key, public = directory / "sa.key", directory / "sa.pub"
    for command in (
        ["openssl", "genrsa", "-out", str(key), "2048"],
        ["openssl", "rsa", "-in", str(key), "-pubout", "-out", str(public)],
    ):
        subprocess.run(command, check=True, capture_output=True)
    (directory / "tokens.csv").write_text(f"{TOKEN},admin,admin,system:masters\n")


@contextmanager
def _etcd(folder: Path, directory: Path) -> Iterator[str]:
    binary = folder / "etcd" if (folder / "etcd").exists() else shutil.which("etcd")
    if binary is None:
        raise RuntimeError(f"no etcd in {folder} and none on PATH")
    client, peer = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    command = [str(binary), f"--data-dir={directory}/etcd-data", "--unsafe-no-fsync"]
    command += [f"--listen-client-urls={client}", f"--advertise-client-urls={client}"]
    command += [f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}"]
    command += [f"--initial-cluster=default={peer}"]
    (directory / ETCD_URL).write_text(client)
    with process(command, directory / "etcd.log"):
        yield client


def _api_server(
    folder: Path, directory: Path, name: str, port: int, etcd_url: str, cidr: str
) -> list[str]:
    return [
        str(folder / "kube-apiserver"),
        f"--etcd-servers={etcd_url}",
        f"--etcd-prefix=/{name}",
        f"--secure-port={port}",
        "--bind-address=127.0.0.1",
        f"--cert-dir={directory}/{name}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={directory}/sa.pub",
        f"--service-account-signing-key-file={directory}/sa.key",
        f"--service-cluster-ip-range={cidr}",
        f"--token-auth-file={directory}/tokens.csv",
        "--authorization-mode=RBAC",
        "--allow-privileged=true",
        "--disable-admission-plugins=ServiceAccount",
        "--max-requests-inflight=2000",
        "--max-mutating-requests-inflight=2000",
    ]


@contextmanager
def process(command: list[str], log: Path) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(url: str, log: Path) -> None:
    trusting = ssl._create_unverified_context()
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {TOKEN}"})
    deadline = time.monotonic() + _READY_TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(request, context=trusting, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(_POLL_S)
    end = "\n".join(log.read_text(errors="replace").splitlines()[-10:])
    raise RuntimeError(f"{url} did not become ready in {_READY_TIMEOUT_S:.0f} s:\n{end}")
