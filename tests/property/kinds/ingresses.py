"""Ingresses with every form of backend, and the annotations that name Services and Secrets."""

import json

from hypothesis import strategies as st

from tests.property.strategies import ANNOTATIONS, REFERENCE, merged, metadata, optional

_SERVICES = st.sampled_from(["one", "two", "x" * 60, "a-x-b-x-c"])
_PORTS = st.sampled_from([{"number": 80}, {"name": "http"}, {"name": "use-annotation"}])
_SERVICE = st.fixed_dictionaries({"name": _SERVICES}, optional={"port": _PORTS})
_KINDS = st.sampled_from(["Bucket", "Secret", "Service"])
_RESOURCE = merged(
    st.fixed_dictionaries({"kind": _KINDS, "name": REFERENCE}), optional(apiGroup=st.just("x.io"))
)
_BACKEND = optional(service=_SERVICE) | optional(resource=_RESOURCE)
_PATHS = st.lists(optional(path=st.just("/"), pathType=st.just("Prefix"), backend=_BACKEND))
_SPEC = optional(
    ingressClassName=st.sampled_from(["nginx", "alb"]),
    defaultBackend=_BACKEND,
    tls=st.lists(optional(hosts=st.just(["a.b"]), secretName=REFERENCE), max_size=2),
    rules=st.lists(optional(host=st.just("a.b"), http=optional(paths=_PATHS)), max_size=2),
)
_GROUPS = st.lists(
    st.fixed_dictionaries({"serviceName": _SERVICES}, optional={"weight": st.just(1)}), max_size=2
)
_JSON = st.sampled_from(["", "{", "[]", "null", '{"type":"redirect"}']) | _GROUPS.map(
    lambda groups: json.dumps({"forwardConfig": {"targetGroups": groups}})
)
_SECRET = st.sampled_from(["one", "default/one", "/one", "a/b/c", "", " one", "c/a-x-b", "Ä"])
_NOTES = merged(
    ANNOTATIONS,
    st.dictionaries(
        st.sampled_from(["auth-secret", "auth-tls-secret"]).map(
            "nginx.ingress.kubernetes.io/{}".format
        ),
        _SECRET,
        max_size=2,
    ),
    st.dictionaries(
        st.tuples(st.sampled_from(["actions", "conditions"]), _SERVICES).map(
            lambda each: f"alb.ingress.kubernetes.io/{each[0]}.{each[1][:50]}"
        ),
        _JSON,
        max_size=3,
    ),
)
_METADATA = st.tuples(metadata(), _NOTES).map(lambda each: {**each[0], "annotations": each[1]})
OBJECTS = st.fixed_dictionaries({"metadata": _METADATA, "spec": st.none() | _SPEC})
STATUSES = optional(
    loadBalancer=optional(
        ingress=st.lists(optional(ip=st.just("203.0.113.9"), hostname=st.just("lb")), max_size=1)
    )
)
