"""What must hold between the parts of a configuration, and for the files that it names."""

import os
from collections.abc import Iterator
from pathlib import Path

from common.cluster import Cluster
from common.config.model import Config, VirtualCluster
from common.config.reading import read_map
from common.errors import ConfigError
from common.naming import OF_TOKENS, managed_by
from common.objects import Obj

_IN_CLUSTER_TOKEN = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")


def duplicates(config: Config) -> Iterator[str]:
    """Problems of virtual clusters that can't live beside each other."""
    for index, cluster in enumerate(config.virtual_clusters):
        for other_index, other in enumerate(config.virtual_clusters[:index]):
            problem = _clash(cluster, other, f"virtualClusters[{other_index}]")
            if problem:
                yield f"virtualClusters[{index}]{problem}"
                break


def _clash(cluster: VirtualCluster, other: VirtualCluster, place: str) -> str:
    if cluster.name == other.name and cluster.host_namespace == other.host_namespace:
        return (
            f'.name: "{cluster.name}" in host namespace "{cluster.host_namespace}" is {place} '
            "already; remove one, or write another name"
        )
    if cluster.name == other.name:
        return f'.name: {place} is called "{cluster.name}" already; write another name'
    if cluster.host_namespace == other.host_namespace and _confused(cluster.name, other.name):
        return (
            f'.name: host names of "{cluster.name}" could be those of "{other.name}" ({place}) in '
            "one host namespace; write another name or another hostNamespace"
        )
    if _marked_alike(cluster, other) or _confused(*map(_whole_name, (cluster, other))):
        return (
            f".name: cluster-scoped host objects could be taken for those of {place}; "
            "write another name or another hostNamespace"
        )
    same = (cluster.kubeconfig, cluster.context) == (other.kubeconfig, other.context)
    if same and cluster.kubeconfig:
        return (
            f".kubeconfig: is the virtual cluster of {place} already; "
            "remove one, or write another kubeconfig or context"
        )
    return ""


def _marked_alike(cluster: VirtualCluster, other: VirtualCluster) -> bool:
    one, two = (Cluster(each.name, each.host_namespace) for each in (cluster, other))
    return managed_by(one, namespaced=False) == managed_by(two, namespaced=False)


def _whole_name(cluster: VirtualCluster) -> str:
    """In what the names of its cluster-scoped host objects end."""
    return f"{cluster.host_namespace}-x-{cluster.name}"


def _confused(name: str, other: str) -> bool:
    """Host names end in `-x-` and the cluster's name, Secrets with tokens in yet more; so no name
    may end in one of the other cluster's."""
    ends, others = ((f"-x-{each}", f"-x-{each}{OF_TOKENS}") for each in (name, other))
    return any(one.endswith(two) or two.endswith(one) for one in ends for two in others)


def kubeconfigs(config: Config) -> Iterator[str]:
    """Problems with the kubeconfig files of the host and of every virtual cluster."""
    host = config.host
    if host.kubeconfig:
        yield from _kubeconfig("host", host.kubeconfig, host.context)
    elif not (os.environ.get("KUBERNETES_SERVICE_HOST") and _IN_CLUSTER_TOKEN.exists()):
        yield (
            "host.kubeconfig: is empty, which means in-cluster, but this is no pod; "
            "write the path of the host cluster's kubeconfig"
        )
    for index, cluster in enumerate(config.virtual_clusters):
        place = f"virtualClusters[{index}]"
        if cluster.kubeconfig:
            yield from _kubeconfig(place, cluster.kubeconfig, cluster.context)
        else:
            yield f"{place}.kubeconfig: is missing; write the path of its kubeconfig"


def _kubeconfig(place: str, path: str, context: str) -> Iterator[str]:
    try:
        content = read_map(Path(path), holds="a kubeconfig")
    except ConfigError as error:
        yield f"{place}.kubeconfig: {error}"
        return
    contexts = _entries(content, "context")
    known = ", ".join(contexts)
    if not contexts:
        yield f"{place}.kubeconfig: {path} has no contexts; write the path of a kubeconfig"
        return
    chosen = context or str(content.get("current-context") or "")
    if not chosen:
        yield f"{place}.context: {path} has no current-context; write one of: {known}"
    elif chosen not in contexts:
        yield f'{place}.context: {path} has no "{chosen}"; write one of: {known}'
    else:
        for problem in _context_problems(content, contexts[chosen], Path(path).parent):
            yield f'{place}.kubeconfig: {path}: context "{chosen}": {problem}'


def _context_problems(kubeconfig: Obj, context: Obj, folder: Path) -> Iterator[str]:
    """What kubectl would refuse too: parts and files that are named, and not there."""
    for part in ("cluster", "user"):
        entries, name = _entries(kubeconfig, part), context.get(part)
        if name in entries:
            yield from _missing_files(entries[name], folder)
        elif name or part == "cluster":
            yield f'there is no {part} "{name or ""}"; write it, or another context'


def _missing_files(entry: Obj, folder: Path) -> Iterator[str]:
    for key in ("certificate-authority", "client-certificate", "client-key"):
        file = entry.get(key)
        if file and not entry.get(f"{key}-data") and not (folder / str(file)).is_file():
            yield f"{key}: {file} is no file; write the path of one"


def _entries(kubeconfig: Obj, part: str) -> dict[str, Obj]:
    """The contexts, clusters or users by name."""
    listed = kubeconfig.get(f"{part}s")
    found = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    inner = {str(each["name"]): each.get(part) for each in found if "name" in each}
    return {name: value if isinstance(value, dict) else {} for name, value in inner.items()}
