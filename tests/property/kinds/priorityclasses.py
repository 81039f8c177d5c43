"""PriorityClasses, built-in ones and those of servers that allow more than ours included."""

from hypothesis import strategies as st

from tests.property.strategies import NAME, merged, metadata, optional

_NAMES = NAME | st.just("system-cluster-critical")
_VALUES = st.sampled_from([-10, 0, 1, 1_000_000_000, 2_000_000_000])
OBJECTS = merged(
    st.fixed_dictionaries({"metadata": metadata(_NAMES, namespaced=False)}),
    optional(
        value=_VALUES,
        globalDefault=st.booleans(),
        description=st.text(max_size=10),
        preemptionPolicy=st.sampled_from(["Never", "PreemptLowerPriority"]),
    ),
)
