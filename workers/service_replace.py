"""Give a virtual Service the cluster IPs of its host Service.

An address is immutable while a Service has one, but the API lets a Service that becomes an
ExternalName give it up, and one that stops being an ExternalName name its own. So the Service
moves in two patches and is never deleted: uid, owners and finalizers stay, nothing can be lost.
Between the two the annotation MOVING holds the spec to come; whoever meets it ends the move.
A dry-run create tells beforehand whether the virtual API server would take the address, unless
others of the same range were just taken; one that lies in an added ServiceCIDR it refuses all the
same, so there the move itself is the proof. A move that can't end gives the Service an address of
the virtual cluster again.
"""

from hashlib import sha256
from ipaddress import ip_address

import orjson

from common.actions import EmitEvent, ReplaceService
from common.errors import AlreadyExistsError, ApiError, NotFoundError, RetryError
from common.metadata import MANAGED_BY
from common.naming import host_namespace
from common.objects import Obj, annotations, meta, name_of, namespace_of, uid
from common.service import HOST_CLUSTER_IP, MOVING, skip_service, with_node_ports
from workers.events import emit
from workers.leaked_address import free_leaked
from workers.service_ranges import SERVICE_CIDRS
from workers.session import Session
from workers.work import Work

NOWHERE = "moving.tohost.invalid"
SETTLE_S = 30.0
RETRY_S = 0.2
ADDED_S = 0.3
_GIVEN_UP = ("type", "clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "ports")
# What no API server takes from an ExternalName: where it's missing somebody took it away.
_KEPT = ("selector", "externalIPs")
_CHOSEN = ("clusterIP", "healthCheckNodePort")
_TAKEN = "already allocated"
_OUT_OF_RANGE = ("not in the valid range", "does not match the current range")


async def replace(session: Session, work: Work, action: ReplaceService, now_s: float) -> None:
    """Begin the move and end it. Raises RetryError while the address isn't free yet, and HeldError
    while others come first."""
    with session.moves.turn(work.key.member):
        await _replace(session, work, action, now_s)


async def _replace(session: Session, work: Work, action: ReplaceService, now_s: float) -> None:
    spec: Obj = action.body["spec"]
    if not session.service_ranges.are_proven(_addresses(spec)):
        await session.service_ranges.ask(session.host)
        refusal = await _refusal(session, action.body)
        if refusal is not None and not await _overcome(refusal, session, spec):
            await _refuse(session, work, spec["clusterIP"], str(refusal), now_s)
            return
    begun = await session.virtual.patch(
        work.kind,
        work.key.namespace,
        work.key.name,
        {
            "metadata": {"annotations": {MOVING: _encode(now_s, spec), HOST_CLUSTER_IP: None}},
            "spec": {
                "type": "ExternalName",
                "externalName": NOWHERE,
                "clusterIP": None,
                "clusterIPs": None,
            },
        },
        uid=action.uid,
        resource_version=action.resource_version,
    )
    work.saw("virtual", begun)
    await finish(session, work, now_s)


async def finish(session: Session, work: Work, now_s: float) -> None:
    """End a move that someone began. Raises RetryError while another Service has the address that
    must move away itself."""
    virtual = work.virtual or {}
    began_s, spec = _noted(virtual) or (now_s, {})
    try:
        moved = await _patch_back(session, work, virtual, spec)
    except ApiError as error:
        session.service_ranges.doubt()
        if now_s - began_s < SETTLE_S and not await _is_final(error, session, work, spec):
            raise RetryError(str(error), RETRY_S) from error
        await _patch_back(session, work, virtual, _anywhere(spec))
        await _refuse(session, work, spec["clusterIP"], str(error), now_s)
    else:
        session.service_ranges.prove(_addresses(moved["spec"]))
        work.saw("virtual", moved)
        work.plan_again = True


async def _is_final(error: ApiError, session: Session, work: Work, spec: Obj) -> bool:
    """Whether the move can't end with that address. Raises RetryError."""
    address = spec["clusterIP"]
    if _TAKEN in str(error) and not await free_leaked(session.virtual, work.virtual or {}, address):
        return not await _will_be_free(error, session, address)
    return _out_of_range(error) and not await _extend_range(session)


def _addresses(spec: Obj) -> list[str]:
    return list(spec.get("clusterIPs") or [spec["clusterIP"]])


def _encode(now_s: float, spec: Obj) -> str:
    return orjson.dumps([now_s, spec]).decode()


def is_moving(work: Work) -> bool:
    """Whether a Service says that it moves, in a way that we could have written: anyone in the
    virtual cluster can annotate anything."""
    virtual = work.virtual
    return work.kind.plural == "services" and virtual is not None and _noted(virtual) is not None


def _noted(virtual: Obj) -> tuple[float, Obj] | None:
    """When the move began, and the spec to come."""
    try:
        began_s, spec = orjson.loads(annotations(virtual)[MOVING])
        ip_address(spec["clusterIP"])
        return float(began_s), dict(spec)
    except (KeyError, TypeError, ValueError):
        return None


def _anywhere(spec: Obj) -> Obj:
    """The spec with nothing in it that another Service may have: the server chooses again."""
    kept = {key: value for key, value in spec.items() if not key.startswith(_CHOSEN)}
    ports = [
        {key: value for key, value in port.items() if key != "nodePort"}
        for port in spec.get("ports") or ()
    ]
    return {**kept, "ports": ports}


async def _patch_back(session: Session, work: Work, virtual: Obj, spec: Obj) -> Obj:
    """What the Service kept as an ExternalName stays, as someone may have changed it meanwhile."""
    live: Obj = virtual.get("spec") or {}
    lost = {key for key in spec if key not in live and key not in _KEPT}
    spec = {key: value for key, value in spec.items() if key in _GIVEN_UP or key in lost}
    if live.get("ports") and "ports" in spec:
        spec["ports"] = with_node_ports(live["ports"], spec["ports"])
    try:
        return await session.virtual.patch(
            work.kind,
            namespace_of(virtual),
            name_of(virtual),
            {"metadata": {"annotations": {MOVING: None}}, "spec": {"externalName": None, **spec}},
            uid=uid(virtual),
            resource_version=str(meta(virtual).get("resourceVersion") or ""),
        )
    except NotFoundError as error:
        raise RetryError(str(error)) from error


async def _refusal(session: Session, body: Obj) -> ApiError | None:
    """Why the virtual API server would not take the address; None when it would."""
    namespace, name = namespace_of(body), name_of(body)
    digest = sha256(f"{namespace}/{name}".encode()).hexdigest()[:16]
    spec = {key: body["spec"][key] for key in ("clusterIP", "clusterIPs", "ports")}
    spec["ports"] = [
        {key: value for key, value in port.items() if key != "nodePort"} for port in spec["ports"]
    ]
    probe = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": f"tohost-{digest}", "namespace": namespace},
        "spec": spec,
    }
    path = f"/api/v1/namespaces/{namespace}/services"
    try:
        await session.virtual.request("POST", path, body=probe, params={"dryRun": "All"})
    except ApiError as error:
        return error
    return None


