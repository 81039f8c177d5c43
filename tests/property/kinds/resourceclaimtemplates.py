"""ResourceClaimTemplates, with metadata for the claims made from them."""

from hypothesis import strategies as st

from tests.property.kinds.resourceclaims import SPEC
from tests.property.strategies import LABELS, merged, metadata, optional

_SPEC = merged(st.fixed_dictionaries({"spec": SPEC}), optional(metadata=optional(labels=LABELS)))
OBJECTS = st.fixed_dictionaries({"metadata": metadata(), "spec": _SPEC})
