"""Objects as virtual API servers may show them, hostile ones included."""

from typing import Any

from hypothesis import strategies as st

from common.cluster import Cluster
from common.kinds import REGISTRY
from common.objects import Obj

Strategy = st.SearchStrategy

CLUSTERS = st.builds(
    Cluster,
    name=st.sampled_from(["v", "my-vcluster", "a-vcluster-with-a-fairly-long-name-abc"]),
    host_namespace=st.sampled_from(["h", "vc-my-vcluster"]),
    name_format=st.sampled_from(["prefixed", "classic"]),
    api_service_ip=st.sampled_from(["", "10.96.0.1", "fd00::1"]),
    dns_service_ip=st.sampled_from(["", "10.96.0.10"]),
    owner=st.sampled_from(
        [None, {"apiVersion": "v1", "kind": "Service", "name": "v", "uid": "owner"}]
    ),
    enabled=st.just(frozenset(REGISTRY)),
    all_objects=st.sampled_from([frozenset(), frozenset({"configmaps", "secrets"})]),
    secrets_for_tokens=st.booleans(),
)
LABEL = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", fullmatch=True)
NAME = st.one_of(
    LABEL,
    st.lists(LABEL, min_size=1, max_size=4).map(".".join).filter(lambda name: len(name) <= 253),
    st.sampled_from(["a", "a-x-b", "a.b", "x" * 63, ".".join(["y" * 62] * 4), "kube-root-ca.crt"]),
)
NAMESPACE = st.one_of(LABEL, st.sampled_from(["default", "kube-system", "b-x-c", "c"]))
LABEL_KEYS = st.sampled_from(
    [
        "app",
        "release",
        "kubernetes.io/metadata.name",
        "example.com/part-of",
        "vcluster.loft.sh/managed-by",
        "vcluster.loft.sh/namespace",
        "vcluster.loft.sh/label-v-x-0123456789",
    ]
)
LABELS = st.dictionaries(LABEL_KEYS, st.sampled_from(["", "a", "v"]), max_size=4)
ANNOTATIONS = st.dictionaries(
    st.one_of(
        LABEL_KEYS,
        st.sampled_from(
            [
                "kubectl.kubernetes.io/last-applied-configuration",
                "pv.kubernetes.io/bind-completed",
                "cluster-autoscaler.kubernetes.io/safe-to-evict",
                "vcluster.loft.sh/token-a-0",
                "vcluster.loft.sh/managed-annotations",
                "vcluster.loft.sh/uid",
            ]
        ),
    ),
    st.text(max_size=20),
    max_size=4,
)
REFERENCE = st.sampled_from(["one", "two", ""])


def optional(**fields: Strategy[Any]) -> Strategy[Obj]:
    """A dict with any of the fields; a field may also be null."""
    return st.fixed_dictionaries({}, optional={k: st.none() | v for k, v in fields.items()})


def merged(*parts: Strategy[Obj]) -> Strategy[Obj]:
    return st.tuples(*parts).map(lambda each: {k: v for part in each for k, v in part.items()})


def metadata(names: Strategy[str] = NAME) -> Strategy[Obj]:
    required = st.fixed_dictionaries(
        {
            "name": names,
            "namespace": NAMESPACE,
            "uid": st.sampled_from(["u1", "u2"]),
            "resourceVersion": st.just("1"),
            "generation": st.integers(1, 3),
            "creationTimestamp": st.just("2026-01-01T00:00:00Z"),
        }
    )
    return merged(
        required, optional(labels=LABELS, annotations=ANNOTATIONS, ownerReferences=OWNERS)
    )


OWNERS = st.lists(
    st.fixed_dictionaries(
        {
            "apiVersion": st.just("apps/v1"),
            "kind": st.sampled_from(["StatefulSet", "ReplicaSet"]),
            "name": st.just("o"),
            "uid": st.just("ou"),
            "controller": st.booleans(),
        }
    ),
    max_size=2,
)


def configmaps() -> Strategy[Obj]:
    data = st.dictionaries(LABEL, st.text(max_size=10), max_size=3)
    body = optional(data=data, binaryData=data, immutable=st.booleans())
    return merged(st.fixed_dictionaries({"metadata": metadata()}), body)


def secrets() -> Strategy[Obj]:
    types = ["Opaque", "helm.sh/release.v1", "kubernetes.io/service-account-token", "x/y"]
    data = st.dictionaries(LABEL, st.just("dmFsdWU="), max_size=3)
    body = optional(data=data, type=st.sampled_from(types), immutable=st.booleans())
    return merged(st.fixed_dictionaries({"metadata": metadata()}), body)


