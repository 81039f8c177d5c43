"""What the API server fills in on a CustomResourceDefinition: it accepts every one at once."""

from __future__ import annotations

from typing import Any

from sandbox.kinds.pod_defaults import fill
from sandbox.objects import timestamp

Object = dict[str, Any]


def default_definition(definition: Object) -> None:
    names = definition["spec"]["names"]
    fill(names, singular=names["kind"].lower(), listKind=f"{names['kind']}List")
    fill(definition["spec"], conversion={"strategy": "None"})
    definition["status"] = {
        "conditions": [
            _condition("NamesAccepted", "NoConflicts", "no conflicts found"),
            _condition(
                "Established", "InitialNamesAccepted", "the initial names have been accepted"
            ),
        ],
        "acceptedNames": dict(names),
        "storedVersions": [
            version["name"] for version in definition["spec"]["versions"] if version.get("storage")
        ],
    }


def _condition(type_: str, reason: str, message: str) -> Object:
    return {
        "type": type_,
        "status": "True",
        "lastTransitionTime": timestamp(),
        "reason": reason,
        "message": message,
    }
