"""Pods, with every part that the translation looks at."""

from typing import Any

from hypothesis import strategies as st

from common.objects import Obj
from tests.property.strategies import REFERENCE, Strategy, merged, metadata, optional

IMAGE = st.sampled_from(["nginx", "nginx:1.25", "quay.io/nginx@sha256:0", "docker.io/nginx-x/y"])
_FIELD = st.sampled_from(
    ["metadata.name", "metadata.labels", "metadata.labels['release']", "status.podIP", ""]
).map(lambda path: {"apiVersion": "v1", "fieldPath": path})
_NAMED = optional(name=REFERENCE, optional=st.booleans())
_SELECTOR = optional(
    matchLabels=st.dictionaries(st.sampled_from(["app", "release"]), st.just("a"), max_size=2),
    matchExpressions=st.lists(
        st.just({"key": "release", "operator": "In", "values": ["a"]}), max_size=1
    ),
)


def env() -> Strategy[Obj]:
    source = optional(
        fieldRef=_FIELD,
        configMapKeyRef=merged(_NAMED, st.just({"key": "k"})),
        secretKeyRef=merged(_NAMED, st.just({"key": "k"})),
    )
    name = st.sampled_from(["A", "KUBERNETES_SERVICE_HOST", "WEB_PORT"])
    value = optional(value=st.just("$(WEB_PORT)"), valueFrom=source)
    return merged(st.fixed_dictionaries({"name": name}), value)


SIZES = optional(
    cpu=st.sampled_from(["100m", "0.1", "1", 2]), memory=st.sampled_from(["64Mi", "1Gi"])
)
RESOURCES = optional(requests=SIZES, limits=SIZES, claims=st.just([{"name": "gpu"}]))


def containers(prefix: str) -> Strategy[list[Obj]]:
    body = merged(
        st.fixed_dictionaries({"image": IMAGE}),
        optional(
            env=st.lists(env(), max_size=3),
            envFrom=st.lists(optional(configMapRef=_NAMED, secretRef=_NAMED), max_size=2),
            resources=RESOURCES,
            restartPolicy=st.just("Always"),
            volumeMounts=st.just([{"name": "hosts", "mountPath": "/etc/hosts/"}]),
        ),
    )
    return st.lists(body, min_size=1, max_size=3).map(
        lambda found: [{"name": f"{prefix}{n}", **each} for n, each in enumerate(found)]
    )


def volumes() -> Strategy[list[Obj]]:
    downward = st.fixed_dictionaries(
        {"items": st.lists(st.fixed_dictionaries({"path": st.just("p"), "fieldRef": _FIELD}))}
    )
    token = optional(
        audience=st.just("vault"), expirationSeconds=st.integers(600, 4000), path=st.just("t")
    )
    projection = optional(
        configMap=_NAMED, secret=_NAMED, downwardAPI=downward, serviceAccountToken=token
    )
    source = optional(
        configMap=_NAMED,
        secret=optional(secretName=REFERENCE),
        persistentVolumeClaim=optional(claimName=REFERENCE),
        csi=optional(nodePublishSecretRef=optional(name=REFERENCE)),
        ephemeral=st.just({"volumeClaimTemplate": {}}),
        downwardAPI=downward,
        projected=optional(sources=st.lists(projection, max_size=3)),
        hostPath=st.just({"path": "/var/log"}),
    )
    return st.lists(source, max_size=3).map(
        lambda found: [{"name": f"{'v' * 60}{n}", **each} for n, each in enumerate(found)]
    )


def affinity() -> Strategy[Obj]:
    term = merged(
        st.just({"topologyKey": "zone"}),
        optional(
            labelSelector=_SELECTOR,
            namespaces=st.lists(st.sampled_from(["default", "b"]), max_size=2),
            namespaceSelector=_SELECTOR,
            matchLabelKeys=st.lists(st.sampled_from(["release", "hash"]), max_size=2, unique=True),
        ),
    )
    terms = optional(
        requiredDuringSchedulingIgnoredDuringExecution=st.lists(term, max_size=2),
        preferredDuringSchedulingIgnoredDuringExecution=st.lists(
            st.fixed_dictionaries({"weight": st.just(1), "podAffinityTerm": term}), max_size=1
        ),
    )
    return optional(podAffinity=terms, podAntiAffinity=terms, nodeAffinity=st.just({}))


def resource_claims() -> Strategy[list[Obj]]:
    body = optional(resourceClaimName=REFERENCE, resourceClaimTemplateName=REFERENCE)
    return st.lists(body, max_size=2).map(
        lambda found: [{"name": f"gpu{n}", **each} for n, each in enumerate(found)]
    )


