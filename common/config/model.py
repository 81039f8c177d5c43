"""`tohost.yaml` as types. Reading it is `load`'s work; other modules only look at the result."""

import ipaddress
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PrivateAttr, ValidationInfo, model_validator

from common.cluster import Cluster
from common.config.duration import Duration
from common.config.mappings import namespace_rules
from common.config.policies import Policies
from common.config.redis import Redis
from common.config.section import DnsLabel, Section
from common.config.sync import SWITCHES, Sync, ToHost
from common.objects import Obj
from common.patches.rules import PatchRule

MAY_BE_EMPTY = "may be empty"
"""In a validation's context: whether it's fine to have no virtual cluster."""


def _ip(value: str) -> str:
    try:
        return value and str(ipaddress.ip_address(value))
    except ValueError:
        raise ValueError(f'"{value}" is not an IP address; write for example "10.96.0.1"') from None


def _service(value: str) -> str:
    namespace, slash, name = value.partition("/")
    if not value or (namespace and slash and name and "/" not in name):
        return value
    raise ValueError(f'"{value}" names no Service; write its namespace and name: "kube-system/dns"')


IpAddress = Annotated[str, AfterValidator(_ip)]
ServiceName = Annotated[str, AfterValidator(_service)]


class Owner(Section):
    """An object in the host namespace that is to own everything synced there."""

    api_version: str = ""
    kind: str = ""
    name: str = ""

    @model_validator(mode="after")
    def _all_or_nothing(self) -> "Owner":
        given = [bool(value) for value in (self.api_version, self.kind, self.name)]
        if any(given) and not all(given):
            raise ValueError("is incomplete; write apiVersion, kind and name, or leave it out")
        return self

    def __bool__(self) -> bool:
        return bool(self.name)


class Host(Section):
    """`kubeconfig` "": the credentials of the pod that this runs in."""

    kubeconfig: str = ""
    context: str = ""
    owner: Owner = Owner()


