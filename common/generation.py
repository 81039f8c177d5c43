"""Which generation of a virtual object the host has observed, told from that of the host object."""

from typing import Any

from common.objects import Obj, meta

FIELD = "observedGeneration"


def follow_generation(part: Obj, virtual: Obj, host: Obj, host_pending: bool) -> Obj:
    """A status, or a condition of one, with the generation translated when it tells one. None
    observed yet is no field: servers leave out zeros, so writing one would never end."""
    if FIELD not in part:
        return part
    observed = observed_generation(virtual, host, part[FIELD], host_pending)
    rest = {key: value for key, value in part.items() if key != FIELD}
    return {**rest, FIELD: observed} if observed else rest


def with_kept_generation(part: Obj, current: Obj) -> Obj:
    """What API servers make of a pod's status, or condition, that no longer tells one."""
    return {FIELD: current[FIELD], **part} if FIELD in current else part


def observed_generation(virtual: Obj, host: Obj, observed: Any, host_pending: bool) -> int:
    """The newest host generation means the newest virtual one, unless the host object is behind
    it at this moment. Older ones are kept: they only have to be older."""
    newest, generation = _generation(virtual), int(observed or 0)
    if generation < _generation(host):
        return max(0, min(generation, newest - 1))
    return max(0, newest - 1 if host_pending else newest)


def _generation(obj: Obj) -> int:
    return int(meta(obj).get("generation") or 0)
