"""PodDisruptionBudgets, PriorityClasses and device claims."""

from __future__ import annotations

from random import Random

from tests.chaos.objects import Obj
from tests.chaos.templates.template import (
    NAMES,
    Patch,
    Place,
    Template,
    named,
    relabel,
    spoil_labels,
)


def _budget(chance: Random, place: Place) -> Obj:
    selector = {"matchLabels": {"app": chance.choice(NAMES)}}
    return named(chance, place, spec={"minAvailable": chance.randrange(3), "selector": selector})


def _edit_budget(chance: Random, _obj: Obj) -> Patch:
    if chance.random() < 0.5:
        return Patch({"spec": {"minAvailable": chance.randrange(4)}})
    return Patch({"spec": {"selector": {"matchLabels": {"release": "stable"}}}})


def _spoil_budget(_chance: Random, _obj: Obj) -> Patch:
    return Patch({"spec": {"minAvailable": 99}})


def _report_budget(chance: Random, budget: Obj) -> Patch:
    counted = {
        "currentHealthy": chance.randrange(1, 5),
        "desiredHealthy": 1,
        "disruptionsAllowed": chance.randrange(3),
        "expectedPods": chance.randrange(1, 5),
    }
    return Patch({"status": counted}, "status")


def _priority(chance: Random, place: Place) -> Obj:
    return named(chance, place, value=chance.randrange(1000), description="chaos")


def _edit_priority(chance: Random, obj: Obj) -> Patch:
    return Patch({"description": chance.choice(("one", "two"))})


def _device_spec() -> Obj:
    exactly = {"deviceClassName": "gpu", "allocationMode": "ExactCount", "count": 1}
    return {"devices": {"requests": [{"name": "gpu", "exactly": exactly}]}}


def _claim(chance: Random, place: Place) -> Obj:
    return named(chance, place, spec=_device_spec())


def _template(chance: Random, place: Place) -> Obj:
    return named(chance, place, spec={"spec": _device_spec()})


TEMPLATES = (
    Template(
        "poddisruptionbudgets", _budget, _edit_budget, _spoil_budget, _report_budget, weight=0.8
    ),
    Template("priorityclasses", _priority, _edit_priority, spoil_labels, weight=0.5),
    Template("resourceclaims", _claim, relabel, spoil_labels, weight=0.6),
    Template("resourceclaimtemplates", _template, relabel, spoil_labels, weight=0.5),
)
