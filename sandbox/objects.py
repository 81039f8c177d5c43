"""The parts of an object that the server writes.

Identity, times, and names made up from a prefix.
"""

from __future__ import annotations

import random
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, Final

Object = dict[str, Any]

_SUFFIX_ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"
_SUFFIX_LENGTH: Final = 5
_NAME_LIMIT: Final = 63
# Kinds whose objects count changes of what they ask for.
GENERATIONS: Final = frozenset(
    {
        "cronjobs.batch",
        "customresourcedefinitions.apiextensions.k8s.io",
        "daemonsets.apps",
        "deployments.apps",
        "deviceclasses.resource.k8s.io",
        "endpointslices.discovery.k8s.io",
        "ingressclasses.networking.k8s.io",
        "ingresses.networking.k8s.io",
        "jobs.batch",
        "mutatingwebhookconfigurations.admissionregistration.k8s.io",
        "networkpolicies.networking.k8s.io",
        "poddisruptionbudgets.policy",
        "pods",
        "priorityclasses.scheduling.k8s.io",
        "replicasets.apps",
        "replicationcontrollers",
        "resourceslices.resource.k8s.io",
        "statefulsets.apps",
        "validatingwebhookconfigurations.admissionregistration.k8s.io",
    }
)


def timestamp(after_s: float = 0) -> str:
    """Now, or so many seconds later, as the API writes times: UTC to the second."""
    return (datetime.now(UTC) + timedelta(seconds=after_s)).strftime("%Y-%m-%dT%H:%M:%SZ")


def shift(time: str, by_s: float) -> str:
    moved = datetime.fromisoformat(time) + timedelta(seconds=by_s)
    return moved.strftime("%Y-%m-%dT%H:%M:%SZ")


def new_metadata(name: str, namespace: str = "", labels: dict[str, str] | None = None) -> Object:
    metadata: Object = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    metadata |= {"uid": str(uuid.uuid4()), "creationTimestamp": timestamp()}
    return metadata | {"labels": labels} if labels else metadata


def generate_name(prefix: str) -> str:
    suffix = "".join(random.choices(_SUFFIX_ALPHABET, k=_SUFFIX_LENGTH))
    return prefix[: _NAME_LIMIT - _SUFFIX_LENGTH] + suffix


def desired_part(obj: Object) -> Object:
    """What an object asks for.

    All but its metadata and status. A change of it is a new generation.
    """
    return {key: value for key, value in obj.items() if key not in ("metadata", "status")}
