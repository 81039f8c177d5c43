"""A custom resource that is synced by declaration; the host's CRD refuses some of its objects."""

from __future__ import annotations

from random import Random
from typing import Final

from tests.chaos.objects import Obj
from tests.chaos.templates.template import NAMES, Patch, Place, Template, named

LARGEST: Final = 100
"""The largest `spec.size` that the host takes; the virtual cluster takes any."""


def definition(host: bool) -> Obj:
    """The CRD of one side."""
    size: Obj = {"type": "integer", **({"maximum": LARGEST} if host else {})}
    spec = {
        "type": "object",
        "properties": {"size": size},
        "x-kubernetes-preserve-unknown-fields": True,
    }
    status = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = {"type": "object", "properties": {"spec": spec, "status": status}}
    version = {"name": "v1", "served": True, "storage": True, "subresources": {"status": {}}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget"},
            "versions": [{**version, "schema": {"openAPIV3Schema": schema}}],
        },
    }


def is_poison(widget: Obj) -> bool:
    """Whether the host refuses it as it is."""
    return int((widget.get("spec") or {}).get("size") or 0) > LARGEST


def _widget(chance: Random, place: Place) -> Obj:
    spec: Obj = {"size": chance.randrange(50), "secretName": chance.choice(NAMES)}
    if chance.random() < 0.12:
        spec["size"] = LARGEST + 1
    if chance.random() < 0.5:
        spec["colours"] = chance.sample(("red", "green", "blue"), 2)
    found = named(chance, place, spec=spec)
    return {"apiVersion": "example.com/v1", "kind": "Widget", **found}


def _edit(chance: Random, _obj: Obj) -> Patch:
    match chance.randrange(4):
        case 0:
            return Patch({"spec": {"secretName": chance.choice((None, *NAMES))}})
        case 1:
            return Patch({"spec": {"colours": chance.choice((None, ["red"], ["blue", "red"]))}})
        case 2 if chance.random() < 0.2:
            return Patch({"spec": {"size": LARGEST + 1}})
    return Patch({"spec": {"size": chance.randrange(50)}})


def _spoil(_chance: Random, _obj: Obj) -> Patch:
    return Patch({"spec": {"size": 77}})


def _report(chance: Random, obj: Obj) -> Patch:
    seen = {"observedGeneration": obj["metadata"].get("generation", 1)}
    return Patch({"status": {"ready": chance.random() < 0.5, **seen}}, "status")


TEMPLATES = (Template("widgets", _widget, _edit, _spoil, _report, weight=1.2),)
