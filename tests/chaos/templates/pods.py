"""Pods, which refer to most other kinds."""

from __future__ import annotations

from random import Random
from typing import Final

from tests.chaos.objects import Obj, at
from tests.chaos.templates.template import NAMES, ROBOT, STEADY, Patch, Place, Template, named

_IMAGES: Final = ("nginx:1.27", "docker.io/library/redis:7", "quay.io/tools/box:1", "example.com/a")
_FIELDS: Final = ("metadata.name", "metadata.namespace", "metadata.uid", "metadata.labels['app']")
_TOLERATION: Final = {"key": "spot", "operator": "Exists", "effect": "NoSchedule"}


def _pod(chance: Random, place: Place) -> Obj:
    spec: Obj = {"containers": [_container(chance, "main")]}
    if chance.random() < 0.2:
        spec["containers"].append(_container(chance, "side"))
    if chance.random() < 0.7:
        spec["enableServiceLinks"] = False
    spec["terminationGracePeriodSeconds"] = chance.choice((0, 1, 5, 30))
    for decorate in (_scheduling, _network):
        decorate(chance, spec)
    if not place.alone:
        _references(chance, spec)
    if chance.random() < 0.05:
        spec["schedulingGates"] = [{"name": "example.com/gate"}]
    return named(chance, place, spec=spec)


def _container(chance: Random, name: str) -> Obj:
    found: Obj = {"name": name, "image": chance.choice(_IMAGES)}
    if chance.random() < 0.5:
        source = {"fieldRef": {"fieldPath": chance.choice(_FIELDS)}}
        found["env"] = [{"name": "SELF", "valueFrom": source}, {"name": "PLAIN", "value": "1"}]
    if chance.random() < 0.5:
        found["resources"] = {"requests": {"cpu": "10m", "memory": "16Mi"}}
    return found


def _scheduling(chance: Random, spec: Obj) -> None:
    if chance.random() < 0.2:
        spec["tolerations"] = [_TOLERATION]
    if chance.random() < 0.2:
        spec["priorityClassName"] = STEADY
    if chance.random() < 0.15:
        spread = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}
        selector = {"matchLabels": {"app": chance.choice(NAMES), "release": "stable"}}
        spec["topologySpreadConstraints"] = [{**spread, "labelSelector": selector}]
    if chance.random() < 0.15:
        term: Obj = {"topologyKey": "zone", "labelSelector": {"matchLabels": {"app": "n0"}}}
        if chance.random() < 0.5:
            term["namespaceSelector"] = {"matchLabels": {"team": "x"}}
        key = "requiredDuringSchedulingIgnoredDuringExecution"
        spec["affinity"] = {"podAntiAffinity": {key: [term]}}


def _network(chance: Random, spec: Obj) -> None:
    if chance.random() < 0.2:
        spec["dnsPolicy"] = chance.choice(("Default", "ClusterFirst"))
    if chance.random() < 0.1:
        spec["hostAliases"] = [{"ip": "192.0.2.3", "hostnames": ["elsewhere"]}]
    if chance.random() < 0.1:
        spec["dnsConfig"] = {"searches": ["example.com"], "options": [{"name": "ndots"}]}


def _references(chance: Random, spec: Obj) -> None:
    """Some, to objects that exist or don't."""
    count = chance.choice((0, 1, 1, 2))
    if volumes := [{"name": f"v{number}", **_volume(chance)} for number in range(count)]:
        spec["volumes"] = volumes
    main = spec["containers"][0]
    if chance.random() < 0.3:
        source = chance.choice(("configMapRef", "secretRef"))
        main["envFrom"] = [{source: {"name": chance.choice(NAMES)}}]
    if chance.random() < 0.3:
        key = chance.choice(("configMapKeyRef", "secretKeyRef"))
        source_of = {key: {"name": chance.choice(NAMES), "key": "key", "optional": True}}
        main["env"] = [*main.get("env", ()), {"name": "FROM", "valueFrom": source_of}]
    if chance.random() < 0.15:
        init = {"name": "init", "image": chance.choice(_IMAGES)}
        spec["initContainers"] = [{**init, "envFrom": [{"secretRef": {"name": "n1"}}]}]
    if chance.random() < 0.1:
        spec["imagePullSecrets"] = [{"name": chance.choice(NAMES)}]
    if chance.random() < 0.25:
        spec["serviceAccountName"] = chance.choice(NAMES)
    if chance.random() < 0.1:
        token = {"audience": "vault", "expirationSeconds": 3600, "path": "token"}
        projected = {"sources": [{"serviceAccountToken": token}]}
        spec["volumes"] = [*spec.get("volumes", ()), {"name": "identity", "projected": projected}]
        spec["serviceAccountName"] = ROBOT


def _volume(chance: Random) -> Obj:
    name = chance.choice(NAMES)
    match chance.randrange(6):
        case 0:
            return {"secret": {"secretName": name}}
        case 1:
            return {"persistentVolumeClaim": {"claimName": name}}
        case 2:
            sources = [{"configMap": {"name": name}}, {"secret": {"name": chance.choice(NAMES)}}]
            return {"projected": {"sources": sources}}
        case 3:
            return {"emptyDir": {}}
        case 4:
            file = {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}
            return {"downwardAPI": {"items": [file]}}
    return {"configMap": {"name": name}}


def _edit(chance: Random, pod: Obj) -> Patch | None:
    spec = pod["spec"]
    if spec.get("schedulingGates"):
        return Patch({"spec": {"schedulingGates": []}})
    match chance.randrange(4):
        case 0:
            added = {"key": f"k{chance.randrange(3)}", "operator": "Exists", "effect": "NoExecute"}
            return Patch({"spec": {"tolerations": [*spec.get("tolerations", ()), added]}})
        case 1:
            debug = {"name": f"debug-{chance.randrange(100)}", "image": chance.choice(_IMAGES)}
            whole = [*spec.get("ephemeralContainers", ()), debug]
            return Patch({"spec": {"ephemeralContainers": whole}}, "ephemeralcontainers")
        case 2 if "activeDeadlineSeconds" not in spec:
            return Patch({"spec": {"activeDeadlineSeconds": 100_000}})
    first, *others = spec["containers"]
    return Patch({"spec": {"containers": [{**first, "image": chance.choice(_IMAGES)}, *others]}})


def _spoil(chance: Random, pod: Obj) -> Patch:
    first, *others = pod["spec"]["containers"]
    if chance.random() < 0.5:
        return Patch({"metadata": {"labels": {"app": "spoiled"}}})
    return Patch({"spec": {"containers": [{**first, "image": "spoiled:1"}, *others]}})


def _report(chance: Random, pod: Obj) -> Patch | None:
    """It finishes or is evicted."""
    if at(pod, "status.phase") != "Running":
        return None
    if chance.random() < 0.5:
        return Patch({"status": {"phase": "Succeeded"}}, "status")
    evicted = {"phase": "Failed", "reason": "Evicted", "message": "the node was low on memory"}
    return Patch({"status": evicted}, "status")


TEMPLATES = (Template("pods", _pod, _edit, _spoil, _report, weight=5),)
