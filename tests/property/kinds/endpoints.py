"""Endpoints with ready and other addresses."""

from hypothesis import strategies as st

from tests.property.strategies import SERVICE, TARGET, merged, metadata, optional

_ADDRESS = merged(st.just({"ip": "192.0.2.1"}), optional(targetRef=TARGET))
_SUBSET = optional(
    addresses=st.lists(_ADDRESS, max_size=2), notReadyAddresses=st.lists(_ADDRESS, max_size=1)
)
OBJECTS = merged(
    st.fixed_dictionaries({"metadata": metadata()}),
    optional(subsets=st.lists(_SUBSET, max_size=2)),
)
RELATED = {"service": st.sampled_from([SERVICE, SERVICE, None])}
