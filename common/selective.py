"""Selective sync: kinds of which only the objects that something refers to are synced."""

from common.context import Context

UNREFERENCED = "no synced object refers to it"
SELECTIVE = {"configmaps": "configMaps", "secrets": "secrets"}
"""These kinds, and the names of their options."""


def unreferenced(plural: str, context: Context, *, always_selective: bool = False) -> str:
    """Why an object of a selective kind is not synced; "" when it is."""
    if context.related.referrers:
        return ""
    if plural in context.cluster.all_objects and not always_selective:
        return ""
    return UNREFERENCED
