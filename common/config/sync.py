"""The `sync` section, in the shape of a vCluster values.yaml.

All options of all kinds are known here, also those that nothing acts on yet: `notes` says
which these are. A new kind needs no change in this file.
"""

from typing import Any, Literal

from pydantic import Field, field_validator

from common.config.section import Section


class PatchReference(Section):
    """The value at a patch's path names another object."""

    api_version: str = ""
    api_version_path: str = ""
    kind: str = ""
    kind_path: str = ""
    name_path: str = ""
    namespace_path: str = ""


class Patch(Section):
    """A change to one path on the way down, and back."""

    path: str
    expression: str = ""
    reverse_expression: str = ""
    reference: PatchReference | None = None
    labels: dict[str, Any] | None = None


class Switch(Section):
    """A kind that is off by default."""

    enabled: bool = False
    patches: list[Patch] = []


class DefaultSwitch(Switch):
    """A kind that is on by default."""

    enabled: bool = True


class SelectiveSwitch(DefaultSwitch):
    """A kind of which only referenced objects are synced, unless `all`."""

    all: bool = False


class Image(Section):
    registry: str = ""
    repository: str = ""
    tag: str = ""


class InitContainer(Section):
    image: Image = Image()
    resources: dict[str, dict[str, str | int | float]] = {}

    @field_validator("image", mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return {"repository": value} if isinstance(value, str) else value


class RewriteHosts(Section):
    enabled: bool = False
    init_container: InitContainer = InitContainer()


class HybridScheduling(Section):
    enabled: bool = False
    host_schedulers: list[str] = []


class Pods(DefaultSwitch):
    translate_image: dict[str, str] = {}
    enforce_tolerations: list[str] = []
    runtime_class_name: str = ""
    priority_class_name: str = ""
    use_secrets_for_sa_tokens: bool = Field(default=False, alias="useSecretsForSATokens")
    rewrite_hosts: RewriteHosts = RewriteHosts()
    hybrid_scheduling: HybridScheduling = HybridScheduling()


class Mappings(Section):
    by_name: dict[str, str] = {}


class Namespaces(Switch):
    mappings_only: bool = False
    mappings: Mappings = Mappings()
    extra_labels: dict[str, str] = {}


class CustomResource(Switch):
    """`references` lists paths whose values name other objects."""

    scope: Literal["Namespaced", "Cluster"] = "Namespaced"
    references: list[dict[str, Any]] = []


class ToHost(Section):
    pods: Pods = Pods()
    services: DefaultSwitch = DefaultSwitch()
    endpoints: DefaultSwitch = DefaultSwitch()
    endpoint_slices: DefaultSwitch = DefaultSwitch()
    persistent_volume_claims: DefaultSwitch = DefaultSwitch()
    config_maps: SelectiveSwitch = SelectiveSwitch()
    secrets: SelectiveSwitch = SelectiveSwitch()
    ingresses: Switch = Switch()
    network_policies: Switch = Switch()
    priority_classes: Switch = Switch()
    pod_disruption_budgets: Switch = Switch()
    storage_classes: Switch = Switch()
    service_accounts: Switch = Switch()
    persistent_volumes: Switch = Switch()
    volume_snapshots: Switch = Switch()
    volume_snapshot_contents: Switch = Switch()
    namespaces: Namespaces = Namespaces()
    resource_claims: Switch = Switch()
    resource_claim_templates: Switch = Switch()
    custom_resources: dict[str, CustomResource] = {}


class FromHostKind(Section):
    """Any kind below `sync.fromHost`; "auto" is a form that vCluster knows."""

    enabled: bool | Literal["auto"] = False
    patches: list[Patch] = []
    mappings: Mappings = Mappings()
    selector: dict[str, Any] = {}
    scope: Literal["Namespaced", "Cluster"] = "Namespaced"
    clear_image_status: bool = False
    sync_back_changes: bool = False


class FromHost(Section):
    events: FromHostKind = FromHostKind()
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
