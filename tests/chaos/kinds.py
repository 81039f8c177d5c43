"""The kinds of the storm: where they are served, and which option switches them on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Served:
    """`option` is the name below `sync.toHost`; of custom resources the one below
    `customResources`. `selective`: only what something refers to is synced."""

    plural: str
    kind: str
    group_version: str
    option: str
    namespaced: bool = True
    default: bool = False
    selective: bool = False

    @property
    def root(self) -> str:
        return f"/api{'' if self.group_version == 'v1' else 's'}/{self.group_version}"

    def path(self, namespace: str = "", name: str = "") -> str:
        """Of the object or collection; of all namespaces without one."""
        within = f"/namespaces/{namespace}" if namespace and self.namespaced else ""
        return f"{self.root}{within}/{self.plural}" + (f"/{name}" if name else "")

    @property
    def member(self) -> str:
        """How keys and queues call it."""
        return self.option if "." in self.option else self.plural


_TABLE: Final = """
configmaps ConfigMap v1 configMaps namespaced default selective
secrets Secret v1 secrets namespaced default selective
pods Pod v1 pods namespaced default
services Service v1 services namespaced default
endpoints Endpoints v1 endpoints namespaced default
endpointslices EndpointSlice discovery.k8s.io/v1 endpointSlices namespaced default
persistentvolumeclaims PersistentVolumeClaim v1 persistentVolumeClaims namespaced default
serviceaccounts ServiceAccount v1 serviceAccounts namespaced
ingresses Ingress networking.k8s.io/v1 ingresses namespaced
networkpolicies NetworkPolicy networking.k8s.io/v1 networkPolicies namespaced
poddisruptionbudgets PodDisruptionBudget policy/v1 podDisruptionBudgets namespaced
priorityclasses PriorityClass scheduling.k8s.io/v1 priorityClasses
storageclasses StorageClass storage.k8s.io/v1 storageClasses
persistentvolumes PersistentVolume v1 persistentVolumes
resourceclaims ResourceClaim resource.k8s.io/v1 resourceClaims namespaced
resourceclaimtemplates ResourceClaimTemplate resource.k8s.io/v1 resourceClaimTemplates namespaced
volumesnapshots VolumeSnapshot snapshot.storage.k8s.io/v1 volumeSnapshots namespaced
volumesnapshotcontents VolumeSnapshotContent snapshot.storage.k8s.io/v1 volumeSnapshotContents
widgets Widget example.com/v1 widgets.example.com namespaced
"""


def _read(line: str) -> Served:
    plural, kind, group_version, option, *flags = line.split()
    given = {flag: flag in flags for flag in ("namespaced", "default", "selective")}
    return Served(plural, kind, group_version, option, **given)


KINDS: Final = {found.plural: found for found in map(_read, _TABLE.strip().splitlines())}
"""All but Namespaces, by plural."""
NAMESPACES: Final = Served("namespaces", "Namespace", "v1", "namespaces", namespaced=False)
NODES: Final = Served("nodes", "Node", "v1", "", namespaced=False)
EVERY: Final = {**KINDS, "namespaces": NAMESPACES}
BY_OPTION: Final = {kind.option: kind for kind in EVERY.values()}
