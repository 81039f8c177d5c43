"""Endpoints, of Services without a selector."""

from collections.abc import Iterable

from common.context import Context, Ref
from common.endpoint import skip_endpoints, translate_target, wait_for_host
from common.kind import Doc, Kind
from common.naming import host_name
from common.objects import Obj, name_of, namespace_of

_ADDRESS_LISTS = ("addresses", "notReadyAddresses")


def _translate(virtual: Obj, context: Context) -> Obj:
    if not virtual.get("subsets"):
        return {}
    own = namespace_of(virtual)
    return {"subsets": [_translate_subset(subset, own, context) for subset in virtual["subsets"]]}


def _translate_subset(subset: Obj, own: str, context: Context) -> Obj:
    result = dict(subset)
    for key in _ADDRESS_LISTS:
        if subset.get(key):
            result[key] = [translate_target(address, own, context) for address in subset[key]]
    return result


def _skip(virtual: Obj, context: Context) -> str:
    namespace, name = namespace_of(virtual), name_of(virtual)
    there = context.related.host_service
    if there is not None and name_of(there) != host_name(context.cluster, namespace, name):
        return "another object bears its Service's host name"
    return skip_endpoints(namespace, name, context)


def _references(virtual: Obj) -> Iterable[Ref]:
    return (Ref("services", namespace_of(virtual), name_of(virtual), wakes="referrer"),)


KIND = Kind(
    plural="endpoints",
    kind="Endpoints",
    option="endpoints",
    default=True,
    translate=_translate,
    owned=("subsets",),
    skip=_skip,
    wait=wait_for_host,
    references=_references,
    needs=frozenset({"service"}),
    doc=Doc(
        down="addresses and ports, of Services without a selector",
        translated="the pods that addresses name",
    ),
)
