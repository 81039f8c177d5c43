"""Pairs of objects in sync, as a store holds them after everything settled."""

import time
from collections.abc import Iterator

from common.cluster import Cluster
from common.context import Context, Related
from common.kind import Kind
from common.metadata import TOKEN_REFRESH_AT
from common.naming import PREFIX
from common.objects import Obj
from tests.property.world import World

NAMESPACE: Obj = {"metadata": {"name": "default", "uid": "ns", "resourceVersion": "1"}}
_TOKEN_BYTES = 900
_CREATED = "2026-01-01T00:00:00Z"
_CONDITIONS = "PodReadyToStartContainers Initialized Ready ContainersReady PodScheduled".split()
_ACCOUNT = "kube-api-access-abcde"
_SOURCES: list[Obj] = [
    {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
    {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
    {
        "downwardAPI": {
            "items": [
                {
                    "path": "namespace",
                    "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"},
                }
            ]
        }
    },
]
_OWN_NAME = {"apiVersion": "v1", "fieldPath": "metadata.name"}
_CONTAINER: Obj = {
    "name": "web",
    "image": "nginx:1.27",
    "imagePullPolicy": "IfNotPresent",
    "ports": [{"containerPort": 80, "protocol": "TCP"}],
    "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
    "env": [
        {
            "name": "POD",
            "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}},
        }
    ],
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
    "volumeMounts": [
        {
            "name": _ACCOUNT,
            "readOnly": True,
            "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
        }
    ],
}
_POD_SPEC: Obj = {
    "containers": [_CONTAINER],
    "volumes": [{"name": _ACCOUNT, "projected": {"defaultMode": 420, "sources": _SOURCES}}],
    "restartPolicy": "Always",
    "terminationGracePeriodSeconds": 30,
    "dnsPolicy": "ClusterFirst",
    "serviceAccountName": "default",
    "serviceAccount": "default",
    "securityContext": {},
    "schedulerName": "default-scheduler",
    "tolerations": [
        {
            "key": f"node.kubernetes.io/{why}",
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": 300,
        }
        for why in ("not-ready", "unreachable")
    ],
    "priority": 0,
    "enableServiceLinks": True,
    "preemptionPolicy": "PreemptLowerPriority",
}
_RUNNING: Obj = {
    "phase": "Running",
    "hostIP": "10.0.0.1",
    "podIP": "10.1.2.3",
    "podIPs": [{"ip": "10.1.2.3"}],
    "startTime": _CREATED,
    "qosClass": "Burstable",
    "conditions": [
        {"type": each, "status": "True", "lastProbeTime": None, "lastTransitionTime": _CREATED}
        for each in _CONDITIONS
    ],
    "containerStatuses": [
        {
            "name": "web",
            "image": "nginx:1.27",
            "imageID": "docker.io/library/nginx@sha256:" + 64 * "a",
            "containerID": "containerd://" + 64 * "b",
            "ready": True,
            "started": True,
            "restartCount": 0,
            "state": {"running": {"startedAt": _CREATED}},
            "lastState": {},
        }
    ],
}


def pods(kind: Kind, cluster: Cluster, count: int) -> Iterator[tuple[Obj, Obj]]:
    """Virtual and host objects: running, as API servers fill them in, with a token each."""
    for number in range(count):
        world = _world(kind, cluster, {**_named(f"web-{number}"), "spec": _POD_SPEC})
        assert world.host is not None
        world.host["spec"]["nodeName"], world.host["status"] = "node-1", _RUNNING
        world.settle()
        notes = world.host["metadata"]["annotations"]
        notes[f"{PREFIX}token-{_ACCOUNT}-0"] = _TOKEN_BYTES * "t"
        notes[TOKEN_REFRESH_AT] = str(int(time.time() + 3000))
        yield _pair(world)


def configmaps(kind: Kind, cluster: Cluster, count: int) -> Iterator[tuple[Obj, Obj]]:
    for number in range(count):
        data = {"data": {"settings.yaml": "level: info\n" * 20}}
        yield _pair(_world(kind, cluster, {**_named(f"settings-{number}"), **data}))


def _named(name: str) -> Obj:
    metadata = {
        "name": name,
        "namespace": "default",
        "uid": f"uid-{name}",
        "resourceVersion": "10",
        "generation": 1,
        "creationTimestamp": _CREATED,
        "labels": {"app": "web"},
    }
    return {"metadata": metadata}


def _world(kind: Kind, cluster: Cluster, virtual: Obj) -> World:
    context = Context(cluster, Related(namespace=NAMESPACE), time.time())
    world = World(kind, context, {"apiVersion": kind.api_version, "kind": kind.kind, **virtual})
    world.settle()
    return world


def _pair(world: World) -> tuple[Obj, Obj]:
    assert world.virtual is not None
    assert world.host is not None
    return world.virtual, world.host
