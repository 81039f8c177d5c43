"""Pods that obey or break the Pod Security Standards, one way or several at a time."""

import random
from collections.abc import Iterator, Mapping
from typing import Any

from common.objects import Obj

_CONTEXTS: Mapping[str, Obj] = {
    "seccomp-default": {"seccompProfile": {"type": "RuntimeDefault"}},
    "seccomp-local": {"seccompProfile": {"type": "Localhost", "localhostProfile": "p.json"}},
    "seccomp-unconfined": {"seccompProfile": {"type": "Unconfined"}},
    "apparmor-default": {"appArmorProfile": {"type": "RuntimeDefault"}},
    "apparmor-local": {"appArmorProfile": {"type": "Localhost", "localhostProfile": "p"}},
    "apparmor-unconfined": {"appArmorProfile": {"type": "Unconfined"}},
    "selinux-level": {"seLinuxOptions": {"level": "s0:c1"}},
    "selinux-type": {"seLinuxOptions": {"type": "container_engine_t"}},
    "selinux-own-type": {"seLinuxOptions": {"type": "spc_t"}},
    "selinux-user": {"seLinuxOptions": {"user": "system_u"}},
    "selinux-role": {"seLinuxOptions": {"role": "system_r"}},
    "root": {"runAsUser": 0},
    "user": {"runAsUser": 1000},
    "non-root": {"runAsNonRoot": True},
    "maybe-root": {"runAsNonRoot": False},
}
_CONTAINER_CONTEXTS: Mapping[str, Obj] = {
    "privileged": {"privileged": True},
    "unprivileged": {"privileged": False},
    "escalation": {"allowPrivilegeEscalation": True},
    "no-escalation": {"allowPrivilegeEscalation": False},
    "add-chown": {"capabilities": {"add": ["CHOWN"]}},
    "add-bind": {"capabilities": {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]}},
    "add-raw": {"capabilities": {"add": ["NET_RAW"], "drop": ["ALL"]}},
    "add-all": {"capabilities": {"add": ["ALL"]}},
    "add-prefixed": {"capabilities": {"add": ["CAP_CHOWN"]}},
    "drop-some": {"capabilities": {"drop": ["NET_RAW"]}},
    "drop-all": {"capabilities": {"drop": ["ALL"]}},
    "drop-small": {"capabilities": {"drop": ["all"]}},
    "proc-default": {"procMount": "Default"},
    "proc-unmasked": {"procMount": "Unmasked"},
}
_HTTP, _TCP = {"httpGet": {"port": 80}}, {"tcpSocket": {"port": 80}}
_HOST_HTTP = {"httpGet": {"port": 80, "host": "10.0.0.1"}}
_HOST_TCP = {"tcpSocket": {"port": 80, "host": "example.com"}}
CONTAINER_PARTS: Mapping[str, Obj] = {
    **{f"{name}": {"securityContext": each} for name, each in _CONTEXTS.items()},
    **{f"{name}": {"securityContext": each} for name, each in _CONTAINER_CONTEXTS.items()},
    "port": {"ports": [{"containerPort": 80}]},
    "host-port": {"ports": [{"containerPort": 80, "hostPort": 8080}]},
}
# Init containers have none of these.
MAIN_PARTS: Mapping[str, Obj] = {
    "liveness": {"livenessProbe": _HTTP},
    "liveness-host": {"livenessProbe": _HOST_HTTP},
    "readiness-host": {"readinessProbe": _HOST_TCP},
    "startup-host": {"startupProbe": _HOST_TCP},
    "liveness-tcp": {"livenessProbe": _TCP},
    "start-host": {"lifecycle": {"postStart": _HOST_HTTP}},
    "stop-host": {"lifecycle": {"preStop": _HOST_TCP}},
    "stop": {"lifecycle": {"preStop": _HTTP}},
}
_SOURCES: Mapping[str, Obj] = {
    "awsElasticBlockStore": {"volumeID": "x"},
    "azureDisk": {"diskName": "x", "diskURI": "https://blob/x.vhd"},
    "azureFile": {"secretName": "x", "shareName": "y"},
    "cephfs": {"monitors": ["a"]},
    "cinder": {"volumeID": "x"},
    "configMap": {"name": "x"},
    "csi": {"driver": "x.example.com"},
    "downwardAPI": {"items": []},
    "emptyDir": {},
    "ephemeral": {
        "volumeClaimTemplate": {
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": "1Gi"}},
            }
        }
    },
    "fc": {"targetWWNs": ["x"], "lun": 1},
    "flexVolume": {"driver": "x/y"},
    "gcePersistentDisk": {"pdName": "x"},
    "glusterfs": {"endpoints": "x", "path": "y"},
    "hostPath": {"path": "/var/log"},
    "image": {"reference": "nginx"},
    "iscsi": {"targetPortal": "127.0.0.1:3260", "iqn": "iqn.2001-04.com.example:x", "lun": 0},
    "nfs": {"server": "x", "path": "/"},
    "persistentVolumeClaim": {"claimName": "x"},
    "portworxVolume": {"volumeID": "x"},
    "projected": {"sources": [{"configMap": {"name": "x"}}]},
    "rbd": {"monitors": ["a"], "image": "x"},
    "secret": {"secretName": "x"},
    "vsphereVolume": {"volumePath": "x"},
}
_SYSCTLS = (
    "kernel.shm_rmid_forced",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.ip_local_reserved_ports",
    "net.core.somaxconn",
    "kernel.msgmax",
)
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/main"
POD_PARTS: Mapping[str, Obj] = {
    **{f"{name}": {"spec": {"securityContext": each}} for name, each in _CONTEXTS.items()},
    **{key: {"spec": {key: True}} for key in ("hostNetwork", "hostPID", "hostIPC")},
    "user-namespace": {"spec": {"hostUsers": False}},
    "no-user-namespace": {"spec": {"hostUsers": True}},
    "linux": {"spec": {"os": {"name": "linux"}}},
    "windows": {"spec": {"os": {"name": "windows"}}},
    "host-process": {
        "spec": {
            "hostNetwork": True,
            "securityContext": {"windowsOptions": {"hostProcess": True}},
        }
    },
    "volume-nothing": {"spec": {"volumes": [{"name": "nothing"}]}},
    **{
        f"volume-{key}": {"spec": {"volumes": [{"name": key.lower(), key: source}]}}
        for key, source in _SOURCES.items()
    },
    **{
        f"sysctl-{name}": {"spec": {"securityContext": {"sysctls": [{"name": name, "value": "1"}]}}}
        for name in _SYSCTLS
    },
    **{
        f"note-{value or 'empty'}": {"metadata": {"annotations": {_APPARMOR: value}}}
        for value in ("runtime/default", "localhost/p", "unconfined")
    },
}
_HARDENED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def _pod(context: Obj, **spec: Any) -> Obj:
    main, first = (
        {"name": name, "image": "nginx", "securityContext": context} for name in ("main", "first")
    )
    pod = {"containers": [main], "initContainers": [first], **spec}
    return {"metadata": {"name": "p"}, "spec": pod}


