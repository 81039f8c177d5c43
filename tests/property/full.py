"""Objects that name others, and select, at every place where their kind can. `one` and `two` stand
for names."""

from common.objects import Obj

_REF = {"name": "one"}
_SELECTOR: Obj = {"matchLabels": {"app": "one"}}
_TERM = {"topologyKey": "zone", "labelSelector": _SELECTOR}
_TERMS: Obj = {
    "requiredDuringSchedulingIgnoredDuringExecution": [
        _TERM,
        {**_TERM, "labelSelector": {}},
        {**_TERM, "namespaces": ["default", "h"]},
        {**_TERM, "namespaceSelector": {}},
        {**_TERM, "namespaceSelector": _SELECTOR},
        {**_TERM, "namespaces": ["default"], "namespaceSelector": _SELECTOR},
    ],
    "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": _TERM}],
}
_SOURCES: dict[str, Obj] = {
    "azureFile": {"secretName": "one", "shareName": "s"},
    "cephfs": {"monitors": ["m"], "secretRef": _REF},
    "cinder": {"volumeID": "v", "secretRef": _REF},
    "configMap": _REF,
    "csi": {"driver": "d", "nodePublishSecretRef": _REF},
    "ephemeral": {"volumeClaimTemplate": {}},
    "flexVolume": {"driver": "d/d", "secretRef": _REF},
    "glusterfs": {"endpoints": "one", "path": "p"},
    "iscsi": {"iqn": "i", "secretRef": _REF},
    "persistentVolumeClaim": {"claimName": "one"},
    "projected": {"sources": [{"secret": _REF}, {"configMap": _REF}]},
    "rbd": {"image": "i", "secretRef": _REF},
    "scaleIO": {"gateway": "g", "secretRef": _REF},
    "secret": {"secretName": "two"},
    "storageos": {"volumeName": "v", "secretRef": _REF},
}
_CONTAINER: Obj = {
    "image": "i",
    "env": [
        {"name": "A", "valueFrom": {"secretKeyRef": {**_REF, "key": "k"}}},
        {"name": "B", "valueFrom": {"configMapKeyRef": {**_REF, "key": "k"}}},
    ],
    "envFrom": [{"secretRef": _REF}, {"configMapRef": _REF}],
}
_POD: Obj = {
    "containers": [{**_CONTAINER, "name": "c"}],
    "initContainers": [{**_CONTAINER, "name": "i"}],
    "ephemeralContainers": [{**_CONTAINER, "name": "e"}],
    "volumes": [{"name": key.lower(), key: source} for key, source in _SOURCES.items()],
    "imagePullSecrets": [_REF],
    "serviceAccount": "one",
    "serviceAccountName": "one",
    "resourceClaims": [
        {"name": "a", "resourceClaimName": "one"},
        {"name": "b", "resourceClaimTemplateName": "two"},
    ],
    "affinity": {"podAffinity": _TERMS, "podAntiAffinity": _TERMS},
    "topologySpreadConstraints": [
        {"topologyKey": "zone", "labelSelector": _SELECTOR},
        {"topologyKey": "zone", "labelSelector": {}},
    ],
}
_MADE = {"name": "b", "resourceClaimName": "two"}
_ACTION = '{"forwardConfig":{"targetGroups":[{"serviceName":"one"},{"ServiceName":"two"}]}}'
_BACKENDS: list[Obj] = [
    {"service": {"name": "one", "port": {"number": 80}}},
    {"service": {"name": "two", "port": {"name": "use-annotation"}}},
    {"resource": {"kind": "Secret", "name": "one"}},
    {"resource": {"apiGroup": "example.com", "kind": "Bucket", "name": "one"}},
]
_NGINX = (
    "auth-proxy-set-headers auth-secret auth-tls-secret custom-headers default-backend"
    " fastcgi-params-configmap proxy-ssl-secret"
).split()
_PEERS: list[Obj] = [
    {"podSelector": _SELECTOR},
    {"podSelector": {}},
    {"namespaceSelector": {}},
    {"namespaceSelector": _SELECTOR, "podSelector": _SELECTOR},
]
_TARGETS: list[Obj] = [
    {"targetRef": {"kind": "Pod", "name": "one", "namespace": "default"}},
    {"targetRef": {"kind": "Pod", "name": "two"}},
]
_USES = "controllerExpand controllerPublish nodeExpand nodePublish nodeStage".split()
_CLASS_SECRETS = ("provisioner", "node-stage", "controller-expand")

SPECS: dict[str, Obj] = {
    "endpoints": {"subsets": [{"addresses": [{"ip": "192.0.2.1", **each} for each in _TARGETS]}]},
    "endpointslices": {
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["192.0.2.1"], **each} for each in _TARGETS],
    },
    "ingresses": {
        "spec": {
            "defaultBackend": {**_BACKENDS[0], **_BACKENDS[2]},
            "rules": [{"host": "a.b", "http": {"paths": [{"backend": b} for b in _BACKENDS]}}],
            "tls": [{"hosts": ["a.b"], "secretName": "one"}],
        }
    },
    "networkpolicies": {
        "spec": {
            "podSelector": {},
            "ingress": [{"from": [peer]} for peer in _PEERS],
            "egress": [{"to": _PEERS}],
        }
    },
    "persistentvolumeclaims": {
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "dataSource": {"kind": "PersistentVolumeClaim", "name": "one"},
            "dataSourceRef": {"kind": "PersistentVolumeClaim", "name": "one"},
            "volumeName": "two",
        }
    },
    "persistentvolumes": {
        "spec": {
            "claimRef": {"namespace": "default", "name": "one"},
            "csi": {
                "driver": "d",
                **{f"{use}SecretRef": {"name": "two", "namespace": "default"} for use in _USES},
            },
        }
    },
    "poddisruptionbudgets": {"spec": {"minAvailable": 1, "selector": {}}},
    "pods": {"spec": _POD, "status": {"resourceClaimStatuses": [_MADE]}},
    "services": {"spec": {"ports": [{"port": 80}], "selector": {"app": "one"}}},
    "storageclasses": {
        "provisioner": "d",
        "parameters": {
            f"csi.storage.k8s.io/{use}-secret-{what}": text
            for use in _CLASS_SECRETS
            for what, text in (("name", "one"), ("namespace", "default"))
        },
    },
    "volumesnapshotcontents": {
        "spec": {
            "driver": "d",
            "deletionPolicy": "Retain",
            "source": {"snapshotHandle": "s"},
            "volumeSnapshotRef": {"namespace": "default", "name": "one"},
        }
    },
    "volumesnapshots": {
        "spec": {"source": {"persistentVolumeClaimName": "one", "volumeSnapshotContentName": "two"}}
    },
}
NOTES: dict[str, dict[str, str]] = {
    "ingresses": {
        **{f"nginx.ingress.kubernetes.io/{key}": "one" for key in _NGINX},
        "alb.ingress.kubernetes.io/actions.two": _ACTION.replace('"ServiceName":"two"', '"a":1'),
        "alb.ingress.kubernetes.io/actions.odd": _ACTION,
    },
    "volumesnapshotcontents": {
        "snapshot.storage.kubernetes.io/deletion-secret-name": "one",
        "snapshot.storage.kubernetes.io/deletion-secret-namespace": "default",
    },
}
LABELS: dict[str, dict[str, str]] = {"endpointslices": {"kubernetes.io/service-name": "one"}}


def full(plural: str) -> Obj:
    """Such an object, without a name of its own."""
    marks = {"labels": LABELS.get(plural, {}), "annotations": NOTES.get(plural, {})}
    return {"metadata": marks, **SPECS.get(plural, {})}
