"""PersistentVolumeClaims, with sources and volumes."""

from typing import Any

from hypothesis import strategies as st

from common.objects import Obj
from tests.property.strategies import NAMESPACE, REFERENCE, Strategy, merged, metadata, optional

_SIZE = st.sampled_from(["1Gi", "2Gi", "1500Mi", "1e9", "nonsense"])
_CLAIM = st.just({"kind": "PersistentVolumeClaim"})
_SNAPSHOT = st.just({"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot"})
_NAMED = optional(name=REFERENCE | st.just("a-x-b"))
_SOURCE: Strategy[Obj] = st.one_of(
    merged(_CLAIM, _NAMED),
    merged(_SNAPSHOT, _NAMED),
    merged(_CLAIM, _NAMED, optional(namespace=NAMESPACE)),
    st.just({"apiGroup": "example.com", "kind": "Importer", "name": "one"}),
)
_SPEC = optional(
    accessModes=st.just(["ReadWriteOnce"]),
    resources=optional(requests=st.fixed_dictionaries({"storage": _SIZE})),
    storageClassName=st.just("fast"),
    volumeAttributesClassName=st.sampled_from(["gold", "silver"]),
    volumeName=st.sampled_from(["pv-1", "vcluster-pv-1-x-h-x-v"]),
    selector=st.sampled_from([{"matchLabels": {"release": "b"}}, {}]),
    dataSource=_SOURCE,
    dataSourceRef=_SOURCE,
)
OBJECTS = st.fixed_dictionaries({"metadata": metadata(), "spec": _SPEC})
STATUSES = merged(
    st.fixed_dictionaries({"phase": st.sampled_from(["Pending", "Bound"])}),
    optional(capacity=st.just({"storage": "2Gi"}), conditions=st.just([{"type": "Resizing"}])),
)
RELATED: dict[str, Strategy[Any]] = {
    "live_host": st.sampled_from([{"metadata": {"name": "x"}}, None]),
    "live_field": st.sampled_from(["pv-1", ""]),
    "host_names": st.sampled_from([{}, {"persistentvolumeclaims default/a-x-b": "known"}]),
}


def lived(host: Obj) -> Obj:
    """The host's binder found a volume: a dynamic one, or one of ours."""
    notes = {"pv.kubernetes.io/bind-completed": "yes"}
    volume = "pv-7" if host["spec"].get("volumeAttributesClassName") else "vcluster-pv-1-x-h-x-v"
    return {"spec": {"volumeName": volume}, "metadata": {"annotations": notes}}
