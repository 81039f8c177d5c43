"""The controllers and the scheduler of real clusters, from the folder KUBEBUILDER_ASSETS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from sandbox.ports import free_port
from tests.controlplane import assets, process

NAMES: Final = ("kube-controller-manager", "kube-scheduler")
# Nodes and volumes have stand-ins, which these would take for dead or unbound.
OFF: Final = (
    "node-ipam-controller node-lifecycle-controller persistentvolume-attach-detach-controller"
    " persistentvolume-binder-controller persistentvolume-expander-controller"
    " cloud-node-lifecycle-controller ttl-controller taint-eviction-controller"
)


def missing() -> list[str]:
    """The programs that the folder lacks; all of them without a folder."""
    folder = assets()
    return [name for name in NAMES if folder is None or not (folder / name).exists()]


@contextmanager
def controllers(directory: Path, virtual: Path, host: Path) -> Iterator[None]:
    """A controller manager for each cluster and the host's scheduler, until the block ends. The
    arguments are the kubeconfigs, and the folder that has their keys."""
    off = ",".join(f"-{name}" for name in OFF.split())
    with ExitStack() as stack:
        for kubeconfig in (virtual, host):
            arguments = [f"--controllers=*,{off}"]
            arguments.append(f"--service-account-private-key-file={directory}/sa.key")
            stack.enter_context(_started("kube-controller-manager", kubeconfig, arguments))
        stack.enter_context(_started("kube-scheduler", host, []))
        yield


@contextmanager
def _started(name: str, kubeconfig: Path, arguments: list[str]) -> Iterator[None]:
    folder = assets()
    assert folder is not None, "KUBEBUILDER_ASSETS names no folder"
    log = kubeconfig.with_name(f"{name}-{kubeconfig.stem}.log")
    command = [str(folder / name), f"--kubeconfig={kubeconfig}", "--leader-elect=false"]
    command += ["--bind-address=127.0.0.1", f"--secure-port={free_port()}"]
    command += [f"--cert-dir={kubeconfig.parent}/{name}-{kubeconfig.stem}", *arguments]
    with process(command, log):
        yield
