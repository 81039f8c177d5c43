"""The hosts file of pods with a subdomain: `web-0.web.ns.svc.cluster.local` for `web-0`.

On the host such a pod has no subdomain, since no service of that name is there, so its kubelet
writes the bare host name only. An init container writes a copy with the full name, and the
others mount that. (Ephemeral containers can't: they may not mount a single file.)
"""

from posixpath import normpath

from common.cluster import Cluster
from common.objects import Obj, name_of, namespace_of
from common.pod.dns import hostname

_NAME = "vcluster-rewrite-hosts"
_PATH = "/etc/hosts"
_FOLDER, _FILE = "/hosts", "hosts"
_UNPRIVILEGED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsGroup": 1001,
    "runAsNonRoot": True,
    "runAsUser": 1001,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def rewrites_hosts(own: Obj, cluster: Cluster) -> bool:
    """Whether the pod's hosts file needs a name that the host's kubelet doesn't write into it.

    No kubelet does so for pods on the host's network or with another name by `hostnameOverride`.
    """
    if not cluster.pods.hosts_image or not own.get("subdomain"):
        return False
    elsewhere = own.get("hostNetwork") or own.get("hostnameOverride")
    return not elsewhere and (own.get("os") or {}).get("name") != "windows"


def rewrite_hosts(spec: Obj, virtual: Obj, cluster: Cluster, injected: list[Obj]) -> None:
    """Let the host pod's containers find its full name, in place; `injected`: the variables that
    every container gets."""
    own: Obj = virtual["spec"]
    place, host = _free_name(own), hostname(own, name_of(virtual))
    domain = f"{namespace_of(virtual)}.svc.{cluster.cluster_domain}"
    writer = _writer(place, host, f"{host}.{own['subdomain']}.{domain}", cluster)
    if injected:
        writer["env"] = injected
    mount = {"mountPath": _PATH, "name": place, "subPath": _FILE}
    for key in ("initContainers", "containers"):
        spec[key] = [_with_mount(each, mount) for each in spec.get(key) or ()]
    spec["initContainers"].insert(0, writer)
    spec["volumes"] = [*(spec.get("volumes") or ()), {"name": place, "emptyDir": {}}]


def _writer(place: str, host: str, full_name: str, cluster: Cluster) -> Obj:
    """The kubelet's line is an address, white space and the host name."""
    line = f"s/^([0-9a-fA-F.:]+[[:space:]]+){host}$/\\1 {full_name} {host}/"
    return {
        "name": place,
        "image": cluster.pods.hosts_image,
        "command": ["sh"],
        "args": ["-c", f"sed -E -e '{line}' {_PATH} > {_FOLDER}/{_FILE}"],
        "resources": cluster.pods.hosts_resources,
        "securityContext": _UNPRIVILEGED,
        "volumeMounts": [{"mountPath": _FOLDER, "name": place}],
    }


def _with_mount(container: Obj, mount: Obj) -> Obj:
    """Unless the container brings a hosts file of its own."""
    mounts = container.get("volumeMounts") or []
    if any(normpath(each.get("mountPath") or "") == _PATH for each in mounts):
        return container
    return {**container, "volumeMounts": [*mounts, mount]}


def _free_name(own: Obj) -> str:
    """For the container and the volume: one that the pod's own don't bear."""
    lists = ("initContainers", "containers", "volumes")
    taken = {each.get("name") for key in lists for each in own.get(key) or ()}
    name = _NAME
    while name in taken:
        name += "-x"
    return name
