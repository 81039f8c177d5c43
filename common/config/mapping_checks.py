"""Mappings of namespaces that can't be meant: no two virtual namespaces, of one virtual cluster or
of two, may become one host namespace, and none may become one that is not for tenants.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, product

from common.cluster import NamespaceRules
from common.config.mappings import filled, namespace_rules
from common.config.model import Config, VirtualCluster
from common.kinds.namespaces import METADATA_NAME
from common.naming import DNS_LABEL, PREFIX, own_start
from common.pattern import WILDCARD, common_name, star_of, translated, with_star

PROTECTED = ("default", "kube-node-lease", "kube-public", "kube-system")
_OWN_END = re.compile(r".*-[0-9a-f]{10}")
_END_OF_OWN_END = re.compile(r"[0-9a-f]{0,10}")
_LABEL = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_LABEL_VALUE = re.compile(f"({_LABEL})?")
_LABEL_KEY = re.compile(
    rf"((?=[^/]{{1,253}}/)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?{_LABEL}"
)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One well-formed mapping; `rules`: those of its virtual cluster, `place`: where it stands."""

    place: str
    virtual: str
    host: str
    rules: NamespaceRules

    @property
    def is_pattern(self) -> bool:
        return WILDCARD in self.virtual

    def source_of(self, host: str) -> str | None:
        """The virtual namespace that this mapping makes that host namespace of."""
        if not self.is_pattern:
            return self.virtual if self.host == host else None
        name = translated(self.host, self.virtual, host)
        if name is None or not DNS_LABEL.fullmatch(name) or name in self.rules.exact:
            return None
        first = next(each for each, _ in self.rules.patterns if star_of(each, name) is not None)
        return name if first == self.virtual else None


def mapping_problems(config: Config) -> Iterator[str]:
    """One line for each, with the path and what to write."""
    entries: list[_Entry] = []
    for index, cluster in enumerate(config.virtual_clusters):
        if cluster.sync.to_host.namespaces.enabled:
            place = f"virtualClusters[{index}]" + (
                f".values: {cluster.values}: " if cluster.values else "."
            )
            place += "sync.toHost.namespaces"
            yield from _label_problems(cluster, f"{place}.extraLabels")
            wrong, found = _read(cluster, f"{place}.mappings.byName")
            yield from wrong
            entries += found
    for entry in entries:
        yield from _not_for_tenants(entry, config)
    yield from _clashes(entries)


def _read(cluster: VirtualCluster, place: str) -> tuple[list[str], list[_Entry]]:
    """Problems of form, and the mappings that have none."""
    section = cluster.sync.to_host.namespaces
    rules = namespace_rules(section, cluster.name)
    wrong: list[str] = []
    entries: dict[str, _Entry] = {}
    for key, value in section.mappings.by_name.items():
        [(virtual, host)] = filled({key: value}, cluster.name).items()
        entry = _Entry(f'{place}["{key}"]', virtual, host, rules)
        problem = _malformed(virtual) or _malformed(host) or _one_sided(virtual, host)
        if not problem and virtual in entries:
            problem = f'"{virtual}" is mapped already; remove one'
        if problem:
            wrong.append(f"{entry.place}: {problem}")
        else:
            entries[virtual] = entry
    return wrong, list(entries.values())


def _malformed(name: str) -> str:
    if "${" in name:
        return f'"{name}" has an unknown placeholder; there is only ${{name}}'
    if name.count(WILDCARD) > 1:
        return f'"{name}" has more than one "*"; write one'
    if not DNS_LABEL.fullmatch(with_star(name, "a")):
        return (
            f'"{name}" can\'t be the name of a namespace; write at most 63 lower-case letters, '
            "digits and dashes"
        )
    return ""


def _one_sided(virtual: str, host: str) -> str:
    if (WILDCARD in virtual) == (WILDCARD in host):
        return ""
    bare = host if WILDCARD in virtual else virtual
    return f'"{bare}" has no "*"; write one on both sides, or none'


def _not_for_tenants(entry: _Entry, config: Config) -> Iterator[str]:
    for name in PROTECTED:
        if (source := entry.source_of(name)) is not None:
            yield f'{entry.place}: makes "{source}" the host\'s "{name}"; write another name'
    for index, cluster in enumerate(config.virtual_clusters):
        if (source := entry.source_of(cluster.host_namespace)) is not None:
            yield (
                f'{entry.place}: makes "{source}" the hostNamespace of virtualClusters[{index}]; '
                "write another name"
            )
        namespaces = cluster.sync.to_host.namespaces
        if namespaces.enabled and not namespaces.mappings_only and _like_own(entry, cluster.name):
            yield (
                f'{entry.place}: "{entry.host}" can be what an unmapped namespace of '
                f'virtualClusters[{index}] becomes ("{own_start(cluster.name)}..."); '
                "write another name, or mappingsOnly: true"
            )


def _like_own(entry: _Entry, cluster_name: str) -> bool:
    """Whether the mapping can make a name of the form that unmapped namespaces get."""
    start = own_start(cluster_name)
    if not entry.is_pattern:
        return entry.host.startswith(start) and bool(_OWN_END.fullmatch(entry.host))
    before, _, after = entry.host.partition(WILDCARD)
    if not (before.startswith(start) or start.startswith(before)):
        return False
    return bool(_OWN_END.fullmatch(after) or _END_OF_OWN_END.fullmatch(after))


def _clashes(entries: Iterable[_Entry]) -> Iterator[str]:
    patterns: list[_Entry] = []
    exact: dict[str, _Entry] = {}
    for entry in entries:
        if entry.is_pattern:
            patterns.append(entry)
        elif (first := exact.setdefault(entry.host, entry)) is not entry:
            yield _both(entry, first, entry.host)
    for one, pattern in product(exact.values(), patterns):
        source = pattern.source_of(one.host)
        if source is not None and (source != one.virtual or one.rules is not pattern.rules):
            yield _both(one, pattern, one.host)
    for first, second in combinations(patterns, 2):
        name = common_name(first.host, second.host)
        if name is not None and not _same_source(first, second, name):
            yield _both(second, first, name)


def _same_source(one: _Entry, other: _Entry, name: str) -> bool:
    sources = [translated(each.host, each.virtual, name) for each in (one, other)]
    return one.rules is other.rules and sources[0] == sources[1]


def _both(entry: _Entry, other: _Entry, name: str) -> str:
    return f'{entry.place}: can become "{name}", and so can {other.place}; write another name'


def _label_problems(cluster: VirtualCluster, place: str) -> Iterator[str]:
    for key, value in cluster.sync.to_host.namespaces.extra_labels.items():
        at = f'{place}["{key}"]'
        if key.startswith(PREFIX) or key == METADATA_NAME:
            yield f"{at}: is not for people to set; remove it"
        elif not _LABEL_KEY.fullmatch(key):
            yield f'{at}: is no key of a label; write for example "example.com/team"'
        elif not _LABEL_VALUE.fullmatch(value):
            yield f'{at}: "{value}" is no value of a label; write for example "team-a"'
