"""Services: ports and selector go down; the addresses that the host gives come up."""

from collections.abc import Iterator
from dataclasses import replace

from common.actions import Action, Patch, RemoveEndpoints, ReplaceService, RequeueAfter
from common.context import Context, Ref
from common.external_name import named_service, translate_external_name
from common.following import wait_for
from common.kind import Doc, Kind, in_any_case
from common.metadata import SENT, own_labels
from common.naming import label_key, may_be_shared
from common.objects import (
    Obj,
    annotations,
    get_path,
    merge_diff,
    meta,
    name_of,
    namespace_of,
    uid,
)
from common.service import (
    HOST_CLUSTER_IP,
    STALE_ENDPOINTS,
    has_selector,
    skip_service,
    with_node_ports,
)

# The external IPs that were last sent down: others on the host are the host's own.
_SENT_EXTERNAL_IPS = f"{SENT}external-ips"

# How soon to look again for the host name of the Service that an external name means.
_AGAIN_S = 5.0

_HOST_CHOOSES = ("clusterIP", "clusterIPs", "ipFamilies", "healthCheckNodePort")
_KEPT_EQUAL = (
    "type",
    "selector",
    "externalName",
    "sessionAffinity",
    "sessionAffinityConfig",
    "internalTrafficPolicy",
    "externalTrafficPolicy",
    "publishNotReadyAddresses",
    "loadBalancerClass",
    "loadBalancerIP",
    "loadBalancerSourceRanges",
    "allocateLoadBalancerNodePorts",
    "trafficDistribution",
)
# Of these, what is taken away from the host when the virtual Service lacks it: no defaults, and
# nothing that can't be unset.
_REMOVED = frozenset(_KEPT_EQUAL) - {
    "type",
    "sessionAffinity",
    "internalTrafficPolicy",
    "loadBalancerClass",
    "allocateLoadBalancerNodePorts",
}


def _translate(virtual: Obj, context: Context) -> Obj:
    own: Obj = virtual.get("spec") or {}
    spec = {key: value for key, value in own.items() if key not in _HOST_CHOOSES}
    if own.get("type") == "ExternalName":
        spec.pop("internalTrafficPolicy", None)  # API servers drop it, and now and then show it
    if own.get("clusterIP") == "None":
        spec |= {key: own[key] for key in ("clusterIP", "clusterIPs") if key in own}
    if own.get("ports"):
        spec["ports"] = _without_node_ports(own["ports"])
    if selector := own.get("selector"):
        spec["selector"] = _selector(virtual, selector, context)
    if name := own.get("externalName"):
        spec["externalName"] = translate_external_name(name, context)
    return {"spec": spec}


def _decorate(
    virtual: Obj, _context: Context, _labels: dict[str, str], notes: dict[str, str]
) -> None:
    if addresses := get_path(virtual, "spec.externalIPs"):
        notes[_SENT_EXTERNAL_IPS] = ",".join(addresses)


def _selector(virtual: Obj, selector: Obj, context: Context) -> Obj:
    renamed = {label_key(context.cluster, key): value for key, value in selector.items()}
    return renamed | own_labels(context.cluster, namespace_of(virtual))


def _patch_down(virtual: Obj, translated: Obj, host: Obj, _context: Context) -> Obj:
    desired: Obj = translated["spec"]
    current: Obj = host.get("spec") or {}
    spec = _fields_down(desired, current)
    notes: Obj = {}
    if _headless(virtual) is not _headless(host) and not _external(virtual, host):
        spec["clusterIP"] = desired.get("clusterIP")
    if _external_ips_changed(virtual, host):
        addresses = desired.get("externalIPs") or []
        spec["externalIPs"] = addresses or None
        notes[_SENT_EXTERNAL_IPS] = ",".join(addresses) or None
    if has_selector(host) and not has_selector(virtual):
        notes[STALE_ENDPOINTS] = "true"
    patch: Obj = {"spec": spec} if spec else {}
    if notes:
        patch["metadata"] = {"annotations": notes}
    return patch


