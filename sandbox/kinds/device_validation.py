"""What is refused of claims for devices, and of their allocation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.errors import Cause
from sandbox.kinds.names import check_label
from sandbox.kinds.reasons import IMMUTABLE, duplicate, refused, required, wrong

Object = dict[str, Any]


def validate_resource_claim(claim: Object) -> Iterator[Cause]:
    yield from _validate_spec("spec", claim.get("spec") or {})
    status = claim.get("status") or {}
    if status.get("reservedFor") and not status.get("allocation"):
        yield refused("status.reservedFor", "may not be specified when `allocated` is not set")
    uids: list[str] = []
    for index, consumer in enumerate(status.get("reservedFor") or ()):
        if consumer["uid"] in uids:
            yield duplicate(f"status.reservedFor[{index}]", consumer["uid"])
        uids.append(consumer["uid"])
    yield from _validate_allocation(claim, status.get("allocation") or {})


def validate_resource_claim_template(template: Object) -> Iterator[Cause]:
    yield from _validate_spec("spec.spec", template["spec"].get("spec") or {})


def _requests(spec: Object) -> list[Object]:
    return (spec.get("devices") or {}).get("requests") or []


def _validate_spec(path: str, spec: Object) -> Iterator[Cause]:
    for index, request in enumerate(_requests(spec)):
        field = f"{path}.devices.requests[{index}]"
        yield from check_label(f"{field}.name", request.get("name") or "")
        exactly, choices = request.get("exactly"), request.get("firstAvailable") or ()
        if (exactly is None) is not bool(choices):
            yield required(field, "exactly one of `exactly` or `firstAvailable` is required")
        if exactly is not None and not exactly.get("deviceClassName"):
            yield required(f"{field}.exactly.deviceClassName")
        for number, choice in enumerate(choices):
            if not choice.get("deviceClassName"):
                yield required(f"{field}.firstAvailable[{number}].deviceClassName")


def _validate_allocation(claim: Object, allocation: Object) -> Iterator[Cause]:
    asked = {
        "/".join(filter(None, (request["name"], choice.get("name"))))
        for request in _requests(claim.get("spec") or {})
        for choice in ({}, *(request.get("firstAvailable") or ()))
    }
    for index, result in enumerate((allocation.get("devices") or {}).get("results") or ()):
        if result.get("request") not in asked:
            why = "must be the name of a request in the claim or the name of a request "
            why += "and a subrequest separated by '/'"
            field = f"status.allocation.devices.results[{index}].request"
            yield wrong(field, result.get("request"), why)


def check_allocation(new: Object, old: Object) -> Iterator[Cause]:
    """An allocation stays as it is until it is given back."""
    was, now = ((claim.get("status") or {}).get("allocation") for claim in (old, new))
    if was and now and was != now:
        yield wrong("status.allocation", now, IMMUTABLE)
