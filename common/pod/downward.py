"""The downward API: what a pod asks about itself must be answered with its virtual self."""

import json
import re
from collections.abc import Iterable, Mapping

from common.cluster import Cluster
from common.metadata import NAME, NAMESPACE, UID
from common.naming import PREFIX, label_key
from common.objects import Obj

LABELS = f"{PREFIX}labels"
SERVICE_ACCOUNT_NAME = f"{PREFIX}service-account-name"
OWNER_REFERENCES = f"{PREFIX}owner-references"
OWNER_SET_KIND = f"{PREFIX}owner-set-kind"

_ANSWERS = {
    "metadata.name": NAME,
    "metadata.namespace": NAMESPACE,
    "metadata.uid": UID,
    "metadata.labels": LABELS,
    "spec.serviceAccountName": SERVICE_ACCOUNT_NAME,
}
_LABEL = re.compile(r"metadata\.labels\['(.*)'\]", re.DOTALL)
_OWNER_FIELDS = ("apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion")


def translate_field(field: Obj, cluster: Cluster) -> Obj:
    """A fieldRef that reads on the host what the virtual pod would read."""
    path = field.get("fieldPath") or ""
    if path in _ANSWERS:
        return {**field, "fieldPath": annotation_path(_ANSWERS[path])}
    if label := _LABEL.fullmatch(path):
        return {**field, "fieldPath": f"metadata.labels['{label_key(cluster, label[1])}']"}
    return field


def translate_items(items: Iterable[Obj] | None, cluster: Cluster) -> list[Obj]:
    """The files of a downward API volume or projection."""
    return [
        {**item, "fieldRef": translate_field(item["fieldRef"], cluster)}
        if item.get("fieldRef")
        else item
        for item in items or ()
    ]


def annotation_path(key: str) -> str:
    return f"metadata.annotations['{key}']"


def labels_text(virtual_labels: Mapping[str, str]) -> str:
    """Labels as the downward API writes them to a file: sorted lines `key="value"`."""
    return "\n".join(sorted(f'{key}="{value}"' for key, value in virtual_labels.items()))


def owners_text(owners: Iterable[Obj]) -> str:
    """Owner references as compact JSON, the fields in the order of the Kubernetes types."""
    ordered = [{key: owner[key] for key in _OWNER_FIELDS if key in owner} for owner in owners]
    return json.dumps(ordered, separators=(",", ":"), ensure_ascii=False)
