"""Several installations of tohost on the host that sync a virtual cluster of one name to one place.

They are told by their ConfigMaps, as the chart and the manifests make them. Who may not list these
everywhere, which tohost itself needn't, learns nothing here; `strangers` still sees what such
installations do to each other.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

import yaml

from common.errors import ApiError, RetryError
from common.kinds import REGISTRY
from common.kube.api import object_path
from common.kube.client import KubeClient
from common.objects import Obj, field_of
from tohost.doctor.finding import HOST, Finding, ok
from tohost.doctor.patient import Patient

CHECK = "installations"
FILE = "tohost.yaml"
_SELECTORS = (
    {"labelSelector": "app.kubernetes.io/part-of=tohost"},
    {"fieldSelector": "metadata.name=tohost"},
)
Claims = Mapping[tuple[str, str], set[str]]
"""Who syncs a virtual cluster, by its name and host namespace."""


async def check(patient: Patient) -> list[Finding]:
    if patient.host is None:
        return []
    try:
        claims = await _claims(patient.host.client)
    except (ApiError, RetryError):
        return []
    return list(judge(patient, claims))


def judge(patient: Patient, claims: Claims) -> Iterator[Finding]:
    every = {name for names in claims.values() for name in names}
    fine = True
    for each in patient.config.virtual_clusters:
        who = sorted(claims.get((each.name, each.host_namespace), ()))
        if len(who) > 1:
            fine = False
            words = (
                f"{' and '.join(who)} are configurations of several tohosts, which all sync a"
                f" virtual cluster {each.name} to {each.host_namespace}"
            )
            remedy = "uninstall all but one, or give one of them another name or hostNamespace"
            yield Finding(HOST, CHECK, "problem", words, remedy)
    if fine:
        yield ok(HOST, CHECK, f"{len(every)} with a ConfigMap, and none in another's way")


async def _claims(client: KubeClient) -> Claims:
    """Raises RetryError or ApiError."""
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for selector in _SELECTORS:
        page = await client.list_page(object_path(REGISTRY["configmaps"]), selector)
        for each in page.items:
            for place in _places(each):
                found[place].add(field_of(each))
    return found


def _places(configmap: Obj) -> Iterator[tuple[str, str]]:
    """By what is in it; nobody else's ConfigMap has to make sense to us."""
    try:
        content = yaml.safe_load(str((configmap.get("data") or {}).get(FILE) or ""))
    except yaml.YAMLError:
        return
    clusters = content.get("virtualClusters") if isinstance(content, dict) else None
    for each in clusters if isinstance(clusters, list) else ():
        if isinstance(each, dict):
            yield str(each.get("name")), str(each.get("hostNamespace"))
