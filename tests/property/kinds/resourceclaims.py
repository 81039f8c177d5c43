"""ResourceClaims, given to pods of ours and of others."""

from typing import Any

from hypothesis import strategies as st

from common.metadata import NAME, NAMESPACE, UID
from common.objects import Obj
from tests.property.strategies import Strategy, metadata, optional

SPEC: Strategy[Obj] = st.sampled_from(
    [
        {"devices": {"requests": [{"name": "gpu", "exactly": {"deviceClassName": "gpu"}}]}},
        {"devices": {"requests": []}},
        {},
    ]
)
OBJECTS = st.fixed_dictionaries({"metadata": metadata(), "spec": SPEC})
_RESULTS = st.sampled_from(["gpu-0", "gpu-1"]).map(lambda name: [{"device": name}])
_CONSUMERS = st.lists(
    st.fixed_dictionaries(
        {
            "resource": st.just("pods"),
            "name": st.just("host-pod"),
            "uid": st.sampled_from(["hp1", "hp2", "theirs"]),
        }
    ),
    max_size=3,
    unique_by=lambda each: each["uid"],
)
STATUSES = optional(
    allocation=st.fixed_dictionaries({"devices": st.fixed_dictionaries({"results": _RESULTS})}),
    devices=st.just([{"device": "gpu-0", "driver": "d", "pool": "p"}]),
    reservedFor=_CONSUMERS,
)


def _pod(number: int, phase: str) -> Obj:
    notes = {NAME: f"p{number}", NAMESPACE: "default", UID: f"up{number}"}
    metadata = {"name": "host-pod", "uid": f"hp{number}", "annotations": notes}
    return {"metadata": metadata, "spec": {"nodeName": "n"}, "status": {"phase": phase}}


RELATED: dict[str, Strategy[Any]] = {
    "referrers": st.sampled_from([frozenset(), frozenset({"pods default/p1", "pods default/p2"})]),
    "host_referrers": st.sampled_from(
        [(), (_pod(1, "Running"),), (_pod(1, "Running"), _pod(2, "Succeeded"))]
    ),
}
