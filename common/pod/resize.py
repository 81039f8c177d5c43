"""In-place resize: CPU and memory of running containers.

What the host pod has may differ from what the virtual pod asks for, since the host's admission
(a LimitRange, a webhook, an autoscaler) has its say. So the host pod remembers what was sent, and
only what the virtual pod has changed since then goes down.
"""

from collections.abc import Iterator
from typing import Any

import orjson

from common.actions import Action, Patch
from common.metadata import SENT
from common.objects import Obj, annotations, name_of, namespace_of, uid
from common.quantity import number

SENT_RESOURCES = f"{SENT}resources"
_LISTS = ("initContainers", "containers")
_PARTS = ("requests", "limits")
_RESIZED = ("cpu", "memory")
# The pod as a whole, in what is remembered: no container has this name.
_POD = ""


def resources_text(virtual: Obj) -> str:
    """What a pod asks for, by container, to be remembered; "" when it asks for nothing."""
    asked = dict(_asked(virtual.get("spec") or {}))
    return orjson.dumps(asked, option=orjson.OPT_SORT_KEYS).decode() if asked else ""


def resize_down(virtual: Obj, host: Obj, _context: object) -> list[Action]:
    """Send what changed, then remember that it was sent: a crash in between sends it once more."""
    text, sent_text = resources_text(virtual), annotations(host).get(SENT_RESOURCES) or ""
    if text == sent_text:
        return []
    changed = _changed(dict(_asked(virtual.get("spec") or {})), _read(sent_text))
    patch = _patch(host.get("spec") or {}, changed)
    if not patch and not sent_text:
        return []  # it has been so since it was created
    remember = {"metadata": {"annotations": {SENT_RESOURCES: text or None}}}
    actions: list[Action] = [_send(host, {"spec": patch}, "resize")] if patch else []
    return [*actions, _send(host, remember, "")]


def _asked(spec: Obj) -> Iterator[tuple[str, Obj]]:
    """Each container's CPU and memory, requests and limits, as far as it says."""
    if found := _sizes(spec):
        yield _POD, found
    for key in _LISTS:
        for container in spec.get(key) or ():
            if found := _sizes(container):
                yield str(container.get("name")), found


def _sizes(holder: Obj) -> Obj:
    resources = holder.get("resources")
    if not resources:
        return {}
    parts = {
        part: {key: given[key] for key in _RESIZED if given.get(key) is not None}
        for part in _PARTS
        if (given := resources.get(part))
    }
    return {part: sizes for part, sizes in parts.items() if sizes}


def _changed(asked: Obj, sent: Obj) -> Obj:
    """Of what is asked, what was not sent like this. What was asked once can't be taken back."""
    found: Obj = {}
    for name, parts in asked.items():
        for part, sizes in parts.items():
            before = (sent.get(name) or {}).get(part) or {}
            if new := {key: size for key, size in sizes.items() if before.get(key) != size}:
                found.setdefault(name, {})[part] = new
    return found


def _patch(spec: Obj, changed: Obj) -> Obj:
    """The strategic merge patch of a host pod's spec that gives it these sizes."""
    patch: Obj = {}
    if pod := _differing(spec, changed.get(_POD) or {}):
        patch["resources"] = pod
    for key in _LISTS:
        for container in spec.get(key) or ():
            name = container.get("name")
            if new := _differing(container, changed.get(name) or {}):
                patch.setdefault(key, []).append({"name": name, "resources": new})
    return patch


def _differing(holder: Obj, wanted: Obj) -> Obj:
    """What of this the host's doesn't have already, however it is written."""
    there: Obj = holder.get("resources") or {}
    parts = {
        part: {
            key: size
            for key, size in sizes.items()
            if number(size) != number((there.get(part) or {}).get(key))
        }
        for part, sizes in wanted.items()
    }
    return {part: sizes for part, sizes in parts.items() if sizes}


def _read(text: str) -> Any:
    """What was remembered; nothing when that can't be read."""
    try:
        sent = orjson.loads(text or "{}")
    except orjson.JSONDecodeError:
        return {}
    return sent if isinstance(sent, dict) else {}


def _send(host: Obj, patch: Obj, subresource: str) -> Patch:
    return Patch(
        side="host",
        namespace=namespace_of(host),
        name=name_of(host),
        patch=patch,
        uid=uid(host),
        subresource=subresource,
        patch_type="strategic" if subresource else "",
    )
