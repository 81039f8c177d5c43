"""The annotations that tell a driver's helpers the Secret to delete a volume or snapshot with."""

from common.context import Context, Ref
from common.following import certain_name, certain_namespace
from common.objects import Obj, annotations

_NAME, _NAMESPACE = "-secret-name", "-secret-namespace"


def deletion_secret(obj: Obj, start: str) -> Ref | None:
    """The Secret that the annotations `<start>-secret-name` and `-secret-namespace` name."""
    notes = annotations(obj)
    name, namespace = notes.get(f"{start}{_NAME}"), notes.get(f"{start}{_NAMESPACE}")
    return Ref("secrets", namespace, name) if name and namespace else None


def follow_deletion_secret(
    notes: dict[str, str], start: str, obj: Obj, context: Context
) -> dict[str, str]:
    """The annotations with that Secret in the host's words. One alone is left out: it would name
    a Secret, or open a namespace, of the host."""
    kept = {
        key: note
        for key, note in notes.items()
        if key not in (f"{start}{_NAME}", f"{start}{_NAMESPACE}")
    }
    ref = deletion_secret(obj, start)
    if ref is None:
        return kept
    return {
        **kept,
        f"{start}{_NAME}": certain_name(ref, context),
        f"{start}{_NAMESPACE}": certain_namespace(context.cluster, ref.namespace),
    }
