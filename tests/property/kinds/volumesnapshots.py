"""VolumeSnapshots, of claims and of contents."""

from typing import Any

from hypothesis import strategies as st

from tests.property.strategies import REFERENCE, Strategy, merged, metadata, optional

_SOURCE = optional(
    persistentVolumeClaimName=REFERENCE | st.just("a-x-b"),
    volumeSnapshotContentName=st.sampled_from(["kept", "y" * 63, ""]),
)
_SPEC = merged(
    st.fixed_dictionaries({"source": _SOURCE}),
    optional(volumeSnapshotClassName=st.sampled_from(["hourly", "daily"])),
)
OBJECTS = st.fixed_dictionaries({"metadata": metadata(), "spec": _SPEC})
STATUSES = optional(
    boundVolumeSnapshotContentName=st.sampled_from(
        ["snapcontent-7", "vcluster-kept-x-h-x-v", "vcluster-theirs"]
    ),
    creationTime=st.just("2026-01-01T00:00:00Z"),
    error=st.just({"message": "busy"}),
    readyToUse=st.booleans(),
    restoreSize=st.sampled_from(["1Gi", "0"]),
)
RELATED: dict[str, Strategy[Any]] = {
    "live_host": st.sampled_from([{"metadata": {"name": "x"}}, None]),
    "live_field": st.sampled_from(["kept", ""]),
}
