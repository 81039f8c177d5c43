"""The invariants of one virtual cluster, from what was seen of it and of the host.

Every virtual object that should be on the host is there, equal to its translation, once; nothing is
there beside; statuses agree; nothing waits for ever to go. Pure, and without a line of the product.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.chaos.expected.bodies import body_differs
from tests.chaos.expected.metadata import metadata_differs
from tests.chaos.expected.places import host_places
from tests.chaos.expected.references import references
from tests.chaos.expected.view import Found, View
from tests.chaos.expected.wanted import Wanted, wanted
from tests.chaos.kinds import EVERY, Served
from tests.chaos.names import PREFIX, managed_by, token_secret_name
from tests.chaos.objects import (
    Obj,
    is_deleting,
    labels_of,
    name_of,
    namespace_of,
    notes_of,
    place_of,
)
from tests.chaos.standins import check_stand_ins
from tests.chaos.upward import upward_differs
from tests.chaos.violation import Violation

HOLD = "example.com/hold"
_PROTECTION = "kubernetes.io/pvc-protection"


def check_tenant(view: View) -> list[Violation]:
    """Everything that is wrong, in the order of the kinds."""
    found: list[Violation] = []
    sure, unsure = references(view)
    for served in EVERY.values():
        pairs = _Pairs(view, served)
        for virtual in view.virtual.get(served.plural, ()):
            due = wanted(view, served, virtual, sure, unsure)
            found += _check_one(view, served, virtual, pairs.take(virtual), due)
            found += _stuck(view, served, virtual)
        found += pairs.left()
    found += check_stand_ins(view)
    return found


class _Pairs:
    """The host objects of one kind that bear the virtual cluster's label, to be matched."""

    def __init__(self, view: View, served: Served) -> None:
        self._view, self._served = view, served
        self._by_place: dict[tuple[str, str], Obj] = {}
        label = managed_by(view.tenant, served.namespaced)
        for obj in view.host.get(served.plural, ()):
            if labels_of(obj).get(f"{PREFIX}managed-by") == label:
                self._by_place[namespace_of(obj), name_of(obj)] = obj

    def take(self, virtual: Obj) -> list[Obj]:
        """Those in the places of this virtual object that are about it."""
        tenant, found = self._view.tenant, []
        where = host_places(tenant, self._served, namespace_of(virtual), name_of(virtual))
        for place in where:
            host = self._by_place.get(place)
            if host is not None and (len(where) == 1 or _is_about(host, virtual)):
                found.append(self._by_place.pop(place))
        return found

    def left(self) -> Iterator[Violation]:
        """What nothing virtual accounts for."""
        for host in self._by_place.values():
            if not self._is_token_secret(host) and not _is_held(host, self._view.host):
                told = f"nothing virtual wants {place_of(host)}"
                yield self._violation(host, told)

    def _violation(self, host: Obj, told: str) -> Violation:
        notes = notes_of(host)
        place = f"{notes.get(f'{PREFIX}namespace', '')}/{notes.get(f'{PREFIX}name', '?')}"
        about = f"{self._served.plural} {place.removeprefix('/')}"
        return Violation("orphan", self._view.tenant.name, about, told, {"host": host})

    def _is_token_secret(self, host: Obj) -> bool:
        """The Secret with a living pod's tokens. Dead pods' are the garbage collector's, which real
        API servers don't have."""
        owners = host["metadata"].get("ownerReferences") or ()
        if self._served.plural != "secrets" or not any(each["kind"] == "Pod" for each in owners):
            return False
        return self._view.real or name_of(host) in self._token_secrets()

    def _token_secrets(self) -> set[str]:
        pods = self._view.virtual.get("pods", ())
        return {token_secret_name(self._view.tenant, namespace_of(p), name_of(p)) for p in pods}


def _is_about(host: Obj, virtual: Obj) -> bool:
    notes = notes_of(host)
    named = notes.get(f"{PREFIX}namespace", ""), notes.get(f"{PREFIX}name")
    return named == (namespace_of(virtual), name_of(virtual))


def _check_one(
    view: View, served: Served, virtual: Obj, hosts: list[Obj], due: Wanted
) -> Iterator[Violation]:
    cluster, about = view.tenant.name, f"{served.plural} {place_of(virtual)}"
    evidence = {"virtual": virtual, **{f"host {n}": each for n, each in enumerate(hosts)}}
    if due is Wanted.NO:
        for host in hosts:
            told = f"{place_of(host)} should not be on the host"
            yield Violation("orphan", cluster, about, told, evidence)
    elif due is Wanted.YES and not hosts:
        yield Violation("missing", cluster, about, "it is not on the host", evidence)
    if len(hosts) > 1:
        yield Violation("doubled", cluster, about, "it is on the host twice", evidence)
    for host in hosts if due is Wanted.YES else ():
        if _is_held(host, view.host):
            continue
        if is_deleting(host):
            told = f"{place_of(host)} is going"
            yield Violation("stuck deletion", cluster, about, told, evidence)
            continue
        down = list(metadata_differs(view, served, virtual, host))
        down += body_differs(view, served.plural, virtual, host)
        if down:
            yield Violation("differs", cluster, about, "; ".join(down), evidence)
        if up := list(upward_differs(served.plural, virtual, host)):
            yield Violation("status differs", cluster, about, "; ".join(up), evidence)


def _stuck(view: View, served: Served, virtual: Obj) -> Iterator[Violation]:
    """It was deleted, and nobody but the storm holds it."""
    if not is_deleting(virtual) or served.plural == "namespaces":
        return
    finalizers = set(virtual["metadata"].get("finalizers") or ())
    if HOLD not in finalizers and not _is_held(virtual, view.virtual):
        about, evidence = f"{served.plural} {place_of(virtual)}", {"virtual": virtual}
        told = f"it waits for {sorted(finalizers) or 'nothing'} to go"
        yield Violation("stuck deletion", view.tenant.name, about, told, evidence)


def _is_held(claim: Obj, beside: Found) -> bool:
    """Whether it goes once the pods have gone that use it there: so Kubernetes protects data."""
    finalizers = claim["metadata"].get("finalizers") or ()
    if not is_deleting(claim) or _PROTECTION not in finalizers:
        return False
    return any(
        (volume.get("persistentVolumeClaim") or {}).get("claimName") == name_of(claim)
        for pod in beside.get("pods", ())
        if namespace_of(pod) == namespace_of(claim)
        for volume in pod["spec"].get("volumes") or ()
    )
