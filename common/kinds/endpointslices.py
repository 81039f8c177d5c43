"""EndpointSlices that no Kubernetes controller made, of Services without a selector."""

from collections.abc import Iterable

from common.context import Context, Ref
from common.endpoint import skip_endpoints, translate_target, wait_for_host
from common.kind import Doc, Kind
from common.naming import host_name
from common.objects import Obj, labels, name_of, namespace_of

SERVICE_NAME = "kubernetes.io/service-name"
_MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
_CONTROLLERS = ("endpointslice-controller.k8s.io", "endpointslicemirroring-controller.k8s.io")


def _translate(virtual: Obj, context: Context) -> Obj:
    own = namespace_of(virtual)
    endpoints = [translate_target(each, own, context) for each in virtual.get("endpoints") or ()]
    result: Obj = {"addressType": virtual.get("addressType"), "endpoints": endpoints}
    if virtual.get("ports"):
        result["ports"] = virtual["ports"]
    return result


def _decorate(
    virtual: Obj, context: Context, host_labels: dict[str, str], _notes: dict[str, str]
) -> None:
    if service := host_labels.get(SERVICE_NAME):
        there = context.related.host_service
        host_labels[SERVICE_NAME] = (
            name_of(there) if there else host_name(context.cluster, namespace_of(virtual), service)
        )


def _skip(virtual: Obj, context: Context) -> str:
    if labels(virtual).get(_MANAGED_BY) in _CONTROLLERS:
        return "a Kubernetes controller made it, and the host's makes its own"
    service = labels(virtual).get(SERVICE_NAME)
    if not service:
        return f"it has no label {SERVICE_NAME}"
    return skip_endpoints(namespace_of(virtual), service, context)


def _references(virtual: Obj) -> Iterable[Ref]:
    service = labels(virtual).get(SERVICE_NAME)
    if not service:
        return ()
    return (Ref("services", namespace_of(virtual), service, wakes="referrer"),)


KIND = Kind(
    plural="endpointslices",
    kind="EndpointSlice",
    group="discovery.k8s.io",
    option="endpointSlices",
    default=True,
    translate=_translate,
    decorate=_decorate,
    owned=("endpoints", "ports"),
    skip=_skip,
    unseen_labels=((_MANAGED_BY, _CONTROLLERS),),
    wait=wait_for_host,
    references=_references,
    needs=frozenset({"service"}),
    doc=Doc(
        down=(
            "address type, endpoints and ports, of Services without a selector, unless a"
            " Kubernetes controller made the slice"
        ),
        translated="`kubernetes.io/service-name`, and the pods that endpoints name",
    ),
)
