"""Kubernetes versions of the two sides that are too far apart."""

from collections.abc import Iterator

from tohost.doctor.finding import Finding, ok
from tohost.doctor.patient import Patient

APART = 3
"""So many minor versions a kubelet, the host's, may be behind an API server, the virtual one."""


def check(patient: Patient) -> Iterator[Finding]:
    host = patient.host
    if host is None:
        return
    for name, server in patient.virtual.items():
        yield judge(name, server.version, server.minor, host.version, host.minor)


def judge(name: str, version: str, minor: int, host_version: str, host_minor: int) -> Finding:
    """A newer virtual cluster takes fields which the host drops without a word."""
    told = f"{version or 'unknown'}, and the host {host_version or 'unknown'}"
    if not (minor and host_minor):
        return Finding(name, "version", "skipped", f"its version is {told}")
    ahead = minor - host_minor
    if ahead > APART or ahead < -APART:
        words = f"it is {told}: more than {APART} minor versions apart"
        remedy = f"bring {'the host' if ahead > 0 else 'the virtual cluster'} to a newer version"
        return Finding(name, "version", "problem", words, remedy)
    if ahead > 0:
        words = f"it is {told}: fields that are new in it never reach the host's pods"
        return Finding(name, "version", "warning", words, "bring the host to the same version")
    return ok(name, "version", f"it is {told}")
