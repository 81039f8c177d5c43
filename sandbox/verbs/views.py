"""The other forms of an object: inside a list, and metadata only."""

from __future__ import annotations

from typing import Final

import orjson

from sandbox.kinds.resources import Resource
from sandbox.state.cluster import render
from sandbox.state.storage import Item

_PARTIAL: Final = b'{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":%b}'


def partial(item: Item) -> bytes:
    return _PARTIAL % orjson.dumps(item.obj["metadata"])


def rendered_in_list(resource: Resource, item: Item) -> bytes:
    """Items of a list don't repeat kind and apiVersion, except those of custom resources."""
    if resource.custom:
        return render(resource, item)
    return b"{" + render(resource, item)[len(resource.prefix) :]