_TARGET = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["Pod", "Node"]),
        "name": NAME,
        "namespace": NAMESPACE,
        "uid": st.just("x"),
    }
)
_ADDRESS = merged(st.just({"ip": "192.0.2.1"}), optional(targetRef=_TARGET))


def endpoints() -> Strategy[Obj]:
    subset = optional(
        addresses=st.lists(_ADDRESS, max_size=2), notReadyAddresses=st.lists(_ADDRESS, max_size=1)
    )
    body = optional(subsets=st.lists(subset, max_size=2))
    return merged(st.fixed_dictionaries({"metadata": metadata()}), body)


def endpointslices() -> Strategy[Obj]:
    owned = st.dictionaries(
        st.sampled_from(["kubernetes.io/service-name", "endpointslice.kubernetes.io/managed-by"]),
        st.sampled_from(["one", "endpointslice-controller.k8s.io"]),
    )
    labelled = st.tuples(metadata(), owned).map(lambda each: {**each[0], "labels": each[1]})
    endpoint = merged(st.just({"addresses": ["192.0.2.1"]}), optional(targetRef=_TARGET))
    body = optional(endpoints=st.lists(endpoint, max_size=2), ports=st.just([{"port": 1}]))
    head = st.fixed_dictionaries({"metadata": labelled, "addressType": st.just("IPv4")})
    return merged(head, body)


def services() -> Strategy[Obj]:
    port = st.fixed_dictionaries(
        {"port": st.integers(1, 3), "protocol": st.sampled_from(["TCP", "UDP"])},
        optional={"nodePort": st.integers(30000, 30005), "targetPort": st.just("http")},
    )
    plain = st.sampled_from(["ClusterIP", "NodePort", "LoadBalancer"])
    ports = st.lists(port, max_size=2, unique_by=lambda each: (each["port"], each["protocol"]))
    named = ports.map(lambda found: [{**p, "name": f"p{n}"} for n, p in enumerate(found)])
    addressed = st.fixed_dictionaries(
        {"type": plain, "clusterIP": st.just("10.0.0.1"), "clusterIPs": st.just(["10.0.0.1"])}
    )
    headless = st.just({"type": "ClusterIP", "clusterIP": "None", "clusterIPs": ["None"]})
    external = st.fixed_dictionaries(
        {
            "type": st.just("ExternalName"),
            "externalName": st.sampled_from(["x.y", "one.b.svc", "one.b.svc.cluster.local."]),
        }
    )
    more = optional(
        selector=st.dictionaries(st.sampled_from(["app", "release"]), st.just("a"), max_size=2),
        sessionAffinity=st.sampled_from(["None", "ClientIP"]),
        externalIPs=st.lists(st.sampled_from(["192.0.2.7", "192.0.2.8"]), max_size=2, unique=True),
        loadBalancerSourceRanges=st.just(["10.0.0.0/8"]),
        healthCheckNodePort=st.just(30009),
        ipFamilies=st.just(["IPv4"]),
    )
    spec = merged(
        st.one_of(addressed, headless, external), st.fixed_dictionaries({"ports": named}), more
    )
    return st.fixed_dictionaries({"metadata": metadata(), "spec": spec})


def persistentvolumeclaims() -> Strategy[Obj]:
    size = st.sampled_from(["1Gi", "2Gi", "1500Mi", "1e9", "nonsense"])
    source = optional(kind=st.just("PersistentVolumeClaim"), name=REFERENCE, namespace=NAMESPACE)
    spec = optional(
        accessModes=st.just(["ReadWriteOnce"]),
        resources=optional(requests=st.fixed_dictionaries({"storage": size})),
        storageClassName=st.just("fast"),
        volumeAttributesClassName=st.sampled_from(["gold", "silver"]),
        volumeName=st.just("pv-1"),
        selector=st.just({"matchLabels": {"a": "b"}}),
        dataSource=source,
        dataSourceRef=source,
    )
    return st.fixed_dictionaries({"metadata": metadata(), "spec": spec})


LOAD_BALANCERS = optional(
    loadBalancer=optional(ingress=st.just([{"ip": "203.0.113.9", "ipMode": "VIP"}]))
)
CLAIM_STATUSES = merged(
    st.fixed_dictionaries({"phase": st.sampled_from(["Pending", "Bound"])}),
    optional(capacity=st.just({"storage": "2Gi"}), conditions=st.just([{"type": "Resizing"}])),
)
