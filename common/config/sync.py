"""The `sync` section, in the shape of a vCluster values.yaml.

Every kind has its switch here by itself. Settings of vCluster's that nothing acts on are known too:
`notes` says which these are.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import create_model, field_validator, model_validator

from common.config.patches import (
    CustomResourceFields,
    Patch,
    refuse_problems,
    with_versions_apart,
)
from common.config.pods import PodSettings
from common.config.section import Section
from common.kind import Kind
from common.kinds import REGISTRY


class UnreadPatch(Section):
    """A patch where nothing acts on patches."""

    path: str
    expression: str = ""
    reverse_expression: str = ""
    reference: dict[str, Any] | None = None
    labels: dict[str, Any] | None = None


class Switch(Section):
    """A kind that is off by default. `cleanup_on_disable`: while it is off, what was synced of it
    earlier is removed from the host."""

    enabled: bool = False
    cleanup_on_disable: bool = False
    patches: list[Patch] = []


class DefaultSwitch(Switch):
    """A kind that is on by default."""

    enabled: bool = True


class SelectiveSwitch(DefaultSwitch):
    """A kind of which only referenced objects are synced, unless `all`."""

    all: bool = False


class Pods(PodSettings, DefaultSwitch):
    pass


class Mappings(Section):
    by_name: dict[str, str] = {}


class Namespaces(Switch):
    """`mappings.by_name`: virtual to host names, with one `*` on both sides or on none; `${name}`
    is the virtual cluster's name. `extra_labels` are set on every host namespace."""

    mappings_only: bool = False
    mappings: Mappings = Mappings()
    extra_labels: dict[str, str] = {}


class CustomResource(CustomResourceFields, Switch):
    pass


class _Known(Section):
    """The kinds that have more settings than their switch."""

    pods: Pods = Pods()
    config_maps: SelectiveSwitch = SelectiveSwitch()
    secrets: SelectiveSwitch = SelectiveSwitch()
    namespaces: Namespaces = Namespaces()
    custom_resources: dict[str, CustomResource] = {}

    @field_validator("custom_resources", mode="before")
    @classmethod
    def _versions_apart(cls, value: Any) -> Any:
        return with_versions_apart(value)

    @model_validator(mode="after")
    def _patches_fit(self) -> Self:
        refuse_problems(self.patches(), self.custom_resources)
        return self

    def patches(self) -> dict[str, list[Patch]]:
        """By plural, for the kinds that have any; custom resources apart."""
        found = {plural: getattr(self, name).patches for name, plural in SWITCHES.items()}
        return {plural: patches for plural, patches in found.items() if patches}


def _field(option: str) -> str:
    return re.sub(r"(?=[A-Z])", "_", option).lower()


def _switch(kind: Kind) -> Any:
    switch = DefaultSwitch if kind.default else Switch
    return switch, switch()


SWITCHES: Mapping[str, str] = {
    _field(kind.option): kind.plural for kind in REGISTRY.values() if kind.option
}
"""By the name of the field in ToHost: the plural of the kind that it switches."""

if TYPE_CHECKING:
    ToHost = _Known
else:
    ToHost = create_model(
        "ToHost",
        __base__=_Known,
        **{
            name: _switch(REGISTRY[plural])
            for name, plural in SWITCHES.items()
            if name not in _Known.model_fields
        },
    )


class FromHostKind(Section):
    """Any kind below `sync.fromHost`; "auto" is a form that vCluster knows."""

    enabled: bool | Literal["auto"] = False
    patches: list[UnreadPatch] = []
    mappings: Mappings = Mappings()
    selector: dict[str, Any] = {}
    scope: Literal["Namespaced", "Cluster"] = "Namespaced"
    clear_image_status: bool = False
    sync_back_changes: bool = False


class HostEvents(FromHostKind):
    """Events of host objects, told on the virtual ones; "auto" means on."""

    enabled: bool | Literal["auto"] = True


class FromHost(Section):
    events: HostEvents = HostEvents()
    nodes: FromHostKind = FromHostKind()
    ingress_classes: FromHostKind = FromHostKind()
    runtime_classes: FromHostKind = FromHostKind()
    priority_classes: FromHostKind = FromHostKind()
    storage_classes: FromHostKind = FromHostKind()
    csi_nodes: FromHostKind = FromHostKind()
    csi_drivers: FromHostKind = FromHostKind()
    csi_storage_capacities: FromHostKind = FromHostKind()
    volume_snapshot_classes: FromHostKind = FromHostKind()
    config_maps: FromHostKind = FromHostKind()
    secrets: FromHostKind = FromHostKind()
    custom_resources: dict[str, FromHostKind] = {}


class Sync(Section):
    to_host: ToHost = ToHost()
    from_host: FromHost = FromHost()
