"""Pods: `common.pod` has the rules, part by part."""

from collections.abc import Iterable

from common.actions import Action
from common.cluster import Cluster
from common.context import Context, Ref
from common.kind import Doc, Kind
from common.metadata import (
    HOSTS_REWRITTEN,
    TOKEN,
    TOKEN_REFRESH_AT,
    controller_of,
    namespace_labels,
)
from common.objects import Obj, annotations, get_path, labels, meta, name_of, namespace_of
from common.pod import downward, hosts, lifecycle, status, tokens
from common.pod.claims import translate_claims
from common.pod.classes import set_classes
from common.pod.dns import host_aliases, hostname, translate_dns
from common.pod.environment import service_variables, translate_container
from common.pod.ephemeral import adds_containers, ephemeral_down
from common.pod.readiness import readiness_down
from common.pod.resize import SENT_RESOURCES, resize_down, resources_text
from common.pod.selectors import selects_namespaces, translate_affinity, translate_spread
from common.pod.tolerations import enforced
from common.pod.volumes import translate_volume
from common.references import Renamer, pod_names, pod_references

SAFE_TO_EVICT = "cluster-autoscaler.kubernetes.io/safe-to-evict"
_REDACTED = "redacted"
# What the virtual cluster's admission made of its own classes, the host's does so anew; and what
# names objects that aren't synced.
_NOT_SENT = (
    "ephemeralContainers",
    "overhead",
    "preemptionPolicy",
    "priority",
    "priorityClassName",
    "schedulingGroup",
    "subdomain",
    "workloadRef",
)


def _translate(virtual: Obj, context: Context) -> Obj:
    cluster, namespace = context.cluster, namespace_of(virtual)
    own: Obj = virtual.get("spec") or {}

    def rename(plural: str, name: str) -> str:
        return context.host_name(plural, namespace, name)

    spec = {key: value for key, value in own.items() if key not in _NOT_SENT}
    set_classes(spec, own, cluster)
    spec["serviceAccountName"] = spec["serviceAccount"] = _account(own, cluster, rename)
    spec["automountServiceAccountToken"] = spec["enableServiceLinks"] = False
    spec["hostname"] = hostname(own, name_of(virtual))
    if aliases := host_aliases(own, cluster):
        spec["hostAliases"] = aliases
    if tolerations := enforced(own.get("tolerations"), cluster.pods.tolerations):
        spec["tolerations"] = tolerations
    spec |= translate_dns(own, namespace, cluster)
    injected = service_variables(own, context)
    _translate_lists(spec, virtual, context, rename, injected)
    if hosts.rewrites_hosts(own, cluster):
        hosts.rewrite_hosts(spec, virtual, cluster, injected)
    if affinity := own.get("affinity"):
        spec["affinity"] = translate_affinity(affinity, namespace, context)
    return {"spec": spec}


def _account(own: Obj, cluster: Cluster, rename: Renamer) -> str:
    """Admission gives every pod an account; without it the configured one is as good."""
    if "serviceaccounts" in cluster.enabled and own.get("serviceAccountName"):
        return rename("serviceaccounts", own["serviceAccountName"])
    return cluster.workload_service_account


def _translate_lists(
    spec: Obj, virtual: Obj, context: Context, rename: Renamer, injected: list[Obj]
) -> None:
    for key in ("initContainers", "containers"):
        if containers := spec.get(key):
            spec[key] = [
                translate_container(each, injected, namespace_of(virtual), context, rename)
                for each in containers
            ]
    if volumes := spec.get("volumes"):
        spec["volumes"] = [translate_volume(each, virtual, context, rename) for each in volumes]
    if secrets := spec.get("imagePullSecrets"):
        spec["imagePullSecrets"] = [
            {**each, "name": rename("secrets", each["name"])} if each.get("name") else each
            for each in secrets
        ]
    if spec.get("resourceClaims"):
        spec["resourceClaims"] = translate_claims(virtual, context, rename)
    if constraints := spec.get("topologySpreadConstraints"):
        spec["topologySpreadConstraints"] = [
            translate_spread(each, namespace_of(virtual), context.cluster) for each in constraints
        ]


