"""What a configuration needs to be allowed on the host and in its virtual clusters: the least that
works, by account. Pure: `tohost rbac` writes it as Roles.

Watchers only read. Workers write, and read what they must see live.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from common.access import (
    Rule,
    host_reading,
    host_writing,
    merged,
    parsed,
    proof,
    virtual_rules,
)
from common.cluster import Cluster
from common.config import Config, VirtualCluster
from common.kind import Kind
from common.kinds import kinds_of
from common.standin import STAND_INS

Account = Literal["watcher", "worker"]
ACCOUNTS: tuple[Account, ...] = ("watcher", "worker")
IDENTITY = Rule("", "namespaces", ("get",), ("kube-system",))
"""By which a cluster is recognised."""
_READ = ("get", "list", "watch")
_CLUSTER_WIDE = {"customresourcedefinitions", "servicecidrs"}


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where rules hold: for one account, in one namespace of the host or (`""`) all of it."""

    account: Account
    namespace: str


def host_rights(config: Config) -> Mapping[Place, tuple[Rule, ...]]:
    """All that the two accounts need on the host, sorted by place."""
    found: dict[Place, list[Rule]] = {Place(account, ""): [IDENTITY] for account in ACCOUNTS}
    for virtual in config.virtual_clusters:
        for place, rule in _on_host(virtual, config):
            found.setdefault(place, []).append(rule)
    return {place: merged(rules) for place, rules in sorted(found.items())}


def virtual_rights(cluster: Cluster) -> tuple[Rule, ...]:
    """What is needed in the virtual cluster itself, in all of its namespaces."""
    rules = [IDENTITY, parsed("events: create patch")]
    for kind in kinds_of(cluster).values():
        if _is_written_up(kind, cluster):
            rules += virtual_rules(kind)
        elif "virtual" in kind.sides(cluster):
            rules += [Rule(kind.group, kind.resource, _READ), *proof(kind)]
    return merged(rules)


def _is_written_up(kind: Kind, cluster: Cluster) -> bool:
    """Else it is only read there, or not at all."""
    sides = kind.sides(cluster)
    follows = kind.plural in STAND_INS and "virtual" in sides
    return follows or ("host" in sides and kind.plural not in cluster.draining)


def _on_host(virtual: VirtualCluster, config: Config) -> Iterator[tuple[Place, Rule]]:
    cluster = virtual.cluster()
    kinds = kinds_of(cluster).values()
    wide = _CLUSTER_WIDE | {kind.resource for kind in kinds if not kind.namespaced}
    for kind in kinds:
        rules: dict[Account, Iterable[Rule]] = {}
        if "host" in kind.sides(cluster):
            draining = kind.plural in cluster.draining
            rules = {"watcher": host_reading(kind), "worker": host_writing(kind, draining=draining)}
        elif _is_written_up(kind, cluster):
            rules = {"worker": map(parsed, kind.host_access)}
        for account, some in rules.items():
            for rule in some:
                # With namespace sync any namespace of the host may be the virtual cluster's.
                within = cluster.namespaces is None and rule.resource.partition("/")[0] not in wide
                yield Place(account, cluster.host_namespace if within else ""), rule
    yield from _looked_up(virtual, config)


def _looked_up(virtual: VirtualCluster, config: Config) -> Iterator[tuple[Place, Rule]]:
    """What the configuration names on the host."""
    network, owner = virtual.networking, config.host.owner
    for reference in filter(None, (network.api_service, network.dns_service)):
        namespace, _, name = reference.partition("/")
        yield Place("worker", namespace), Rule("", "services", ("get",), (name,))
    if owner:
        group = owner.api_version.rpartition("/")[0]
        rule = Rule(group, plural_of(owner.kind), ("get",), (owner.name,))
        yield Place("worker", virtual.host_namespace), rule


def plural_of(kind: str) -> str:
    """As nearly all APIs have it: `Deployment`, `NetworkPolicy`, `Ingress`."""
    name = kind.lower()
    if name.endswith("y") and name[-2:-1] not in tuple("aeiou"):
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith(("s", "x", "ch", "sh")) else f"{name}s"
