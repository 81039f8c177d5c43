"""What a plan may look at besides the two objects, and how objects refer to each other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from common.cluster import Cluster
from common.naming import host_name, may_be_shared
from common.objects import Obj


@dataclass(frozen=True, slots=True)
class Ref:
    """One object refers to another, in the same virtual cluster.

    `wakes` says whose key is reconciled when something happens: "target" when the reference
    appears or goes (selective sync), "referrer" when the target changes.
    """

    plural: str
    namespace: str
    name: str
    wakes: Literal["target", "referrer"] = "target"

    @property
    def member(self) -> str:
        """`secrets default/tls`: what is referred to, as `common.keys.Key.member`."""
        field = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.plural} {field}"


Need = Literal[
    "namespace",
    "namespaces",
    "services",
    "service",
    "env_keys",
    "referrers",
    "host_referrers",
    "live_host",
]


@dataclass(frozen=True, slots=True)
class Related:
    """What a kind asked for in `needs`; each value is empty unless it did.

    namespace: the virtual Namespace. namespaces: all virtual Namespaces, when `Kind.wants_all`
    says so. services: the virtual Services of the object's namespace. host_services: their host
    objects by virtual name. service, host_service: the Service that an Endpoints or EndpointSlice
    belongs to. env_keys: by member, the names in the ConfigMaps and Secrets that a pod's containers
    take over with `envFrom`, as far as they exist.
    referrers: members (`pods default/web-0`) of the synced objects that refer to this
    one; host_referrers: their host objects. live_host: the host's object that `Kind.live` asks
    for, else that of the key's own name, read from the server, None when unreadable; live_field:
    the virtual object that it was made for, "" when it isn't ours. host_names: by member, the names
    of the host objects that `Kind.named` asks for, as far as they exist. host_gone_uid: virtual uid
    of the last host object of this key, when that is gone ("" else); host_seen_gone: a watch showed
    its end, no mere list that lacked it. involved: the virtual
    object that a host Event is about; host_names then has what that one names.

    What is missing here counts as not existing, so a key must not be planned before the streams
    that these come from are listed: an unlisted pod would cost a ConfigMap its host object.
    """

    namespace: Obj | None = None
    namespaces: tuple[Obj, ...] = ()
    services: tuple[Obj, ...] = ()
    host_services: Mapping[str, Obj] = field(default_factory=dict)
    service: Obj | None = None
    host_service: Obj | None = None
    env_keys: Mapping[str, frozenset[str]] = field(default_factory=dict)
    referrers: frozenset[str] = frozenset()
    host_referrers: tuple[Obj, ...] = ()
    live_host: Obj | None = None
    live_field: str = ""
    host_names: Mapping[str, str] = field(default_factory=dict)
    host_gone_uid: str = ""
    host_seen_gone: bool = False
    involved: Obj | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """All that a plan may look at besides the two objects.

    `now_s` is a Unix time. `name`: the key's, for kinds that make their virtual object.
    `host_pending`: this very plan also writes the host object, so what its status says is about
    an older one.
    """

    cluster: Cluster
    related: Related = Related()
    now_s: float = 0.0
    name: str = ""
    host_pending: bool = False

    def host_name(self, plural: str, namespace: str, name: str) -> str:
        """What a reference to this virtual object must say on the host."""
        known = self.related.host_names.get(Ref(plural, namespace, name).member)
        return known or host_name(self.cluster, namespace, name, plural)

    def unresolved(self, refs: Iterable[Ref]) -> str:
        """The first of these whose host name isn't sure yet, "" when all are.

        Where two virtual objects share a host name only what is on the host tells which of them
        bears it; a guess could hand one tenant's Secret to another's pod.
        """
        if self.cluster.namespaces is not None:
            return ""  # every object keeps its name
        for ref in refs:
            if ref.plural not in self.cluster.enabled:
                continue
            known = ref.member in self.related.host_names
            if may_be_shared(ref.namespace, ref.name) and not known:
                return ref.member
        return ""
