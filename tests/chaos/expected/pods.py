"""Pods."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from tests.chaos.expected.policy import confined, of_namespaces, own_namespaces
from tests.chaos.expected.view import View
from tests.chaos.names import PREFIX, cluster_name, host_name, label_key, token_secret_name
from tests.chaos.objects import Obj, at, bare, difference, name_of, namespace_of, notes_of

Rename = Callable[[str], str]

_APART: Final = (
    "nodeName",
    "priority",
    "preemptionPolicy",
    "ephemeralContainers",
    "tolerations",
    "automountServiceAccountToken",
    "enableServiceLinks",
)
"""What is compared in another way, or the host's admission makes."""
_HUB: Final = "docker.io"
_FIELDS: Final = {
    "metadata.name": f"metadata.annotations['{PREFIX}name']",
    "metadata.namespace": f"metadata.annotations['{PREFIX}namespace']",
    "metadata.uid": f"metadata.annotations['{PREFIX}uid']",
    "metadata.labels": f"metadata.annotations['{PREFIX}labels']",
}
_REFERENCES: Final = ("configMapKeyRef", "configMapRef", "secretKeyRef", "secretRef")


def pod(view: View, virtual: Obj) -> Obj:
    tenant, namespace, own = view.tenant, namespace_of(virtual), virtual["spec"]

    def rename(name: str) -> str:
        return host_name(tenant, namespace, name)

    spec = {key: each for key, each in own.items() if key not in _APART}
    named = own.get("priorityClassName") if view.is_on("priorityClasses") else None
    spec["priorityClassName"] = cluster_name(tenant, named) if named else None
    spec["serviceAccountName"] = spec["serviceAccount"] = _account(view, own, rename)
    spec["hostname"] = own.get("hostname") or name_of(virtual)[:63].replace(".", "-").rstrip("-")
    spec |= _dns(view, own, namespace)
    if tenant.api_ip:
        spec["hostAliases"] = [*(own.get("hostAliases") or ()), _alias(tenant.api_ip)]
    for key in ("initContainers", "containers"):
        spec[key] = [_container(view, each, rename) for each in own.get(key) or ()]
    spec["volumes"] = [_volume(view, virtual, each, rename) for each in own.get("volumes") or ()]
    spec["imagePullSecrets"] = [
        {"name": rename(each["name"])} for each in own.get("imagePullSecrets") or ()
    ]
    _selectors(view, spec, namespace)
    return spec | {"automounts": "False", "links": "False"}


def pod_of(host: Obj) -> Obj:
    own = host["spec"]
    spec = {key: each for key, each in own.items() if key not in _APART}
    for key in ("initContainers", "containers"):
        spec[key] = [{**each, "env": None} for each in own.get(key) or ()]
    automounts, links = own.get("automountServiceAccountToken"), own.get("enableServiceLinks")
    return spec | {"automounts": str(automounts), "links": str(links)}


def further(view: View, virtual: Obj, host: Obj) -> Iterator[str]:
    """Variables, tolerations, ephemeral containers and tokens."""

    def rename(name: str) -> str:
        return host_name(view.tenant, namespace_of(virtual), name)

    for key in ("initContainers", "containers"):
        pairs = zip(virtual["spec"].get(key) or (), host["spec"].get(key) or (), strict=False)
        for own, found in pairs:
            yield from _variables(view, virtual, own, found, rename)
    yield from _tolerations(view, virtual["spec"], host["spec"])
    if at(host, "status.phase") not in ("Succeeded", "Failed"):  # nothing starts in those
        wanted = _ephemeral(view, virtual, rename)
        if told := difference(wanted, _ephemeral(view, host, None), "ephemeralContainers"):
            yield told
    yield from _tokens(view, virtual, host)


def image(view: View, name: str) -> str:
    """The rules of a run are about whole registries."""
    for registry, target in view.tenant.images:
        first, slash, rest = name.partition("/")
        if registry == _HUB and not slash:
            return f"{target}/library/{name}"
        if first == registry:
            return f"{target}/{rest}"
    return name


def _account(view: View, own: Obj, rename: Rename) -> str:
    name = own.get("serviceAccountName")
    return rename(name) if name and view.is_on("serviceAccounts") else "default"


def _alias(address: str) -> Obj:
    names = ("kubernetes", "kubernetes.default", "kubernetes.default.svc")
    return {"ip": address, "hostnames": ["kubernetes.default.svc.cluster.local", *names]}


def _dns(view: View, own: Obj, namespace: str) -> Obj:
    address, config = view.tenant.dns_ip, own.get("dnsConfig") or {}
    if not address or own.get("dnsPolicy") != "ClusterFirst":
        return {}
    searches = [f"{namespace}.svc.cluster.local", "svc.cluster.local", "cluster.local"]
    options = config.get("options") or []
    if all(each["name"] != "ndots" for each in options):
        options = [{"name": "ndots", "value": "5"}, *options]
    told = {
        "nameservers": [address, *(config.get("nameservers") or ())],
        "searches": [*searches, *(config.get("searches") or ())],
        "options": options,
    }
    return {"dnsPolicy": "None", "dnsConfig": told}


def _container(view: View, own: Obj, rename: Rename) -> Obj:
    found = {**own, "image": image(view, own["image"]), "env": None}
    if sources := own.get("envFrom"):
        found["envFrom"] = [_followed(each, rename) for each in sources]
    return found


def _followed(source: Obj, rename: Rename) -> Obj:
    return {
        key: {**each, "name": rename(each["name"])} if key in _REFERENCES else each
        for key, each in source.items()
    }