GATE = merged(
    st.fixed_dictionaries(
        {"type": st.just("gate"), "status": st.sampled_from(["True", "False", "Unknown"])}
    ),
    optional(
        reason=st.sampled_from(["", "Because"]),
        lastTransitionTime=st.sampled_from(["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"]),
        observedGeneration=st.integers(1, 3),
    ),
)


def virtual_statuses() -> Strategy[Obj]:
    """Before anything ran: what API servers and controllers of the virtual cluster say."""
    made = st.just([{"name": "gpu0", "resourceClaimName": "made"}, {"name": "gpu1"}])
    return merged(
        st.just({"phase": "Pending", "qosClass": "BestEffort"}),
        optional(conditions=st.lists(GATE, max_size=1), resourceClaimStatuses=made),
    )


def statuses(prefix: str = "c") -> Strategy[Obj]:
    """A status as a kubelet writes it, also about containers that a host webhook added."""
    container = st.fixed_dictionaries(
        {
            "name": st.sampled_from([f"{prefix}0", f"{prefix}1", "injected"]),
            "image": st.just("docker.io/library/nginx:latest"),
            "ready": st.booleans(),
        },
        optional={
            "resources": RESOURCES,
            "allocatedResources": SIZES,
            "volumeMounts": st.just([{"name": "vcluster-rewrite-hosts"}]),
        },
    )
    condition = merged(
        st.fixed_dictionaries(
            {
                "type": st.sampled_from(["Ready", "PodScheduled", "gate"]),
                "status": st.sampled_from(["True", "False"]),
                "lastProbeTime": st.none(),
            }
        ),
        optional(observedGeneration=st.integers(1, 3)),
    )
    return merged(
        st.fixed_dictionaries({"phase": st.sampled_from(["Pending", "Running", "Succeeded"])}),
        optional(
            conditions=st.lists(condition, max_size=3, unique_by=lambda each: each["type"]),
            containerStatuses=st.lists(container, max_size=2, unique_by=lambda each: each["name"]),
            initContainerStatuses=st.just([{"name": "injected", "image": "x"}]),
            ephemeralContainerStatuses=st.just([{"name": "hosts-own", "image": "x"}]),
            startTime=st.just("2026-01-01T00:00:00Z"),
            podIP=st.just("10.0.0.1"),
            qosClass=st.sampled_from(["BestEffort", "Burstable"]),
            observedGeneration=st.integers(1, 3),
            message=st.text(max_size=5),
        ),
    )


def pods() -> Strategy[Obj]:
    spec: Strategy[dict[str, Any]] = merged(
        st.fixed_dictionaries({"containers": containers("c")}),
        optional(
            initContainers=containers("i"),
            volumes=volumes(),
            affinity=affinity(),
            tolerations=st.lists(
                optional(key=st.just("a"), operator=st.just("Exists"), effect=st.just("NoExecute")),
                max_size=2,
                unique_by=str,
            ),
            readinessGates=st.just([{"conditionType": "gate"}, {"conditionType": "other"}]),
            resourceClaims=resource_claims(),
            resources=RESOURCES,
            runtimeClassName=st.just("own"),
            overhead=st.just({"cpu": "1"}),
            hostname=st.just("own"),
            dnsPolicy=st.sampled_from(["ClusterFirst", "ClusterFirstWithHostNet", "Default"]),
            dnsConfig=optional(
                nameservers=st.lists(st.just("1.1.1.1"), max_size=3),
                searches=st.lists(st.just("x" * 250), max_size=12),
                options=st.lists(st.just({"name": "ndots", "value": "2"}), max_size=1),
            ),
            hostNetwork=st.booleans(),
            enableServiceLinks=st.booleans(),
            serviceAccountName=st.just("builder"),
            imagePullSecrets=st.lists(optional(name=REFERENCE), max_size=2),
            topologySpreadConstraints=st.lists(
                merged(st.just({"topologyKey": "zone"}), optional(labelSelector=_SELECTOR)),
                max_size=1,
            ),
            priorityClassName=st.sampled_from(["high", "system-node-critical"]),
            priority=st.just(1000),
            preemptionPolicy=st.sampled_from(["Never", "PreemptLowerPriority"]),
            subdomain=st.just("headless"),
            activeDeadlineSeconds=st.integers(1, 3),
            nodeName=st.just("by-hand"),
            schedulingGates=st.lists(st.just({"name": "gate"}), max_size=1),
        ),
    )
    pod = st.fixed_dictionaries({"metadata": metadata(), "spec": spec})
    return merged(pod, optional(status=virtual_statuses()))


def lived(host: Obj) -> Obj:
    """It runs on a node, beside a container that a webhook injected."""
    injected = {"name": "injected", "image": "proxy"}
    return {"spec": {"nodeName": "node-1", "containers": [*host["spec"]["containers"], injected]}}


OBJECTS = pods()
STATUSES = statuses()
