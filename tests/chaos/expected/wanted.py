"""Which virtual objects must be on the host."""

from __future__ import annotations

from enum import Enum
from typing import Final

from tests.chaos.expected.references import Reference
from tests.chaos.expected.view import View
from tests.chaos.kinds import Served
from tests.chaos.names import PREFIX
from tests.chaos.objects import Obj, at, is_deleting, labels_of, name_of, namespace_of
from tests.chaos.templates.custom import is_poison


class Wanted(Enum):
    """MAYBE: on its way to the host or from there for as long as somebody holds it."""

    YES = "yes"
    NO = "no"
    MAYBE = "maybe"


_SYSTEM: Final = (("default", "kubernetes"), ("kube-system", "kube-dns"))
_CONTROLLERS: Final = "endpointslice.kubernetes.io/managed-by"


def wanted(
    view: View,
    served: Served,
    obj: Obj,
    sure: frozenset[Reference],
    unsure: frozenset[Reference],
) -> Wanted:
    """`sure`, `unsure`: what is referred to, as `references` tells."""
    if served.plural == "namespaces":
        return _namespace(view, obj)
    if not view.is_on(served.option) or stands_in(obj):
        return Wanted.NO
    if is_deleting(obj):
        return Wanted.MAYBE if served.plural == "persistentvolumeclaims" else Wanted.NO
    if served.selective and served.option not in view.tenant.all_of:
        reference = (served.plural, namespace_of(obj), name_of(obj))
        if reference in sure:
            return Wanted.YES
        return Wanted.MAYBE if reference in unsure else Wanted.NO
    match served.plural:
        case "pods":
            return _if(not obj["spec"].get("schedulingGates"))
        case "services":
            return _if((namespace_of(obj), name_of(obj)) not in _SYSTEM)
        case "endpoints":
            return _endpoints(view, namespace_of(obj), name_of(obj))
        case "endpointslices":
            return _slice(view, obj)
        case "serviceaccounts":
            return _if(view.tenant.mappings is None or name_of(obj) != "default")
        case "widgets":
            return Wanted.MAYBE if is_poison(obj) else Wanted.YES
    return Wanted.YES


def _if(there: bool) -> Wanted:
    return Wanted.YES if there else Wanted.NO


def _namespace(view: View, obj: Obj) -> Wanted:
    if view.tenant.mappings is None:
        return Wanted.NO
    return Wanted.MAYBE if is_deleting(obj) else Wanted.YES


def stands_in(obj: Obj) -> bool:
    """Whether it was made in the virtual cluster for a volume of the host."""
    return bool(at(obj, "spec.flexVolume.driver") == f"{PREFIX}stand-in")


def _endpoints(view: View, namespace: str, service: str) -> Wanted:
    """Only those of Services without a selector: for others the host makes its own."""
    found = view.services.get((namespace, service))
    if found is None or (namespace, service) in _SYSTEM:
        return Wanted.NO
    if is_deleting(found):
        return Wanted.MAYBE
    return _if(not found["spec"].get("selector"))


def _slice(view: View, obj: Obj) -> Wanted:
    service = labels_of(obj).get("kubernetes.io/service-name")
    if not service or labels_of(obj).get(_CONTROLLERS):
        return Wanted.NO
    return _endpoints(view, namespace_of(obj), service)
