"""What stands in the virtual cluster for things of the host: nodes, and volumes of its claims."""

from __future__ import annotations

from collections.abc import Iterator

from tests.chaos.expected.view import View
from tests.chaos.expected.wanted import stands_in
from tests.chaos.names import PREFIX
from tests.chaos.objects import at, is_deleting, labels_of, name_of
from tests.chaos.violation import Violation


def check_stand_ins(view: View) -> Iterator[Violation]:
    yield from _nodes(view)
    yield from _volumes(view)


def _nodes(view: View) -> Iterator[Violation]:
    """One for each node that a pod runs on, and no other of ours."""
    cluster = view.tenant.name
    needed = {at(pod, "spec.nodeName") for pod in view.virtual.get("pods", ())} - {None, ""}
    there = {name_of(node): node for node in view.virtual.get("nodes", ())}
    for name in sorted(needed - there.keys()):
        yield Violation("stand-in", cluster, f"nodes {name}", "pods run on it; it is missing")
    for name, node in there.items():
        if name not in needed and labels_of(node).get(f"{PREFIX}managed-by") == cluster:
            yield Violation("stand-in", cluster, f"nodes {name}", "no pod runs on it")


def _volumes(view: View) -> Iterator[Violation]:
    """One for each volume that a claim is bound to, and no other of ours but for those that the
    host's claims still have."""
    cluster = view.tenant.name
    claims = view.virtual.get("persistentvolumeclaims", ())
    needed = {at(claim, "spec.volumeName") for claim in claims if not is_deleting(claim)}
    of_host = view.host.get("persistentvolumeclaims", ())
    kept = {at(claim, "spec.volumeName") for claim in (*claims, *of_host)}
    there = {name_of(volume): volume for volume in view.virtual.get("persistentvolumes", ())}
    for name in sorted(needed - there.keys() - {None, ""}):
        told = "a claim is bound to it; it is missing"
        yield Violation("stand-in", cluster, f"persistentvolumes {name}", told)
    for name, volume in there.items():
        if stands_in(volume) and name not in kept:
            told = "no claim is bound to it"
            evidence = {"virtual": volume}
            yield Violation("stand-in", cluster, f"persistentvolumes {name}", told, evidence)
