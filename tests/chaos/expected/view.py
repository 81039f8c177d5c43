"""What was seen of one virtual cluster at one time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from tests.chaos.objects import Obj, labels_of, name_of, namespace_of
from tests.chaos.tenants import Tenant

Found = Mapping[str, Sequence[Obj]]
"""Objects by plural."""


@dataclass(frozen=True)
class View:
    """`real`: the API servers are real ones, beside which no garbage collector runs."""

    tenant: Tenant
    virtual: Found
    host: Found
    real: bool = False

    @cached_property
    def namespaces(self) -> dict[str, Obj]:
        return {name_of(each): each for each in self.virtual.get("namespaces", ())}

    @cached_property
    def services(self) -> dict[tuple[str, str], Obj]:
        found = self.virtual.get("services", ())
        return {(namespace_of(each), name_of(each)): each for each in found}

    def namespace_labels(self, namespace: str) -> dict[str, str]:
        found = self.namespaces.get(namespace)
        return labels_of(found) if found else {}

    def is_on(self, option: str) -> bool:
        return option in self.tenant.on
