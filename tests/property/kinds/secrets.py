"""Secrets of every type that is treated in its own way."""

from hypothesis import strategies as st

from tests.property.strategies import LABEL, merged, metadata, optional

_TYPES = ["Opaque", "helm.sh/release.v1", "kubernetes.io/service-account-token", "x/y"]
_DATA = st.dictionaries(LABEL, st.just("dmFsdWU="), max_size=3)
_BODY = optional(data=_DATA, type=st.sampled_from(_TYPES), immutable=st.booleans())
OBJECTS = merged(st.fixed_dictionaries({"metadata": metadata()}), _BODY)
