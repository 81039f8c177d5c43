"""The table of served resource types.

The built-in ones, to which CustomResourceDefinitions add theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

CRUD: Final = (
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "update",
    "watch",
)


@dataclass(frozen=True, slots=True)
class Resource:
    """One served type.

    `collection` names its storage, which several versions and groups may share.
    """

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: frozenset[str] = frozenset()
    singular: str = ""
    collection: str = ""
    custom: bool = False
    schema: dict[str, Any] | None = field(default=None, compare=False)
    verbs: tuple[str, ...] = CRUD
    storage_kind: str = ""

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def has_status(self) -> bool:
        return "status" in self.subresources

    @property
    def stored(self) -> bool:
        """Reviews and bindings are answered and forgotten; everything else is stored."""
        return "get" in self.verbs

    @property
    def prefix(self) -> bytes:
        """How the JSON of every object of this type begins; storage keeps only what follows."""
        return f'{{"kind":"{self.kind}","apiVersion":"{self.api_version}",'.encode()


# plural  Kind  scope(n/c)  short names  categories  subresources; `-` for none
_TABLE: Final = """
v1
  bindings Binding n - - - create
  configmaps ConfigMap n cm - -
  endpoints Endpoints n ep - -
  events Event n ev - -
  limitranges LimitRange n limits - -
  namespaces Namespace c ns - status,finalize create delete get list patch update watch
  nodes Node c no - status
  persistentvolumeclaims PersistentVolumeClaim n pvc - status
  persistentvolumes PersistentVolume c pv - status
  pods Pod n po all status,binding,eviction,ephemeralcontainers,resize,log
  podtemplates PodTemplate n - - -
  replicationcontrollers ReplicationController n rc all status
  resourcequotas ResourceQuota n quota - status
  secrets Secret n - - -
  serviceaccounts ServiceAccount n sa - token
  services Service n svc all status
admissionregistration.k8s.io/v1
  mutatingwebhookconfigurations MutatingWebhookConfiguration c - api-extensions -
  validatingwebhookconfigurations ValidatingWebhookConfiguration c - api-extensions -
apiextensions.k8s.io/v1
  customresourcedefinitions CustomResourceDefinition c crd,crds api-extensions status
apps/v1
  controllerrevisions ControllerRevision n - - -
  daemonsets DaemonSet n ds all status
  deployments Deployment n deploy all status,scale
  replicasets ReplicaSet n rs all status,scale
  statefulsets StatefulSet n sts all status,scale
authentication.k8s.io/v1
  selfsubjectreviews SelfSubjectReview c - - - create
  tokenreviews TokenReview c - - - create
authorization.k8s.io/v1
  localsubjectaccessreviews LocalSubjectAccessReview n - - - create
  selfsubjectaccessreviews SelfSubjectAccessReview c - - - create
  selfsubjectrulesreviews SelfSubjectRulesReview c - - - create
  subjectaccessreviews SubjectAccessReview c - - - create
autoscaling/v2
  horizontalpodautoscalers HorizontalPodAutoscaler n hpa all status
batch/v1
  cronjobs CronJob n cj all status
  jobs Job n - all status
coordination.k8s.io/v1
  leases Lease n - - -
discovery.k8s.io/v1
  endpointslices EndpointSlice n - - -
events.k8s.io/v1
  events Event n ev - -
networking.k8s.io/v1
  ingressclasses IngressClass c - - -
  ingresses Ingress n ing - status
  ipaddresses IPAddress c ip - -
  networkpolicies NetworkPolicy n netpol - -
  servicecidrs ServiceCIDR c - - status
node.k8s.io/v1
  runtimeclasses RuntimeClass c - - -
policy/v1
  poddisruptionbudgets PodDisruptionBudget n pdb - status
rbac.authorization.k8s.io/v1
  clusterrolebindings ClusterRoleBinding c - - -
  clusterroles ClusterRole c - - -
  rolebindings RoleBinding n - - -
  roles Role n - - -
resource.k8s.io/v1
  deviceclasses DeviceClass c - - -
  resourceclaims ResourceClaim n - - status
  resourceclaimtemplates ResourceClaimTemplate n - - -
  resourceslices ResourceSlice c - - -
scheduling.k8s.io/v1
  priorityclasses PriorityClass c pc - -
storage.k8s.io/v1
  csidrivers CSIDriver c - - -
  csinodes CSINode c - - -
  csistoragecapacities CSIStorageCapacity n - - -
  storageclasses StorageClass c sc - -
  volumeattachments VolumeAttachment c - - status
  volumeattributesclasses VolumeAttributesClass c vac - -
"""


def _listed(column: str) -> tuple[str, ...]:
    return () if column == "-" else tuple(column.split(","))


def _parse_row(group_version: str, columns: list[str]) -> Resource:
    plural, kind, scope, short, categories, subresources, *verbs = columns
    group, _, version = group_version.rpartition("/")
    return Resource(
        group=group,
        version=version,
        plural=plural,
        kind=kind,
        namespaced=scope == "n",
        short_names=_listed(short),
        categories=_listed(categories),
        subresources=frozenset(_listed(subresources)),
        singular=kind.lower(),
        collection="events" if plural == "events" else f"{plural}.{group}".rstrip("."),
        verbs=tuple(verbs) or CRUD,
    )


def builtin_resources() -> Iterator[Resource]:
    group_version = ""
    for line in _TABLE.strip().splitlines():
        if line.startswith(" "):
            yield _parse_row(group_version, line.split())
        else:
            group_version = line


@dataclass(slots=True)
class Registry:
    """What is served at this moment: group, then version, then plural."""

    groups: dict[str, dict[str, dict[str, Resource]]] = field(default_factory=dict)
    builtin: frozenset[str] = frozenset()

    def add(self, resource: Resource) -> None:
        versions = self.groups.setdefault(resource.group, {})
        versions.setdefault(resource.version, {})[resource.plural] = resource

    def remove(self, group: str, plural: str) -> None:
        """Stops serving every version of one type, and the group with it when nothing is left."""
        versions = self.groups.get(group, {})
        for version in [name for name, plurals in versions.items() if plurals.pop(plural, None)]:
            if not versions[version]:
                del versions[version]
        if not versions:
            self.groups.pop(group, None)

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        return self.groups.get(group, {}).get(version, {}).get(plural)

    def __iter__(self) -> Iterator[Resource]:
        for versions in self.groups.values():
            for plurals in versions.values():
                yield from plurals.values()


def builtin_registry() -> Registry:
    resources = list(builtin_resources())
    registry = Registry(builtin=frozenset(resource.group for resource in resources))
    for resource in resources:
        registry.add(resource)
    return registry