def _fields_down(desired: Obj, current: Obj) -> Obj:
    spec: Obj = {}
    for key in _KEPT_EQUAL:
        wanted, found = desired.get(key), current.get(key)
        if wanted == found or not (wanted or found):
            continue
        if wanted is not None:
            spec[key] = merge_diff(found, wanted)
        elif key in _REMOVED:
            spec[key] = None
    wanted_ports, found_ports = desired.get("ports") or [], current.get("ports") or []
    if wanted_ports != _without_node_ports(found_ports):
        spec["ports"] = with_node_ports(wanted_ports, found_ports)
    return spec


def _recreate(patch: Obj, _host: Obj) -> bool:
    """Headless or not can't be changed; it only comes with an adopted predecessor, and there is
    no address to keep then."""
    return "clusterIP" in (patch.get("spec") or {})


def _headless(service: Obj) -> bool:
    return bool(get_path(service, "spec.clusterIP") == "None")


def _external(*services: Obj) -> bool:
    return any(get_path(service, "spec.type") == "ExternalName" for service in services)


def _before_patch(virtual: Obj, host: Obj, _context: Context) -> list[Action]:
    """When a selector comes or has gone, what the other side made for it goes first."""
    gained = has_selector(virtual) and not has_selector(host)
    lost = STALE_ENDPOINTS in annotations(host) and not has_selector(host)
    return [RemoveEndpoints(namespace_of(host), name_of(host))] if gained or lost else []


def _up(virtual: Obj, host: Obj, context: Context) -> list[Action]:
    told = _told(virtual, host)
    reason = wait_for(_named(virtual), context)
    return [*told, RequeueAfter(_AGAIN_S, reason)] if reason else told


def _told(virtual: Obj, host: Obj) -> list[Action]:
    """Replacing the virtual Service carries everything but its status; else small patches."""
    if _must_replace(virtual, host):
        version = str(meta(virtual).get("resourceVersion") or "")
        return [ReplaceService(_replacement(virtual, host), uid(virtual), version)]
    actions: list[Action] = []
    spec = _spec_up(virtual, host)
    if spec:
        actions.append(_patch_up(virtual, {"spec": spec}))
    found = get_path(host, "status.loadBalancer") or {}
    current = get_path(virtual, "status.loadBalancer") or {}
    if balancer := merge_diff(current, found):
        actions.append(_patch_up(virtual, {"status": {"loadBalancer": balancer}}, "status"))
    return actions


def _patch_up(virtual: Obj, patch: Obj, subresource: str = "") -> Patch:
    version = "" if subresource else str(meta(virtual).get("resourceVersion") or "")
    name, namespace = name_of(virtual), namespace_of(virtual)
    return Patch("virtual", namespace, name, patch, uid(virtual), version, subresource)


def _must_replace(virtual: Obj, host: Obj) -> bool:
    """Whether the virtual Service shows other addresses than the host's, and could show them."""
    own, found = virtual.get("spec") or {}, host.get("spec") or {}
    address = found.get("clusterIP")
    if own.get("type") == "ExternalName" or address in (None, "", "None"):
        return False
    if own.get("clusterIP") == "None" or annotations(virtual).get(HOST_CLUSTER_IP) == address:
        return False
    if _addresses(own) != _shown(own, found):
        return True
    checks = own.get("healthCheckNodePort"), found.get("healthCheckNodePort")
    return all(checks) and checks[0] != checks[1]


def _addresses(spec: Obj) -> list[str]:
    return list(spec.get("clusterIPs") or [spec.get("clusterIP") or ""])


def _shown(own: Obj, found: Obj) -> list[str]:
    """The host's addresses, no more than the virtual API server has families for."""
    return _addresses(found)[: max(1, len(_addresses(own)))]