def _decorate(
    virtual: Obj, context: Context, host_labels: dict[str, str], notes: dict[str, str]
) -> None:
    """The namespace's labels, and what the downward API of the host pod answers from."""
    host_labels |= namespace_labels(context.cluster, context.related.namespace)
    account = (virtual.get("spec") or {}).get("serviceAccountName") or ""
    notes[downward.LABELS] = downward.labels_text(labels(virtual))
    notes[downward.SERVICE_ACCOUNT_NAME] = account
    controller = controller_of(virtual)
    notes.setdefault(SAFE_TO_EVICT, "true" if controller else "false")
    if controller:
        notes[downward.OWNER_SET_KIND] = str(controller.get("kind"))
    if asked := resources_text(virtual):
        notes[SENT_RESOURCES] = asked
    if hosts.rewrites_hosts(virtual.get("spec") or {}, context.cluster):
        notes[HOSTS_REWRITTEN] = "true"
    if owners := meta(virtual).get("ownerReferences"):
        notes[downward.OWNER_REFERENCES] = downward.owners_text(owners)


def _subresources_down(virtual: Obj, host: Obj, context: Context) -> list[Action]:
    if get_path(host, "status.phase") in ("Succeeded", "Failed"):
        return []
    return [
        *ephemeral_down(virtual, host, context),
        *resize_down(virtual, host, context),
        *readiness_down(virtual, host, context),
        *tokens.refresh(virtual, host, context),
    ]


def _references(virtual: Obj) -> Iterable[Ref]:
    """A pod that isn't on the host needs nothing there; when its gates go it changes."""
    return () if lifecycle.kept_back(virtual) else pod_references(virtual)


def _host_references(host: Obj) -> Iterable[Ref]:
    node = (host.get("spec") or {}).get("nodeName")
    return (Ref("nodes", "", node),) if node else ()


def _stored(obj: Obj, _digest_key: bytes) -> Obj:
    """The pod without token values."""
    notes = annotations(obj)
    if not any(key.startswith(TOKEN) for key in notes):
        return obj
    hidden = {
        key: _REDACTED if key.startswith(TOKEN) and key != TOKEN_REFRESH_AT else value
        for key, value in notes.items()
    }
    return {**obj, "metadata": {**meta(obj), "annotations": hidden}}


KIND = Kind(
    plural="pods",
    kind="Pod",
    option="pods",
    default=True,
    translate=_translate,
    decorate=_decorate,
    mutable=lifecycle.mutable,
    patch_down=lifecycle.patch_down,
    subresources_down=_subresources_down,
    up=status.up,
    skip=lifecycle.skip,
    wait=lifecycle.wait,
    untold=lifecycle.untold,
    tokens=tokens.token_specs,
    references=_references,
    named=pod_names,
    names_later=adds_containers,
    wants_all=selects_namespaces,
    host_references=_host_references,
    stored=_stored,
    needs=frozenset({"namespace", "namespaces", "services", "env_keys"}),
    runs_once=True,
    already_ran=lifecycle.already_ran,
    virtual_access=(
        "pods: delete",
        "pods/binding: create",
        "pods/status: patch",
        "serviceaccounts/token: create",
        "events: create patch",
    ),
    host_access=(
        "pods/ephemeralcontainers: patch",
        "pods/resize: patch",
        "pods/status: patch",
        "secrets: get create patch delete",
    ),
    doc=Doc(
        down="the whole spec at creation; later images, further tolerations, a nearer deadline,"
        " ephemeral containers, CPU and memory in place, conditions of readiness gates",
        up="node and status; a pod whose host pod was deleted goes too",
        translated="names in volumes, variables, pull secrets, device claims, classes and the"
        " service account; pod selectors; DNS, hosts file, downward API, service variables, tokens;"
        " what `sync.toHost.pods` changes. A pod with device claims of a kind that is off is"
        " refused",
    ),
)
