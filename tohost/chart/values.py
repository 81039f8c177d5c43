"""The chart's values.yaml as types, for its schema; the templates of the chart act on them.

What is synced has the same types as in `tohost.yaml`. The defaults are those of values.yaml.
"""

from typing import Any, Literal

from pydantic import Field

from common.config.model import Logs, Naming, Networking, Safety
from common.config.policies import Policies
from common.config.section import DnsLabel, Section
from common.config.sync import Sync

Open = dict[str, Any]
"""What Kubernetes checks."""


class SecretKey(Section):
    """A key of a Secret that is there already; without a name none."""

    name: str = ""
    key: str = ""


class Storage(Section):
    size: str = ""
    class_name: str = ""


class Etcd(Section):
    tag: str = ""
    storage: Storage = Storage()
    resources: Open = {}


class ControlPart(Section):
    resources: Open = {}


class Dns(Section):
    """CoreDNS for the virtual cluster's pods."""

    enabled: bool = True
    tag: str = ""
    resources: Open = {}


class ControlPlane(Section):
    """Runs where a virtual cluster has no `kubeconfigSecret`."""

    enabled: bool = True
    kubernetes_version: str = ""
    registry: str = ""
    service_cidr: str = Field(default="", alias="serviceCIDR")
    certificate_days: int = Field(default=3650, ge=1)
    extra_args: list[str] = []
    etcd: Etcd = Etcd()
    api_server: ControlPart = ControlPart()
    controller_manager: ControlPart = ControlPart()
    dns: Dns = Dns()


class ClusterValues(Section):
    """What may be said of each virtual cluster; above `virtualClusters` of all of them."""

    host_namespace: str = Field(default="", pattern=r"^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)?$")
    sync: Sync = Sync()
    networking: Networking = Networking()
    naming: Naming = Naming()
    policies: Policies = Policies()
    weight: int = Field(default=1, ge=1, le=100)
    workload_service_account: str = ""
    context: str = ""
    kubeconfig_secret: SecretKey = SecretKey()
    control_plane: ControlPlane = ControlPlane()


class Entry(ClusterValues):
    """One virtual cluster of a fleet."""

    name: DnsLabel


class HostNamespaces(Section):
    create: bool = True
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class ImageValues(Section):
    repository: str = ""
    tag: str = ""
    digest: str = ""
    pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"


class RedisImage(Section):
    repository: str = ""
    tag: str = ""
    pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"


class Autoscaling(Section):
    """By CPU."""

    enabled: bool = False
    min_replicas: int = Field(default=2, ge=1)
    max_replicas: int = Field(default=8, ge=1)
    target_cpu_percent: int = Field(default=70, ge=1, alias="targetCPUPercent")


class Keda(Section):
    """By how long objects wait; nobody would look at what comes due with no worker at all."""

    enabled: bool = False
    min_replicas: int = Field(default=1, ge=1)
    max_replicas: int = Field(default=8, ge=1)
    prometheus: str = ""
    oldest_seconds: float = Field(default=2, gt=0)


class DisruptionBudget(Section):
    enabled: bool = True
    max_unavailable: int | str = 1


class TopologySpread(Section):
    topology_key: str = "kubernetes.io/hostname"
    when_unsatisfiable: Literal["ScheduleAnyway", "DoNotSchedule"] = "ScheduleAnyway"


class Process(Section):
    """Of watchers, and of workers."""

    replicas: int = Field(default=2, ge=0)
    resources: Open = {}
    autoscaling: Autoscaling = Autoscaling()
    pod_disruption_budget: DisruptionBudget = DisruptionBudget()
    pod_annotations: dict[str, str] = {}
    pod_labels: dict[str, str] = {}
    node_selector: dict[str, str] = {}
    tolerations: list[Open] = []
    affinity: Open = {}
    topology_spread: TopologySpread | None = TopologySpread()
    priority_class_name: str = ""
    env: list[Open] = []


class WorkerProcess(Process):
    concurrency: int = Field(default=192, ge=1, le=1000)
    keda: Keda = Keda()


class RedisTls(Section):
    """A Secret with certificates, and under which of its keys they are."""

    secret: str = ""
    ca: str = ""
    cert: str = ""
    key: str = ""


class RedisValues(Section):
    """`url` "": the chart brings one."""

    url: str = ""
    username: str = ""
    password_secret: SecretKey = SecretKey()
    sentinel_username: str = ""
    sentinel_password_secret: SecretKey = SecretKey()
    tls: RedisTls = RedisTls()
    image: RedisImage = RedisImage()
    storage: Storage = Storage()
    resources: Open = {}


class Dashboard(Section):
    enabled: bool = True
    username: str = Field(default="admin", min_length=1)
    existing_secret: str = ""
    resources: Open = {}


class Create(Section):
    create: bool = True


class ServiceAccounts(Create):
    annotations: dict[str, str] = {}


class NetworkPolicyValues(Section):
    enabled: bool = True
    api_server_ports: list[int] = []
    redis_ports: list[int] = []
    extra_egress: list[Open] = []


class Labelled(Section):
    enabled: bool = False
    labels: dict[str, str] = {}


class ServiceMonitor(Labelled):
    interval: str = "30s"


class Metrics(Section):
    service_monitor: ServiceMonitor = ServiceMonitor()
    rules: Labelled = Labelled()
    grafana: Labelled = Labelled()


class Values(ClusterValues):
    """The values of the chart tohost."""

    name: str = Field(default="", pattern=r"^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)?$")
    virtual_clusters: list[Entry] = []
    host_namespaces: HostNamespaces = HostNamespaces()
    name_override: str = ""
    fullname_override: str = ""
    image: ImageValues = ImageValues()
    image_pull_secrets: list[Open] = []
    logs: Logs = Logs()
    safety: Safety = Safety()
    watcher: Process = Process()
    worker: WorkerProcess = WorkerProcess()
    redis: RedisValues = RedisValues()
    dashboard: Dashboard = Dashboard()
    rbac: Create = Create()
    service_accounts: ServiceAccounts = ServiceAccounts()
    network_policy: NetworkPolicyValues = NetworkPolicyValues()
    metrics: Metrics = Metrics()
    global_: Open = Field(default={}, alias="global")