def _field(view: View, source: Obj) -> Obj:
    path = source["fieldPath"]
    if path.startswith("metadata.labels['"):
        key = path.removeprefix("metadata.labels['").removesuffix("']")
        return {**source, "fieldPath": f"metadata.labels['{label_key(view.tenant, key)}']"}
    return {**source, "fieldPath": _FIELDS.get(path, path)}


def _volume(view: View, pod: Obj, own: Obj, rename: Rename) -> Obj:
    found = dict(own)
    for key, named in (
        ("configMap", "name"),
        ("secret", "secretName"),
        ("persistentVolumeClaim", "claimName"),
    ):
        if source := own.get(key):
            found[key] = {**source, named: rename(source[named])}
    if source := own.get("downwardAPI"):
        found["downwardAPI"] = {**source, "items": _items(view, source["items"])}
    if source := own.get("projected"):
        sources = [_projected(view, pod, own["name"], each, rename) for each in source["sources"]]
        found["projected"] = {**source, "sources": sources}
    return found


def _items(view: View, items: Sequence[Obj]) -> list[Obj]:
    return [{**each, "fieldRef": _field(view, each["fieldRef"])} for each in items]


def _projected(view: View, pod: Obj, volume: str, own: Obj, rename: Rename) -> Obj:
    if (token := own.get("serviceAccountToken")) is None:
        return {key: {**each, "name": rename(each["name"])} for key, each in own.items()}
    key = f"token-{volume}-0"
    if view.tenant.tokens_in_secrets:
        name = token_secret_name(view.tenant, namespace_of(pod), name_of(pod))
        return {"secret": {"name": name, "items": [{"key": key, "path": token["path"]}]}}
    field = {"apiVersion": "v1", "fieldPath": f"metadata.annotations['{PREFIX}{key}']"}
    return {"downwardAPI": {"items": [{"path": token["path"], "fieldRef": field}]}}


def _selectors(view: View, spec: Obj, namespace: str) -> None:
    if constraints := spec.get("topologySpreadConstraints"):
        spec["topologySpreadConstraints"] = [
            {**each, "labelSelector": confined(view, each["labelSelector"], namespace)}
            for each in constraints
        ]
    required = "requiredDuringSchedulingIgnoredDuringExecution"
    terms = ((spec.get("affinity") or {}).get("podAntiAffinity") or {}).get(required)
    if terms:
        translated = [_term(view, each, namespace) for each in terms]
        spec["affinity"] = {"podAntiAffinity": {required: translated}}


def _term(view: View, term: Obj, namespace: str) -> Obj:
    found = {key: each for key, each in term.items() if key != "namespaceSelector"}
    namespaces = term.get("namespaceSelector")
    if namespaces is None:
        return found | {"labelSelector": confined(view, term["labelSelector"], namespace)}
    selector = of_namespaces(view, term["labelSelector"], namespaces)
    return found | {"labelSelector": selector, "namespaceSelector": own_namespaces(view)}


def _variables(view: View, pod: Obj, own: Obj, found: Obj, rename: Rename) -> Iterator[str]:
    """The pod's own come last; before them those of the API service, and where the pod asks for
    it those of Services that there were when it came."""
    wanted = [_variable(view, each, rename) for each in own.get("env") or ()]
    there: list[Any] = found.get("env") or []
    given = there[: len(there) - len(wanted)]
    if told := difference(bare(wanted), bare(there[len(given) :]), f"env of {own['name']}"):
        yield told
    names = {each["name"]: each.get("value") for each in given}
    if view.tenant.api_ip and names.get("KUBERNETES_SERVICE_HOST") != view.tenant.api_ip:
        yield f"{own['name']} is not told the API service's address: {names}"
    if pod["spec"].get("enableServiceLinks") is False:
        strange = [name for name in names if not name.startswith("KUBERNETES_")]
        if strange:
            yield f"{own['name']} has variables that it doesn't want: {strange}"


def _variable(view: View, own: Obj, rename: Rename) -> Obj:
    source = own.get("valueFrom")
    if not source:
        return own
    followed = _followed(source, rename)
    if field := followed.get("fieldRef"):
        followed["fieldRef"] = _field(view, field)
    return {**own, "valueFrom": followed}


def _tolerations(view: View, own: Obj, found: Obj) -> Iterator[str]:
    """In any order."""
    wanted = [*(own.get("tolerations") or ())]
    if view.tenant.toleration:
        key, _, rest = view.tenant.toleration.partition("=")
        value, _, effect = rest.partition(":")
        wanted.append({"key": key, "operator": "Equal", "value": value, "effect": effect})
    there = found.get("tolerations") or []
    for each in wanted:
        if each not in there:
            yield f"toleration {each} is missing"
    for each in there:
        if each not in wanted:
            yield f"toleration {each} is nobody's"


def _ephemeral(view: View, pod: Obj, rename: Rename | None) -> list[tuple[str, str]]:
    """In any order."""
    containers = pod["spec"].get("ephemeralContainers") or ()
    return sorted(
        (each["name"], image(view, each["image"]) if rename else each["image"])
        for each in containers
    )


def _tokens(view: View, virtual: Obj, host: Obj) -> Iterator[str]:
    """Values are nobody's business, but they must be there."""
    volumes = [each["name"] for each in virtual["spec"].get("volumes") or ()]
    if "identity" not in volumes:
        return
    if not view.tenant.tokens_in_secrets:
        if not notes_of(host).get(f"{PREFIX}token-identity-0"):
            yield "its token is missing"
        return
    name = token_secret_name(view.tenant, namespace_of(virtual), name_of(virtual))
    found = [
        each
        for each in view.host.get("secrets", ())
        if (namespace_of(each), name_of(each)) == (namespace_of(host), name)
    ]
    if not found or not (found[0].get("data") or {}).get("token-identity-0"):
        yield f"the Secret {name} with its token is missing"
