"""VolumeSnapshotContents that tenants made; and copies of stand-ins, labels and all."""

from typing import Any

from hypothesis import strategies as st

from common.metadata import MANAGED_BY, NAME, NAMESPACE, UID
from common.objects import Obj
from tests.property.strategies import NAMESPACE as NAMESPACES
from tests.property.strategies import REFERENCE, Strategy, merged, metadata, optional

_SECRETS = "snapshot.storage.kubernetes.io/deletion-secret"
_NOTES = st.dictionaries(
    st.sampled_from([f"{_SECRETS}-name", f"{_SECRETS}-namespace", "note", NAME]),
    st.sampled_from(["a", "b", "n"]),
)
_METADATA = st.tuples(
    metadata(namespaced=False) | metadata(st.just("n"), namespaced=False),
    optional(annotations=_NOTES, labels=st.just({MANAGED_BY: "v"})),
).map(lambda each: {**each[0], **each[1]})
_REF = optional(namespace=NAMESPACES, name=REFERENCE | st.just("a-x-b"), uid=st.just("u"))
_SPEC = merged(
    st.fixed_dictionaries(
        {
            "driver": st.just("csi.example.com"),
            "deletionPolicy": st.sampled_from(["Delete", "Retain"]),
            "source": st.sampled_from([{"snapshotHandle": "s1"}, {"volumeHandle": "v1"}]),
            "volumeSnapshotRef": _REF,
        }
    ),
    optional(
        sourceVolumeMode=st.just("Block"),
        volumeSnapshotClassName=st.sampled_from(["hourly", "daily"]),
    ),
)
OBJECTS = st.fixed_dictionaries({"metadata": _METADATA, "spec": _SPEC})
STATUSES = optional(
    creationTime=st.integers(0, 3),
    readyToUse=st.booleans(),
    restoreSize=st.integers(0, 3),
    snapshotHandle=st.just("s1"),
)


def _host_snapshot(content: str) -> Obj:
    notes = {NAME: "before", NAMESPACE: "default", UID: "snapshot-1"}
    metadata = {"name": "host-snapshot", "namespace": "h", "uid": "hs1", "annotations": notes}
    return {"metadata": metadata, "status": {"boundVolumeSnapshotContentName": content}}


_REF_BACK = {"namespace": "h", "name": "host-snapshot", "uid": "hs1"}
_HOST_CONTENT = {
    "spec": {
        "driver": "csi.example.com",
        "deletionPolicy": "Delete",
        "source": {"volumeHandle": "v1"},
        "volumeSnapshotRef": _REF_BACK,
    },
    "status": {"readyToUse": True, "restoreSize": 7},
}
RELATED: dict[str, Strategy[Any]] = {
    "live_host": st.sampled_from([_HOST_CONTENT, None]),
    "live_field": st.sampled_from(["kept", "", ""]),
    "host_referrers": st.sampled_from([(), (_host_snapshot("n"),), (_host_snapshot("other"),)]),
}
