"""Which controls a standard has, and what of a pod breaks them."""

from collections.abc import Mapping
from typing import get_args

from common.cluster import PodSecurity
from common.objects import Obj
from common.pod.security import baseline, restricted
from common.pod.security.parts import Control

STANDARDS: tuple[PodSecurity, ...] = get_args(PodSecurity)

_IN_BOTH = (
    baseline.APPARMOR,
    baseline.HOST_NAMESPACES,
    baseline.HOST_PORTS,
    baseline.HANDLER_HOSTS,
    baseline.PRIVILEGED,
    baseline.SELINUX,
    baseline.SYSCTLS,
    baseline.HOST_PROCESS,
)
_CONTROLS: Mapping[PodSecurity, tuple[Control, ...]] = {
    "privileged": (),
    "baseline": (
        *_IN_BOTH,
        baseline.CAPABILITIES,
        baseline.HOST_PATHS,
        baseline.PROC_MOUNT,
        baseline.SECCOMP,
    ),
    "restricted": (
        *_IN_BOTH,
        restricted.PRIVILEGE_ESCALATION,
        restricted.CAPABILITIES,
        restricted.PROC_MOUNT,
        restricted.VOLUMES,
        restricted.NON_ROOT,
        restricted.USER,
        restricted.SECCOMP,
    ),
}


def broken_controls(standard: PodSecurity, pod: Obj) -> dict[str, str]:
    """By the name of each control that the pod breaks: what does so. Of a pod only the
    annotations and the spec matter."""
    found = ((control.name, control.broken(pod)) for control in _CONTROLS[standard])
    return {name: what for name, what in found if what}


def told(standard: PodSecurity, broken: Mapping[str, str]) -> str:
    """One sentence with all of them."""
    parts = ", ".join(f"{name} ({what})" for name, what in broken.items())
    return f'it violates PodSecurity "{standard}": {parts}'


def control_names(standard: PodSecurity) -> list[str]:
    return [control.name for control in _CONTROLS[standard]]
