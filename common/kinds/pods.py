"""Pods: `common.pod` has the rules, part by part."""

from collections.abc import Iterable

from common.actions import Action
from common.kind import Context, Kind, Ref
from common.metadata import (
    TOKEN,
    TOKEN_REFRESH_AT,
    controller_of,
    namespace_labels,
)
from common.objects import Obj, annotations, is_deleting, labels, meta, name_of, namespace_of
from common.pod import downward, lifecycle, status, tokens
from common.pod.dns import host_aliases, hostname, translate_dns
from common.pod.environment import service_variables, translate_container
from common.pod.selectors import translate_affinity, translate_spread
from common.pod.volumes import translate_volume
from common.references import CONTAINER_LISTS, Renamer, pod_names, pod_references

SAFE_TO_EVICT = "cluster-autoscaler.kubernetes.io/safe-to-evict"
_REDACTED = "redacted"
# What the virtual cluster's admission made of its own classes; the host's does so anew.
_NOT_SENT = ("ephemeralContainers", "overhead", "priority", "priorityClassName", "subdomain")


def _translate(virtual: Obj, context: Context) -> Obj:
    cluster, namespace = context.cluster, namespace_of(virtual)
    own: Obj = virtual.get("spec") or {}

    def rename(plural: str, name: str) -> str:
        return context.host_name(plural, namespace, name)

    spec = {key: value for key, value in own.items() if key not in _NOT_SENT}
    if own.get("preemptionPolicy") not in (None, "PreemptLowerPriority"):
        del spec["preemptionPolicy"]  # it belongs to the class that is not sent
    spec["serviceAccountName"] = spec["serviceAccount"] = cluster.workload_service_account
    spec["automountServiceAccountToken"] = spec["enableServiceLinks"] = False
    spec["hostname"] = hostname(own, name_of(virtual))
    if aliases := host_aliases(own, cluster):
        spec["hostAliases"] = aliases
    spec |= translate_dns(own, namespace, cluster)
    _translate_lists(spec, virtual, context, rename)
    if affinity := own.get("affinity"):
        spec["affinity"] = translate_affinity(affinity, namespace, cluster)
    return {"spec": spec}


def _translate_lists(spec: Obj, virtual: Obj, context: Context, rename: Renamer) -> None:
    injected = service_variables(virtual.get("spec") or {}, context)
    for key in CONTAINER_LISTS:
        if containers := spec.get(key):
            spec[key] = [
                translate_container(each, injected, context.cluster, rename) for each in containers
            ]
    if volumes := spec.get("volumes"):
        spec["volumes"] = [translate_volume(each, virtual, context, rename) for each in volumes]
    if secrets := spec.get("imagePullSecrets"):
        spec["imagePullSecrets"] = [
            {**each, "name": rename("secrets", each["name"])} if each.get("name") else each
            for each in secrets
        ]
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
    if owners := meta(virtual).get("ownerReferences"):
        notes[downward.OWNER_REFERENCES] = downward.owners_text(owners)


def _up(virtual: Obj, host: Obj, context: Context) -> list[Action]:
    actions = status.up(virtual, host, context)
    if not is_deleting(virtual) and not is_deleting(host):
        actions += tokens.refresh(virtual, host, context)
    return actions


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
    up=_up,
    skip=lifecycle.skip,
    wait=lifecycle.wait,
    tokens=tokens.token_specs,
    references=pod_references,
    named=pod_names,
    host_references=_host_references,
    stored=_stored,
    needs=frozenset({"namespace", "services"}),
    runs_once=True,
    already_ran=lifecycle.already_ran,
)