def _replacement(virtual: Obj, host: Obj) -> Obj:
    own, found = virtual.get("spec") or {}, host.get("spec") or {}
    addresses = _shown(own, found)
    spec = {**own, **_spec_up(virtual, host)}
    spec |= {"clusterIP": addresses[0], "clusterIPs": addresses}
    if families := (found.get("ipFamilies") or [])[: len(addresses)]:
        spec["ipFamilies"] = families
    if len(addresses) == 1:
        spec["ipFamilyPolicy"] = "SingleStack"
    if found.get("healthCheckNodePort") and own.get("healthCheckNodePort"):
        spec["healthCheckNodePort"] = found["healthCheckNodePort"]
    notes = {key: note for key, note in annotations(virtual).items() if key != HOST_CLUSTER_IP}
    kept = ("name", "namespace", "labels", "ownerReferences", "finalizers")
    metadata = {key: meta(virtual)[key] for key in kept if meta(virtual).get(key)}
    if notes:
        metadata["annotations"] = notes
    spec = {key: value for key, value in spec.items() if value is not None}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def _spec_up(virtual: Obj, host: Obj) -> Obj:
    """Node ports, and external IPs that the host assigned."""
    own, found = virtual.get("spec") or {}, host.get("spec") or {}
    spec: Obj = {}
    ports = own.get("ports") or []
    if own.get("type") in ("NodePort", "LoadBalancer"):
        told = with_node_ports(ports, found.get("ports") or [])
        if told != ports:
            spec["ports"] = told
    assigned = found.get("externalIPs") or []
    if assigned != (own.get("externalIPs") or []) and not _external_ips_changed(virtual, host):
        spec["externalIPs"] = assigned or None
    return spec


def _external_ips_changed(virtual: Obj, host: Obj) -> bool:
    """Whether the user changed the external IPs since they were last sent down."""
    wanted: list[str] = get_path(virtual, "spec.externalIPs") or []
    sent = annotations(host).get(_SENT_EXTERNAL_IPS) or ""
    return wanted != (get_path(host, "spec.externalIPs") or []) and ",".join(wanted) != sent


def _without_node_ports(ports: list[Obj]) -> list[Obj]:
    return [{key: port[key] for key in port if key != "nodePort"} for port in ports]


def _skip(virtual: Obj, _context: Context) -> str:
    return skip_service(namespace_of(virtual), name_of(virtual))


def _named(virtual: Obj) -> Iterator[Ref]:
    """The Service that its external name means."""
    if ref := named_service(get_path(virtual, "spec.externalName") or ""):
        yield ref


def _references(virtual: Obj) -> Iterator[Ref]:
    """Where host names may be shared, whoever gets another one."""
    for ref in _named(virtual):
        if may_be_shared(ref.namespace, ref.name):
            yield replace(ref, wakes="referrer")


KIND = Kind(
    plural="services",
    kind="Service",
    option="services",
    default=True,
    translate=_translate,
    decorate=_decorate,
    patch_down=_patch_down,
    before_patch=_before_patch,
    recreate=_recreate,
    up=_up,
    skip=_skip,
    references=_references,
    named=_named,
    names_later=in_any_case,
    adopt=True,
    virtual_access=(
        "services: create patch",
        "services/status: patch",
        "servicecidrs.networking.k8s.io: create",
        "ipaddresses.networking.k8s.io: get delete",
    ),
    host_access=(
        "endpoints: get delete",
        "endpointslices.discovery.k8s.io: deletecollection",
        "servicecidrs.networking.k8s.io kubernetes: get",
    ),
    doc=Doc(
        down=(
            "type, ports, selector, external name, session affinity, traffic policies,"
            " load balancer settings, external IPs"
        ),
        up="cluster IPs, node ports, load balancer status, external IPs that the host assigned",
        translated=(
            "the selector, confined to the namespace's own pods; external names of the form"
            " `service.namespace.svc...`, whatever domain follows"
        ),
    ),
)
