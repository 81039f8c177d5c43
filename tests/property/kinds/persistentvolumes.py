"""PersistentVolumes that tenants made, with claims, sources and policies; copies of stand-ins."""

from typing import Any

from hypothesis import strategies as st

from common.metadata import NAME, NAMESPACE, UID
from common.objects import Obj
from tests.property.strategies import NAMESPACE as NAMESPACES
from tests.property.strategies import REFERENCE, Strategy, merged, metadata, optional

_HOST_CLAIM = {"namespace": "h", "name": "host-claim", "uid": "host-claim-1"}
_CLAIM = optional(
    kind=st.just("PersistentVolumeClaim"),
    namespace=NAMESPACES,
    name=REFERENCE | st.just("a-x-b"),
    uid=st.sampled_from(["claim-1", "claim-2"]),
    resourceVersion=st.just("7"),
)
_SECRET = optional(name=REFERENCE, namespace=NAMESPACES)
_SOURCE: Strategy[Obj] = st.one_of(
    st.fixed_dictionaries(
        {"csi": optional(driver=st.just("d"), nodeStageSecretRef=_SECRET, fsType=st.just("ext4"))}
    ),
    st.fixed_dictionaries({"azureFile": optional(secretName=REFERENCE, secretNamespace=REFERENCE)}),
    st.just({"flexVolume": {"driver": "vcluster.loft.sh/stand-in"}}),
    st.just({"nfs": {"server": "10.0.0.1", "path": "/"}}),
)
_CAPACITY = optional(storage=st.sampled_from(["1Gi", "1024Mi", "3Gi", "nonsense"]))
_SPEC = merged(
    _SOURCE,
    optional(
        accessModes=st.just(["ReadWriteOnce"]),
        capacity=_CAPACITY,
        claimRef=_CLAIM,
        mountOptions=st.lists(st.sampled_from(["ro", "discard"]), max_size=2),
        nodeAffinity=st.sampled_from([{"required": {"a": 1}}, {"required": {"a": 2}}]),
        persistentVolumeReclaimPolicy=st.sampled_from(["Retain", "Delete", "Recycle"]),
        storageClassName=st.sampled_from(["", "fast"]),
        volumeAttributesClassName=st.sampled_from(["gold", "silver"]),
    ),
)
OBJECTS = st.fixed_dictionaries({"metadata": metadata(namespaced=False), "spec": _SPEC})
STATUSES = merged(
    st.fixed_dictionaries({"phase": st.sampled_from(["Available", "Bound", "Released", "Failed"])}),
    optional(message=st.just("m"), lastPhaseTransitionTime=st.just("2026-01-01T00:00:00Z")),
)


def _host_claim(volume: str) -> Obj:
    notes = {NAME: "web-0", NAMESPACE: "default", UID: "claim-1"}
    metadata = {**_HOST_CLAIM, "annotations": notes}
    return {"metadata": metadata, "spec": {"volumeName": volume}, "status": {"phase": "Bound"}}


RELATED: dict[str, Strategy[Any]] = {
    "live_host": st.sampled_from([_host_claim("pv-7"), None]),
    "live_field": st.sampled_from(["default/web-0", ""]),
    "host_referrers": st.sampled_from([(), (_host_claim("n"),), (_host_claim("other"),)]),
    "host_names": st.sampled_from([{}, {"persistentvolumeclaims default/a-x-b": "known"}]),
}


def lived(_host: Obj) -> Obj:
    """The host's binder chose a claim, which grew."""
    more = {"capacity": {"storage": "2Gi"}, "volumeAttributesClassName": "gold"}
    return {"spec": {"claimRef": _HOST_CLAIM, **more}}
