"""What a configuration asks for that nothing acts on yet, by name."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from pydantic import BaseModel

from common.config.model import Config, VirtualCluster
from common.config.sync import (
    FromHostKind,
    HostEvents,
    ToHost,
)
from common.naming import KEPT, MAX_LENGTH

_POD_OPTIONS = ("hybrid_scheduling",)
_EVENTS = ("patches", "mappings", "selector", "sync_back_changes")
_NETWORKING = ("replicate_services", "resolve_dns", "pod_cidr")


def notes_of(config: Config) -> list[str]:
    """One line for each setting that is on, or given, and not yet supported."""
    notes = [note for cluster in config.virtual_clusters for note in notes_on(cluster)]
    for cluster in config.virtual_clusters:
        found = [*_namespaces(cluster, config), *_cleanups(cluster.sync.to_host)]
        notes += [f"{cluster.name}: {note}" for note in found]
    notes += _neighbours(config.virtual_clusters)
    return notes


def notes_on(cluster: VirtualCluster) -> list[str]:
    paths = [*_to_host(cluster.sync.to_host), *_from_host(cluster), *_networking(cluster)]
    paths += [f"policies.{name}" for name in cluster.policies.unread()]
    return [f"{cluster.name}: {path}: not yet supported, ignored" for path in paths]


def _to_host(to_host: ToHost) -> Iterator[str]:
    if to_host.pods.enabled:
        yield from (f"sync.toHost.pods.{option}" for option in _given(to_host.pods, _POD_OPTIONS))


def _namespaces(cluster: VirtualCluster, config: Config) -> Iterator[str]:
    section, path = cluster.sync.to_host.namespaces, "sync.toHost.namespaces"
    if not section.enabled:
        given = _given(section, ("mappings_only", "mappings", "extra_labels"))
        for option in given if not section.cleanup_on_disable else ():
            yield f"{path}.{option}: does nothing while {path}.enabled is false"
        return
    if section.mappings_only and not section.mappings.by_name:
        yield f"{path}.mappingsOnly: there are no mappings, so nothing is synced"
    if config.host.owner:
        yield f"host.owner: owns nothing, as with {path} no object is in its namespace"


def _neighbours(clusters: Sequence[VirtualCluster]) -> Iterator[str]:
    """Virtual clusters in one host namespace of which cut names can be alike but for a digest."""
    for one, other in combinations(clusters, 2):
        starts = [_start_of_names(each) for each in (one, other)]
        alike = starts[0].startswith(starts[1]) or starts[1].startswith(starts[0])
        split = one.sync.to_host.namespaces.enabled or other.sync.to_host.namespaces.enabled
        if one.host_namespace == other.host_namespace and alike and not split:
            yield (
                f"{one.name}, {other.name}: of host names with more than {MAX_LENGTH} characters"
                " only ten hex digits tell which of the two they belong to, and a tenant with much"
                " time can make these alike; give each a hostNamespace of its own"
            )


def _start_of_names(cluster: VirtualCluster) -> str:
    """How the names of its host objects begin for certain, as far as it's kept when they're cut."""
    return f"{cluster.name}-"[:KEPT] if cluster.naming.format == "prefixed" else ""


def _cleanups(to_host: ToHost) -> Iterator[str]:
    """What is to happen once a kind is off, of kinds that are on."""
    for name, field in ToHost.model_fields.items():
        section = getattr(to_host, name)
        switches = section.items() if isinstance(section, dict) else [("", section)]
        for resource, switch in switches:
            path = f"sync.toHost.{field.alias}" + (f'["{resource}"]' if resource else "")
            if switch.enabled and switch.cleanup_on_disable:
                yield f"{path}.cleanupOnDisable: does nothing while {path}.enabled is true"


def _from_host(cluster: VirtualCluster) -> Iterator[str]:
    from_host = cluster.sync.from_host
    for name, field in type(from_host).model_fields.items():
        value = getattr(from_host, name)
        kinds: dict[str, FromHostKind] = value if isinstance(value, dict) else {"": value}
        for resource, kind in kinds.items():
            if isinstance(kind, HostEvents):
                yield from (f"sync.fromHost.events.{option}" for option in _given(kind, _EVENTS))
            elif kind.enabled:
                yield f"sync.fromHost.{field.alias}" + (f'["{resource}"]' if resource else "")


def _networking(cluster: VirtualCluster) -> Iterator[str]:
    for option in _given(cluster.networking, _NETWORKING):
        yield f"networking.{option}"


def _given(section: BaseModel, options: tuple[str, ...]) -> Iterator[str]:
    """The options of a section that ask for something, by their name in YAML."""
    for name in options:
        value = getattr(section, name)
        asks = getattr(value, "enabled", bool(value))
        if asks and value != type(section).model_fields[name].default:
            yield type(section).model_fields[name].alias or name
