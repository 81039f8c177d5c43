"""What every part of the configuration has in common: strict, frozen, camelCase in YAML."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


class Section(BaseModel):
    """A map of the configuration; keys that it doesn't know are errors."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
    )


def _dns_label(value: str) -> str:
    if _DNS_LABEL.fullmatch(value):
        return value
    suggestion = re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-")[:63].strip("-")
    example = suggestion or "my-vcluster"
    raise ValueError(
        f'"{value}" is not a DNS label (at most 63 lower-case letters, digits and dashes); '
        f'write for example "{example}"'
    )


def _class_name(value: str) -> str:
    if not value or (len(value) <= 253 and all(map(_DNS_LABEL.fullmatch, value.split(".")))):
        return value
    raise ValueError(
        f'"{value}" is no name of a class (lower-case letters, digits, dashes and dots); write for'
        ' example "high-priority"'
    )


ClassName = Annotated[str, AfterValidator(_class_name)]
"""A class of the host, "" for none."""
DnsLabel = Annotated[str, AfterValidator(_dns_label)]
