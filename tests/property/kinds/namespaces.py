"""Namespaces, with keys that the host keeps to itself, and rules by which they are mapped."""

from hypothesis import strategies as st

from common.cluster import NamespaceRules
from common.objects import Obj
from tests.property.strategies import LABELS, NAMESPACE, merged, metadata, optional

_RULES = (
    NamespaceRules(),
    NamespaceRules(exact={"default": "prod"}, only=True),
    NamespaceRules(patterns=(("*-x", "p-*-x"), ("*", "p-*")), labels={"app": "w", "tier": "t"}),
    NamespaceRules(exact={"c": "c"}, patterns=(("k*", "too-long-for-long-names-*"),)),
)
RULES = st.sampled_from(_RULES)

_HOST_DECIDES = st.dictionaries(
    st.sampled_from(
        ["pod-security.kubernetes.io/enforce", "scheduler.alpha.kubernetes.io/node-selector"]
    ),
    st.just("privileged"),
)
_METADATA = st.tuples(metadata(NAMESPACE, namespaced=False), LABELS, _HOST_DECIDES).map(
    lambda each: {**each[0], "labels": {**each[1], **each[2]}}
)
OBJECTS = merged(
    st.fixed_dictionaries({"metadata": _METADATA}),
    optional(spec=st.just({"finalizers": ["kubernetes"]}), status=st.just({"phase": "Active"})),
)


def lived(_host: Obj) -> Obj:
    """What the host's own server and controllers note."""
    return {
        "metadata": {"labels": {"kubernetes.io/metadata.name": "host"}},
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    }
