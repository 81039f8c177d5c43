"""Pairs in sync of the size, and the variety, that real ones have."""

import hashlib
import uuid
from collections.abc import Iterator
from itertools import count as numbers
from itertools import islice
from typing import Any

import orjson

from benchmarks.pairs import configmaps
from common.cluster import Cluster
from common.kind import Kind
from common.objects import Obj

Pair = tuple[Obj, Obj]
_LARGE_LINES = 2_850
_TIME = "2026-01-01T00:00:00Z"
_APART = ("apiVersion", "kind", "metadata", "status")
# By which fields the members of lists are told apart; other lists are owned as a whole.
_KEYS: dict[str, tuple[str, ...]] = {
    "conditions": ("type",),
    "containers": ("name",),
    "env": ("name",),
    "podIPs": ("ip",),
    "ports": ("containerPort", "protocol"),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
}


def individual(pairs: Iterator[Pair]) -> Iterator[Pair]:
    """Names and ids as long as real ones and as different: else they would compress all too
    well."""
    for number, pair in enumerate(pairs):
        name = pair[0]["metadata"]["name"]
        digest = hashlib.sha256(name.encode()).hexdigest()
        text = orjson.dumps(pair).decode()
        for short, real in (
            (f"uid-{name}", str(uuid.uuid5(uuid.NAMESPACE_OID, f"virtual {name}"))),
            ("host-1", str(uuid.uuid5(uuid.NAMESPACE_OID, f"host {name}"))),
            (name, f"{name}-7c9d8b6f5d-{digest[:5]}"),
            ("b" * 64, digest),
            ("10.1.2.3", f"10.1.{number // 250 % 250}.{number % 250}"),
        ):
            text = text.replace(short, real)
        virtual, host = orjson.loads(text)
        yield virtual, host


def tiny_configmaps(kind: Kind, cluster: Cluster, count: int) -> Iterator[Pair]:
    """Hardly anything but metadata: what is kept around objects counts most."""
    for pair in configmaps(kind, cluster, count):
        for obj in pair:
            obj["data"] = {"level": "info"}
        yield pair


def large_configmaps(kind: Kind, cluster: Cluster, count: int) -> Iterator[Pair]:
    """About 100 kB of readable text that says something else in every line."""
    for number, pair in enumerate(configmaps(kind, cluster, count)):
        text = "".join(islice(_rules(number), _LARGE_LINES))
        for obj in pair:
            obj["data"] = {"rules.conf": text}
        yield pair


def _rules(seed: int) -> Iterator[str]:
    for number in numbers():
        some = hashlib.sha256(f"{seed} {number}".encode()).hexdigest()
        yield f"rule {some[:8]}: allow from {some[8:11]} to {some[11:14]}\n"


def as_served(obj: Obj) -> Obj:
    """The object with `metadata.managedFields`, for whoever created it and whoever writes its
    status. Good for sizes only: real ones differ by their managers and their history."""
    parts: list[tuple[str, list[str], Obj]] = [
        ("kube-controller-manager", [key for key in obj if key not in _APART], {})
    ]
    if "status" in obj:
        parts.append(("kubelet", ["status"], {"subresource": "status"}))
    managed = [_entry(obj, *part) for part in parts]
    return {**obj, "metadata": {**obj["metadata"], "managedFields": managed}}


def _entry(obj: Obj, manager: str, keys: list[str], more: Obj) -> Obj:
    owned = {key: obj[key] for key in keys}
    if "status" not in keys:
        notes = {key: obj["metadata"].get(key) for key in ("annotations", "labels")}
        owned["metadata"] = {key: value for key, value in notes.items() if value}
    return {
        "manager": manager,
        "operation": "Update",
        "apiVersion": obj.get("apiVersion", "v1"),
        "time": _TIME,
        "fieldsType": "FieldsV1",
        "fieldsV1": _fields(owned, ""),
        **more,
    }


def _fields(value: Any, name: str) -> Obj:
    """FieldsV1 of a value; `name` is the field that holds it."""
    if isinstance(value, dict):
        return {f"f:{key}": _fields(each, key) for key, each in value.items()}
    told_apart = _KEYS.get(name)
    if not isinstance(value, list) or not told_apart:
        return {}
    members: Obj = {".": {}}
    for each in value:
        key = ",".join(f'"{part}":{_text(each[part])}' for part in told_apart)
        members[f"k:{{{key}}}"] = {".": {}, **_fields(each, "")}
    return members


def _text(value: Any) -> str:
    return str(value) if isinstance(value, int) else f'"{value}"'
