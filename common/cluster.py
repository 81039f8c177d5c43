"""What translation must know of one virtual cluster: values only, made from the configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from common.objects import Obj

NameFormat = Literal["prefixed", "classic"]


@dataclass(frozen=True, slots=True)
class NamespaceRules:
    """How virtual namespaces become host namespaces; what lives in them keeps its name.

    exact: by virtual name. patterns: (virtual, host) with one `*` each, tried in order. only:
    namespaces that no rule names are not synced, nor is what is in them. labels: of every host
    namespace.
    """

    exact: Mapping[str, str] = field(default_factory=dict)
    patterns: tuple[tuple[str, str], ...] = ()
    only: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cluster:
    """One virtual cluster (V) and its place on the host (H).

    `enabled` and `all_objects` hold plurals: kinds that are switched on, whose names follow in
    what refers to them, and selective kinds (configmaps, secrets) of which every object is
    synced; `draining` those that were switched off and whose host objects are to go. `namespaces`:
    None when all objects share the host namespace. `owner` is an ownerReference for every namespaced host object, or None. Service IPs
    are "" when unknown.
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
    secrets_for_tokens: bool = False
