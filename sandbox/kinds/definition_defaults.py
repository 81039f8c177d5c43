"""What the API server fills in on a CustomResourceDefinition: it accepts every one at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sandbox.errors import Cause
from sandbox.kinds.pod_defaults import fill
from sandbox.kinds.reasons import required, wrong
from sandbox.objects import timestamp

Object = dict[str, Any]

CLEANUP: Final = "customresourcecleanup.apiextensions.k8s.io"
_ACCEPTED: Final = (
    ("NamesAccepted", "NoConflicts", "no conflicts found"),
    ("Established", "InitialNamesAccepted", "the initial names have been accepted"),
)
_TERMINATING: Final = (
    "Terminating",
    "InstanceDeletionPending",
    "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
)


def default_definition(definition: Object) -> None:
    names = definition["spec"]["names"]
    fill(names, singular=names["kind"].lower(), listKind=f"{names['kind']}List")
    fill(definition["spec"], conversion={"strategy": "None"})
    status = definition.setdefault("status", {})
    status.setdefault("conditions", [_condition(*accepted) for accepted in _ACCEPTED])
    status["acceptedNames"] = dict(names)
    stored = status.setdefault("storedVersions", [])
    for version in definition["spec"]["versions"]:
        if version.get("storage") and version["name"] not in stored:
            stored.append(version["name"])


def mark_terminating(definition: Object) -> None:
    """The definition stays until its objects are gone."""
    definition["metadata"].setdefault("finalizers", []).append(CLEANUP)
    definition["status"]["conditions"].append(_condition(*_TERMINATING))


def validate_definition(definition: Object) -> Iterator[Cause]:
    spec = definition["spec"]
    name = definition["metadata"].get("name")
    if name != f"{spec['names']['plural']}.{spec['group']}":
        yield wrong("metadata.name", name, 'must be spec.names.plural+"."+spec.group')
    for index, version in enumerate(spec["versions"]):
        if not (version.get("schema") or {}).get("openAPIV3Schema"):
            yield required(f"spec.versions[{index}].schema.openAPIV3Schema")
    if sum(bool(version.get("storage")) for version in spec["versions"]) != 1:
        why = "must have exactly one version marked as storage version"
        yield wrong("spec.versions", spec["versions"], why)


def _condition(type_: str, reason: str, message: str) -> Object:
    return {
        "type": type_,
        "status": "True",
        "lastTransitionTime": timestamp(),
        "reason": reason,
        "message": message,
    }