BASES: Mapping[str, Obj] = {
    "plain": _pod({}),
    "hardened": _pod(_HARDENED),
    "windows": {
        "metadata": {"name": "p"},
        "spec": {
            "containers": [{"name": "main", "image": "nginx"}],
            "os": {"name": "windows"},
            "securityContext": {"runAsNonRoot": True},
        },
    },
    "user-namespace": _pod({}, hostUsers=False),
}
_PARTS = [
    *(("pod", name) for name in POD_PARTS),
    *(("main", name) for name in (*CONTAINER_PARTS, *MAIN_PARTS)),
    *(("first", name) for name in CONTAINER_PARTS),
]


def single_cases() -> Iterator[tuple[str, Obj]]:
    """Each part alone, in each base; with a name."""
    for base in BASES:
        yield base, BASES[base]
        for part in _PARTS:
            yield _made(base, [part])


def mixed_cases(count: int, seed: int) -> Iterator[tuple[str, Obj]]:
    """Several parts at once."""
    chance = random.Random(seed)
    for _ in range(count):
        base = chance.choice(list(BASES))
        yield _made(base, chance.sample(_PARTS, chance.randint(2, 5)))


def _made(base: str, parts: list[tuple[str, str]]) -> tuple[str, Obj]:
    pod = BASES[base]
    for place, name in parts:
        pod = _joined(pod, _patch(pod, place, name))
    return " ".join([base, *(f"{place}:{name}" for place, name in parts)]), pod


def _patch(pod: Obj, place: str, name: str) -> Obj:
    if place == "pod":
        return POD_PARTS[name]
    key = "containers" if place == "main" else "initContainers"
    part = {**CONTAINER_PARTS, **MAIN_PARTS}[name]
    # A whole list stands in the place of the other: see `_joined`.
    return {"spec": {key: [_joined(each, part) for each in pod["spec"].get(key, ())]}}


def _joined(target: Any, patch: Any) -> Any:
    """A merge; lists of volumes and the like grow, those of containers are replaced."""
    if isinstance(patch, dict):
        result = dict(target) if isinstance(target, dict) else {}
        for key, value in patch.items():
            grows = key in ("volumes", "sysctls", "ports") and key in result
            result[key] = [*result[key], *value] if grows else _joined(result.get(key), value)
        return result
    return patch
