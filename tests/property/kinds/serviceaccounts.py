"""ServiceAccounts with what must stay in the virtual cluster."""

from hypothesis import strategies as st

from common.objects import Obj
from tests.property.strategies import NAME, REFERENCE, merged, metadata, optional

_NAMED = st.lists(optional(name=REFERENCE), max_size=2)
OBJECTS = merged(
    st.fixed_dictionaries({"metadata": metadata(NAME | st.just("default"))}),
    optional(secrets=_NAMED, imagePullSecrets=_NAMED, automountServiceAccountToken=st.booleans()),
)


def lived(_host: Obj) -> Obj:
    """Some hosts give every account a pull secret."""
    return {"imagePullSecrets": [{"name": "pull-dockercfg-1"}]}
