"""PodDisruptionBudgets, also while pods are being evicted in the virtual cluster."""

from hypothesis import strategies as st

from common.objects import Obj
from tests.property.selector_strategies import selectors
from tests.property.strategies import Strategy, merged, metadata, optional

_LIMIT = st.sampled_from([0, 1, 2, "0%", "50%"])
_SPEC = optional(
    minAvailable=_LIMIT,
    maxUnavailable=_LIMIT,
    selector=selectors(),
    unhealthyPodEvictionPolicy=st.sampled_from(["IfHealthyBudget", "AlwaysAllow"]),
)
# The first is long ago for the laws' clock, the second just now.
_TIMES = st.sampled_from(["2026-01-01T00:00:00Z", "2033-05-18T03:33:00Z"])


def _status(names: list[str]) -> Strategy[Obj]:
    condition = merged(
        st.fixed_dictionaries(
            {"type": st.just("DisruptionAllowed"), "status": st.sampled_from(["True", "False"])}
        ),
        optional(observedGeneration=st.integers(1, 3)),
    )
    counts = {"disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"}
    return merged(
        st.fixed_dictionaries({name: st.integers(0, 3) for name in sorted(counts)}),
        optional(
            observedGeneration=st.integers(1, 3),
            conditions=st.lists(condition, max_size=1),
            disruptedPods=st.dictionaries(st.sampled_from(names), _TIMES, max_size=2),
        ),
    )


OBJECTS = merged(
    st.fixed_dictionaries({"metadata": metadata(), "spec": st.none() | _SPEC}),
    optional(status=_status(["web-0", "web-1"])),
)
STATUSES = _status(["v-default-web-0-x-default-x-v"])
