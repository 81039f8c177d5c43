"""EndpointSlices, of controllers and of others."""

from hypothesis import strategies as st

from tests.property.strategies import SERVICE, TARGET, merged, metadata, optional

_OWNED = st.dictionaries(
    st.sampled_from(["kubernetes.io/service-name", "endpointslice.kubernetes.io/managed-by"]),
    st.sampled_from(["one", "endpointslice-controller.k8s.io"]),
)
_LABELLED = st.tuples(metadata(), _OWNED).map(lambda each: {**each[0], "labels": each[1]})
_ENDPOINT = merged(st.just({"addresses": ["192.0.2.1"]}), optional(targetRef=TARGET))
OBJECTS = merged(
    st.fixed_dictionaries({"metadata": _LABELLED, "addressType": st.just("IPv4")}),
    optional(endpoints=st.lists(_ENDPOINT, max_size=2), ports=st.just([{"port": 1}])),
)
RELATED = {"service": st.sampled_from([SERVICE, SERVICE, None])}
