"""A Kind by declaration: the whole body goes down, the status comes up.

Its kind and version are found where it is served (`common.kube.served`), so both are "" here.
"""

from dataclasses import replace
from typing import Any

from common.actions import Action
from common.context import Context
from common.custom.body import SENT_FIELDS, body_of, body_patch, fields_text
from common.generation import observed_generation
from common.kind import Doc, Kind
from common.objects import Obj, annotations
from common.patches.rules import CustomRule
from common.upward import status_up

_GENERATION = "observedGeneration"


def bare(rule: CustomRule) -> Kind:
    """Before patches; `following` makes it whole."""
    return Kind(
        plural=rule.plural,
        kind="",
        option=f'customResources["{rule.plural}"]',
        group=rule.group,
        version=rule.version,
        namespaced=rule.namespaced,
        discovered=True,
        translate=_translate,
        up=_up,
        virtual_access=(f"{rule.plural}/status: patch", f"{rule.plural}: patch"),
        doc=Doc(down="everything but the status", up="status"),
    )


def following(kind: Kind) -> Kind:
    """The kind, with host objects that follow the virtual ones; last of all, so that they follow
    what patches make of these."""

    def decorate(
        virtual: Obj, context: Context, labels: dict[str, str], notes: dict[str, str]
    ) -> None:
        kind.decorate(virtual, context, labels, notes)
        notes[SENT_FIELDS] = fields_text(kind.translate(virtual, context))

    return replace(kind, decorate=decorate, patch_down=_patch_down)


def _translate(virtual: Obj, _context: Context) -> Obj:
    return body_of(virtual)


def _patch_down(_virtual: Obj, translated: Obj, host: Obj, _context: Context) -> Obj:
    return body_patch(translated, host, annotations(host).get(SENT_FIELDS, ""))


def _up(virtual: Obj, host: Obj, context: Context) -> list[Action]:
    """The host's controllers write the status; until they do, the virtual one stays as it is."""
    found = host.get("status")
    if not isinstance(found, dict) or not found:
        return []
    status = _observed(found, virtual, host, context)
    conditions = status.get("conditions")
    if isinstance(conditions, list):
        status["conditions"] = [_observed(each, virtual, host, context) for each in conditions]
    return status_up(virtual, status)


def _observed(part: Any, virtual: Obj, host: Obj, context: Context) -> Any:
    """A status or condition, as new dict; the generation it speaks of is the virtual object's."""
    if not isinstance(part, dict):
        return part
    if not isinstance(part.get(_GENERATION), int):
        return dict(part)
    seen = observed_generation(virtual, host, part[_GENERATION], context.host_pending)
    return {**part, _GENERATION: seen}
