"""Chosen fields of a host object, where nothing, 0, false and empty each mean something else."""

from collections.abc import Iterable

from common.objects import Obj, merge_diff


def fields_patch(found: Obj, wanted: Obj, fields: Iterable[str]) -> Obj:
    """The merge patch that makes these fields of `found` as in `wanted`; null is nothing."""
    names = tuple(fields)
    patch: Obj = merge_diff(_chosen(found, names), _chosen(wanted, names))
    return patch


def _chosen(obj: Obj, fields: Iterable[str]) -> Obj:
    return {field: obj[field] for field in fields if obj.get(field) is not None}