async def _overcome(refusal: ApiError, session: Session, spec: Obj) -> bool:
    """Whether the move has a chance in spite of what the dry run said."""
    if await _will_be_free(refusal, session, spec["clusterIP"]):
        return True
    return _out_of_range(refusal) and await _extend_range(session)


def _out_of_range(error: ApiError) -> bool:
    return any(words in str(error) for words in _OUT_OF_RANGE)


async def _will_be_free(refusal: ApiError, session: Session, address: str) -> bool:
    """The address is taken by a Service that must move away itself: the host gave it to ours."""
    if _TAKEN not in str(refusal):
        return False
    params = {"fieldSelector": f"spec.clusterIP={address}"}
    page = await session.virtual.list_page("/api/v1/services", params)
    return not any(
        (service.get("spec") or {}).get("clusterIP") == address and _stays(session, service)
        for service in page.items
    )


def _stays(session: Session, service: Obj) -> bool:
    namespace = namespace_of(service)
    if skip_service(namespace, name_of(service)) or not host_namespace(session.cluster, namespace):
        return True
    return HOST_CLUSTER_IP in annotations(service)


async def _extend_range(session: Session) -> bool:
    """Whether the virtual cluster has the host's service range now, added by us if need be.

    False when the host doesn't tell its range, or the virtual cluster can't be given one.
    Raises RetryError when it was just added: allocators take a moment to see it.
    """
    await session.service_ranges.ask(session.host)
    cidrs = list(session.service_ranges.cidrs)
    if not cidrs:
        return False
    digest = sha256(" ".join(cidrs).encode()).hexdigest()[:10]
    body = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "ServiceCIDR",
        "metadata": {"name": f"tohost-{digest}", "labels": {MANAGED_BY: session.cluster.name}},
        "spec": {"cidrs": cidrs},
    }
    try:
        await session.virtual.request("POST", SERVICE_CIDRS, body=body)
    except AlreadyExistsError:
        return True
    except ApiError:
        return False
    raise RetryError(f"the host's service range {', '.join(cidrs)} was just added", ADDED_S)


async def _refuse(session: Session, work: Work, address: str, why: str, now_s: float) -> None:
    """Leave the Service at its own address, and say where the host's one can be reached."""
    message = f"the virtual cluster can't take the host's service address {address}: {why}"
    await emit(session.virtual, work, EmitEvent("Warning", "ClusterIPRefused", message), now_s)
    patched = await session.virtual.patch(
        work.kind,
        work.key.namespace,
        work.key.name,
        {"metadata": {"annotations": {HOST_CLUSTER_IP: address}}},
        uid=uid(work.virtual or {}),
    )
    work.saw("virtual", patched)
    work.plan_again = True
