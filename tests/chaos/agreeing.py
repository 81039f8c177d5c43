"""A virtual cluster and a host that agree, written by hand, for tests of the checker."""

from __future__ import annotations

from copy import deepcopy

from tests.chaos.expected.view import View
from tests.chaos.objects import Obj
from tests.chaos.tenants import Tenant

P = "vcluster.loft.sh/"
TENANT = Tenant(
    name="red",
    host_namespace="vc-red",
    on=frozenset({"pods", "services", "configMaps", "secrets", "persistentVolumeClaims"}),
)
_SERVICE_SPEC: Obj = {
    "type": "ClusterIP",
    "clusterIP": "10.97.0.7",
    "clusterIPs": ["10.97.0.7"],
    "ports": [{"name": "p80", "port": 80, "protocol": "TCP"}],
}
_CONTAINER: Obj = {
    "name": "main",
    "image": "nginx:1.27",
    "envFrom": [{"configMapRef": {"name": "settings"}}],
}
_STATUS: Obj = {
    "phase": "Running",
    "podIP": "10.244.0.2",
    "conditions": [{"type": "Ready", "status": "True"}],
    "containerStatuses": [{"name": "main", "image": "nginx:1.27", "ready": True}],
}
_VIRTUAL_POD: Obj = {
    "spec": {
        "containers": [_CONTAINER],
        "nodeName": "node-1",
        "dnsPolicy": "ClusterFirst",
    },
    "status": _STATUS,
}
_HOST_POD: Obj = {
    "spec": {
        **_VIRTUAL_POD["spec"],
        "containers": [
            {**_CONTAINER, "envFrom": [{"configMapRef": {"name": "red-a-settings-x-a-x-red"}}]}
        ],
        "serviceAccountName": "default",
        "serviceAccount": "default",
        "hostname": "web",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
    },
    "status": _STATUS,
}


def agreeing() -> View:
    """A pod, the ConfigMap that it refers to, one that nothing refers to, a Service and a node; all
    new for each caller."""
    pod, settings = _virtual("web", _VIRTUAL_POD), _virtual("settings", {"data": {"k": "v"}})
    service = _virtual("web", {"spec": {**_SERVICE_SPEC, "selector": {"app": "web"}}})
    spare = _virtual("spare", {"data": {"k": "v"}})
    selector = {"app": "web", f"{P}managed-by": "red", f"{P}namespace": "a"}
    host_service = _host("web", "Service", {"spec": {**_SERVICE_SPEC, "selector": selector}})
    host_pod = _host("web", "Pod", _HOST_POD)
    host_pod["metadata"]["annotations"] |= {
        f"{P}labels": 'app="web"',
        f"{P}service-account-name": "",
        "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
    }
    virtual = {
        "pods": [pod],
        "configmaps": [settings, spare],
        "services": [service],
        "namespaces": [{"metadata": {"name": "a"}}],
        "nodes": [{"metadata": {"name": "node-1", "labels": {f"{P}managed-by": "red"}}}],
    }
    host = {
        "pods": [host_pod],
        "configmaps": [_host("settings", "ConfigMap", {"data": {"k": "v"}})],
        "services": [host_service],
    }
    return View(TENANT, deepcopy(virtual), deepcopy(host))


def _virtual(name: str, body: Obj) -> Obj:
    metadata = {"name": name, "namespace": "a", "uid": f"u-{name}", "labels": {"app": "web"}}
    return {"metadata": metadata, **body}


def _host(name: str, kind: str, body: Obj) -> Obj:
    labels = {"app": "web", f"{P}managed-by": "red", f"{P}namespace": "a"}
    notes = {
        f"{P}name": name,
        f"{P}namespace": "a",
        f"{P}uid": f"u-{name}",
        f"{P}kind": f"/v1, Kind={kind}",
    }
    metadata = {
        "name": f"red-a-{name}-x-a-x-red",
        "namespace": "vc-red",
        "labels": labels,
        "annotations": notes,
    }
    return {"metadata": metadata, **body}