class Logs(Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class Health(Section):
    """Where `/healthz` and `/readyz` are served; port 0: nowhere. `page`: who sees the watcher's
    page there, which tells names of objects."""

    host: str = "0.0.0.0"
    port: int = Field(default=0, ge=0, le=65535)
    page: Literal["local", "everyone", "none"] = "local"


class Workers(Section):
    """`concurrency`: how many keys one worker process has in hand at most."""

    concurrency: int = Field(default=64, ge=1, le=1000)


class Safety(Section):
    """`scan_every`: how often all pairs of objects are compared; 0: never."""

    scan_every: Duration = 300.0
    max_delete_fraction: float = Field(default=0.5, gt=0, le=1)


class AdvancedNetworking(Section):
    """vCluster's own keys; `clusterDomain` is used when `networking.clusterDomain` is not set."""

    cluster_domain: str = ""
    fallback_host_cluster: bool = False
    proxy_kubelets: dict[str, Any] = {}


class Networking(Section):
    """Addresses that pods need; `api_service`, `dns_service`: host Services that have them."""

    api_service_ip: IpAddress = Field(default="", alias="apiServiceIP")
    api_service_port: int = Field(default=443, ge=1, le=65535)
    dns_service_ip: IpAddress = Field(default="", alias="dnsServiceIP")
    cluster_domain: str = ""
    api_service: ServiceName = ""
    dns_service: ServiceName = ""
    advanced: AdvancedNetworking = AdvancedNetworking()
    replicate_services: dict[str, Any] = {}
    resolve_dns: list[dict[str, Any]] = Field(default=[], alias="resolveDNS")
    pod_cidr: str = Field(default="", alias="podCIDR")


class Naming(Section):
    format: Literal["prefixed", "classic"] = "prefixed"


class VirtualCluster(Section):
    name: DnsLabel
    host_namespace: DnsLabel
    kubeconfig: str = ""
    context: str = ""
    weight: int = Field(default=1, ge=1, le=100)
    values: str = ""
    workload_service_account: str = "default"
    sync: Sync = Sync()
    networking: Networking = Networking()
    naming: Naming = Naming()
    policies: Policies = Policies()

    def cluster(
        self, owner: Obj | None = None, *, api_service_ip: str = "", dns_service_ip: str = ""
    ) -> Cluster:
        """What translation needs. The arguments are what was found out on the host: an
        ownerReference, and addresses that stand in for those not configured."""
        network = self.networking
        namespaces = self.sync.to_host.namespaces
        rules = namespace_rules(namespaces, self.name)
        return Cluster(
            name=self.name,
            host_namespace=self.host_namespace,
            name_format=self.naming.format,
            cluster_domain=(
                network.cluster_domain or network.advanced.cluster_domain or "cluster.local"
            ),
            api_service_ip=network.api_service_ip or api_service_ip,
            api_service_port=network.api_service_port,
            dns_service_ip=network.dns_service_ip or dns_service_ip,
            owner=owner,
            workload_service_account=self.workload_service_account,
            enabled=_plurals(self.sync.to_host, "enabled") | _custom(self.sync.to_host),
            all_objects=_plurals(self.sync.to_host, "all"),
            draining=_draining(self.sync.to_host),
            namespaces=rules if namespaces.enabled else None,
            former_namespaces=rules if namespaces.cleanup_on_disable else None,
            pods=self.sync.to_host.pods.options(),
            events=bool(self.sync.from_host.events.enabled),
            patches=_patches(self.sync.to_host),
            custom=tuple(
                each.custom(name) for name, each in self.sync.to_host.custom_resources.items()
            ),
            pod_security=self.policies.pod_security,
        )


def _plurals(to_host: ToHost, flag: str) -> frozenset[str]:
    """The kinds whose switch has this flag set."""
    return frozenset(
        plural for name, plural in SWITCHES.items() if getattr(getattr(to_host, name), flag, False)
    )


def _draining(to_host: ToHost) -> frozenset[str]:
    """The kinds that are off and to be cleaned up, custom resources too."""
    unwanted = _plurals(to_host, "cleanup_on_disable") - _plurals(to_host, "enabled")
    custom = to_host.custom_resources.items()
    return unwanted | {
        name for name, switch in custom if switch.cleanup_on_disable and not switch.enabled
    }


def _custom(to_host: ToHost) -> frozenset[str]:
    return frozenset(name for name, each in to_host.custom_resources.items() if each.enabled)


def _patches(to_host: ToHost) -> dict[str, tuple[PatchRule, ...]]:
    """By plural."""
    listed = to_host.patches().items()
    rules = {plural: tuple(patch.rule() for patch in patches) for plural, patches in listed}
    custom = {name: each.rules() for name, each in to_host.custom_resources.items()}
    return rules | {name: found for name, found in custom.items() if found}


def _at_least_one(
    clusters: tuple[VirtualCluster, ...], info: ValidationInfo
) -> tuple[VirtualCluster, ...]:
    if not clusters and not (info.context or {}).get(MAY_BE_EMPTY):
        raise ValueError('is empty; write at least one virtual cluster: "- name: my-vcluster"')
    return clusters


class Config(Section):
    redis: Redis = Redis()
    host: Host = Host()
    virtual_clusters: Annotated[tuple[VirtualCluster, ...], AfterValidator(_at_least_one)] = Field(
        strict=False
    )
    logs: Logs = Logs()
    health: Health = Health()
    safety: Safety = Safety()
    workers: Workers = Workers()
    _notes: tuple[str, ...] = PrivateAttr(default=())

    @property
    def notes(self) -> tuple[str, ...]:
        """One line for each setting that is accepted but has no effect; for people, at start."""
        return self._notes

    def virtual_cluster(self, name: str) -> VirtualCluster:
        """Raises KeyError when there is none of that name."""
        for cluster in self.virtual_clusters:
            if cluster.name == name:
                return cluster
        raise KeyError(name)
