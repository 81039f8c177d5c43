"""Objects as virtual API servers may show them, hostile ones included."""

from typing import Any

from hypothesis import strategies as st

from common.cluster import Cluster, PodOptions
from common.kinds import REGISTRY
from common.objects import Obj

Strategy = st.SearchStrategy

POD_OPTIONS = st.builds(
    PodOptions,
    images=st.sampled_from([{}, {"docker.io": "mirror/hub", "docker.io/library/nginx": "web"}]),
    tolerations=st.sampled_from(
        [(), ({"operator": "Exists"}, {"key": "a", "effect": "NoExecute"})]
    ),
    runtime_class=st.sampled_from(["", "kata"]),
    priority_class=st.sampled_from(["", "high-priority"]),
    secrets_for_tokens=st.booleans(),
    hosts_image=st.sampled_from(["", "alpine"]),
    hosts_resources=st.just({"limits": {"cpu": "30m"}}),
)
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
    pods=POD_OPTIONS,
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


def metadata(names: Strategy[str] = NAME, *, namespaced: bool = True) -> Strategy[Obj]:
    required = {
        "name": names,
        "uid": st.sampled_from(["u1", "u2"]),
        "resourceVersion": st.just("1"),
        "generation": st.integers(1, 3),
        "creationTimestamp": st.just("2026-01-01T00:00:00Z"),
    }
    if namespaced:
        required["namespace"] = NAMESPACE
    return merged(
        st.fixed_dictionaries(required),
        optional(labels=LABELS, annotations=ANNOTATIONS, ownerReferences=OWNERS),
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


TARGET = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["Pod", "Node"]),
        "name": NAME,
        "namespace": NAMESPACE,
        "uid": st.just("x"),
    }
)
SERVICE: Obj = {"metadata": {"name": "one"}, "spec": {"clusterIP": "10.0.0.1"}}
