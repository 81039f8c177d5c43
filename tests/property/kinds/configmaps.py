"""ConfigMaps as API servers show them."""

from hypothesis import strategies as st

from tests.property.strategies import LABEL, merged, metadata, optional

_DATA = st.dictionaries(LABEL, st.text(max_size=10), max_size=3)
_BODY = optional(data=_DATA, binaryData=_DATA, immutable=st.booleans())
OBJECTS = merged(st.fixed_dictionaries({"metadata": metadata()}), _BODY)
