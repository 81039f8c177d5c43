"""What translation must know of one virtual cluster: values only, made from the configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from common.objects import Obj
from common.patches.rules import CustomRule, PatchRule

NameFormat = Literal["prefixed", "classic"]
PodSecurity = Literal["privileged", "baseline", "restricted"]


@dataclass(frozen=True, slots=True)
class NamespaceRules:
    """How virtual namespaces become host namespaces; what lives in them keeps its name.

    exact: by virtual name. patterns: (virtual, host) with one `*` each, tried in order; a rule
    that makes no valid name counts as none. only: namespaces that no rule names are not synced, nor
    is what is in them. labels: of every host namespace.
    """

    exact: Mapping[str, str] = field(default_factory=dict)
    patterns: tuple[tuple[str, str], ...] = ()
    only: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PodOptions:
    """What the configuration changes in every host pod of a virtual cluster.

    images: what stands in the place of which prefix of an image, as `common.pod.images.image_rules`
    makes it. tolerations: given to every pod. runtime_class: instead of the pod's own, "" for none.
    priority_class: of the host, for pods that send none of their own. secrets_for_tokens: service
    account tokens reach pods in Secrets. hosts_image: of the init container that writes /etc/hosts
    of pods with a subdomain, "" when nothing does; hosts_resources: that container's.
    """

    images: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Obj, ...] = ()
    runtime_class: str = ""
    priority_class: str = ""
    secrets_for_tokens: bool = False
    hosts_image: str = ""
    hosts_resources: Obj = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cluster:
    """One virtual cluster (V) and its place on the host (H).

    `enabled` and `all_objects` hold plurals: kinds that are switched on, whose names follow in
    what refers to them, and selective kinds (configmaps, secrets) of which every object is
    synced; `draining` those that were switched off and whose host objects are to go. `namespaces`:
    None when all objects share the host namespace; `former_namespaces`: by which rules the host
    namespaces were made that are to go. `owner` is an ownerReference for every namespaced host
    object, or None. Service IPs are "" when unknown. `events`: those of host objects come up.
    `patches`: by plural. `custom`: the custom resources that are declared. `pod_security`: the Pod
    Security Standard without which no pod is sent.
    """

    name: str
    host_namespace: str
    name_format: NameFormat = "prefixed"
    cluster_domain: str = "cluster.local"
    api_service_ip: str = ""
    api_service_port: int = 443
    dns_service_ip: str = ""
    owner: Obj | None = None
    workload_service_account: str = "default"
    enabled: frozenset[str] = field(default_factory=frozenset)
    all_objects: frozenset[str] = field(default_factory=frozenset)
    draining: frozenset[str] = field(default_factory=frozenset)
    namespaces: NamespaceRules | None = None
    former_namespaces: NamespaceRules | None = None
    pods: PodOptions = PodOptions()
    events: bool = True
    patches: Mapping[str, tuple[PatchRule, ...]] = field(default_factory=dict)
    custom: tuple[CustomRule, ...] = ()
    pod_security: PodSecurity = "privileged"
