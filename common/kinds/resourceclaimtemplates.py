"""ResourceClaimTemplates: the claims made from them come from the virtual cluster, unless claims
aren't synced: then the host makes them, with the labels and annotations that a template says."""

from common.context import Context
from common.kind import Doc, Kind
from common.metadata import translate_labels, travelling_annotations
from common.objects import Obj, annotations, labels


def _translate(virtual: Obj, context: Context) -> Obj:
    spec: Obj = virtual.get("spec") or {}
    if not spec.get("metadata"):
        return {"spec": spec}
    metadata = {**spec["metadata"]}
    if "labels" in metadata:
        metadata["labels"] = translate_labels(context.cluster, labels(spec))
    if "annotations" in metadata:
        metadata["annotations"] = travelling_annotations(annotations(spec))
    return {"spec": {**spec, "metadata": metadata}}


KIND = Kind(
    plural="resourceclaimtemplates",
    kind="ResourceClaimTemplate",
    group="resource.k8s.io",
    option="resourceClaimTemplates",
    discovered=True,
    translate=_translate,
    doc=Doc(
        down="the whole spec, at creation",
        translated="labels and annotations for its claims; the spec never changes",
    ),
)
