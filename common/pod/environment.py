"""Containers and their variables: the virtual API service, service links, and names that follow.

The host's kubelet adds none of ours (`enableServiceLinks: false` on the host), so what it would
have done in the virtual cluster is done here: the Docker-link style variables, sorted, before
the user's own so that `$(WEB_SERVICE_HOST)` expands, and never overriding one of them, be it from
`env` or `envFrom`.
"""

from collections.abc import Iterable, Iterator

from common.cluster import Cluster
from common.context import Context
from common.objects import Obj, annotations, name_of
from common.pod.downward import translate_field
from common.pod.env_from import env_from_names
from common.pod.images import translate_image
from common.references import ENV_FROM_SOURCES, ENV_SOURCES, Renamer, follow
from common.service import MOVING


def service_variables(spec: Obj, context: Context) -> list[Obj]:
    """What every container of the pod gets, sorted by name."""
    values: dict[str, str] = {}
    if spec.get("enableServiceLinks") is not False:
        for service in context.related.services:
            values.update(_links(service, _address(service, context)))
    values.update(_api_links(context.cluster))
    return [{"name": name, "value": values[name]} for name in sorted(values)]


def translate_container(
    container: Obj, injected: list[Obj], namespace: str, context: Context, rename: Renamer
) -> Obj:
    """The container with its image from where the rules say, and its own variables following
    names, after the injected ones."""
    result, cluster = dict(container), context.cluster
    if container.get("image"):
        result["image"] = translate_image(container["image"], cluster.pods.images)
    own = container.get("env") or []
    names = env_from_names(container, namespace, context.related.env_keys)
    names |= {variable.get("name") for variable in own}
    result["env"] = [each for each in injected if each["name"] not in names]
    result["env"] += [_translate_variable(each, cluster, rename) for each in own]
    if not result["env"]:
        del result["env"]
    if sources := container.get("envFrom"):
        result["envFrom"] = [follow(each, ENV_FROM_SOURCES, rename) for each in sources]
    return result


def linked(service: Obj) -> bool:
    """Whether pods get variables for this service: it has, or will have, a cluster IP."""
    if MOVING in annotations(service):
        return True
    spec = service.get("spec") or {}
    return spec.get("type") != "ExternalName" and spec.get("clusterIP") != "None"


def _translate_variable(variable: Obj, cluster: Cluster, rename: Renamer) -> Obj:
    source = variable.get("valueFrom")
    if not source:
        return variable
    source = follow(source, ENV_SOURCES, rename)
    if field := source.get("fieldRef"):
        source = {**source, "fieldRef": translate_field(field, cluster)}
    return {**variable, "valueFrom": source}


def _address(service: Obj, context: Context) -> str:
    """The cluster IP that traffic must go to: the host's, as soon as it has one."""
    if not linked(service) or name_of(service) == "kubernetes":
        return ""  # its variables always speak of the virtual API service
    host = context.related.host_services.get(name_of(service)) or {}
    for one in (host, service):
        address = (one.get("spec") or {}).get("clusterIP")
        if address and address != "None":
            return str(address)
    return ""


def _api_links(cluster: Cluster) -> dict[str, str]:
    port = {"name": "https", "port": cluster.api_service_port}
    service = {"metadata": {"name": "kubernetes"}, "spec": {"ports": [port]}}
    return dict(_links(service, cluster.api_service_ip))


def _links(service: Obj, address: str) -> Iterator[tuple[str, str]]:
    ports: list[Obj] = (service.get("spec") or {}).get("ports") or []
    if not address or not ports:
        return
    prefix = _variable(name_of(service))
    yield f"{prefix}_SERVICE_HOST", address
    yield f"{prefix}_SERVICE_PORT", str(ports[0].get("port"))
    for port in ports:
        if port.get("name"):
            yield f"{prefix}_SERVICE_PORT_{_variable(port['name'])}", str(port.get("port"))
    yield from _docker_links(prefix, address, ports)


def _docker_links(prefix: str, address: str, ports: Iterable[Obj]) -> Iterator[tuple[str, str]]:
    host = f"[{address}]" if ":" in address else address
    for index, port in enumerate(ports):
        protocol, number = str(port.get("protocol") or "TCP"), str(port.get("port"))
        url = f"{protocol.lower()}://{host}:{number}"
        if index == 0:
            yield f"{prefix}_PORT", url
        name = f"{prefix}_PORT_{number}_{protocol.upper()}"
        yield name, url
        yield f"{name}_PROTO", protocol.lower()
        yield f"{name}_PORT", number
        yield f"{name}_ADDR", address


def _variable(name: str) -> str:
    return name.upper().replace("-", "_")
