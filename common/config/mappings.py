"""The mappings of namespaces, as they are meant."""

from collections.abc import Mapping

from common.cluster import NamespaceRules
from common.config.sync import Namespaces
from common.pattern import WILDCARD

PLACEHOLDER = "${name}"


def namespace_rules(section: Namespaces, cluster_name: str) -> NamespaceRules:
    """Exact names before patterns, and of these the one with the longest text first."""
    mappings = filled(section.mappings.by_name, cluster_name)
    patterns = [pair for pair in mappings.items() if WILDCARD in pair[0]]
    return NamespaceRules(
        exact={virtual: host for virtual, host in mappings.items() if WILDCARD not in virtual},
        patterns=tuple(sorted(patterns, key=lambda pair: (-len(pair[0]), pair[0]))),
        only=section.mappings_only,
        labels=section.extra_labels,
    )


def filled(mappings: Mapping[str, str], cluster_name: str) -> dict[str, str]:
    """The mappings with the virtual cluster's name in place."""
    return {
        virtual.replace(PLACEHOLDER, cluster_name): host.replace(PLACEHOLDER, cluster_name)
        for virtual, host in mappings.items()
    }
