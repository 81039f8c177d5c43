"""Where an Ingress sends requests: to Services, to other resources, or to actions.

An action is what the AWS load balancer controller reads in an annotation of the backend's name,
when the backend's port is called `use-annotation`. It is no Service, so its host name is free to
choose, but must fit in an annotation's key.
"""

import json
from collections.abc import Iterator

from common.context import Context, Ref
from common.following import certain_name
from common.naming import digest, host_name
from common.objects import Obj, annotations, namespace_of

USE_ANNOTATION = "use-annotation"
ACTIONS = "alb.ingress.kubernetes.io/actions."
CONDITIONS = "alb.ingress.kubernetes.io/conditions."
# What is left of the 63 characters of a key behind `conditions.`.
_LONGEST = 52
_PLURALS = {"ConfigMap": "configmaps", "Secret": "secrets", "Service": "services"}


def backends_of(spec: Obj) -> Iterator[Obj]:
    """Every backend, the default one too."""
    yield spec.get("defaultBackend") or {}
    for rule in spec.get("rules") or ():
        for path in ((rule or {}).get("http") or {}).get("paths") or ():
            yield (path or {}).get("backend") or {}


def services_of(ingress: Obj) -> Iterator[Obj]:
    """The `service` of each backend that has one."""
    for backend in backends_of(ingress.get("spec") or {}):
        if (backend.get("service") or {}).get("name"):
            yield backend["service"]


def backend_refs(ingress: Obj) -> Iterator[Ref]:
    """The Services and core resources that its backends name."""
    namespace = namespace_of(ingress)
    for service in services_of(ingress):
        if not _is_action(service):
            yield Ref("services", namespace, service["name"])
    for backend in backends_of(ingress.get("spec") or {}):
        if ref := _resource_ref(backend.get("resource") or {}, namespace):
            yield ref


def translate_backend(backend: Obj, ingress: Obj, context: Context) -> Obj:
    result = dict(backend)
    service, resource = backend.get("service") or {}, backend.get("resource") or {}
    if service.get("name"):
        result["service"] = host_service(service, ingress, context)
    if resource.get("name"):
        name = _resource_name(resource, namespace_of(ingress), context)
        result["resource"] = {**resource, "name": name}
    return result


def _resource_name(resource: Obj, namespace: str, context: Context) -> str:
    """Of whichever kind: as it stands it would name an object of the host."""
    if ref := _resource_ref(resource, namespace):
        return certain_name(ref, context)
    return host_name(context.cluster, namespace, resource["name"])


def _resource_ref(resource: Obj, namespace: str) -> Ref | None:
    """None unless its kind is one that host names are known of."""
    plural = None if resource.get("apiGroup") else _PLURALS.get(resource.get("kind") or "")
    return Ref(plural, namespace, resource["name"]) if plural and resource.get("name") else None


def host_service(service: Obj, ingress: Obj, context: Context) -> Obj:
    """A backend's `service` on the host.

    One with conditions, whose host name is too long for their key, becomes an action that
    forwards to it: that means the same and has a shorter name.
    """
    if _is_action(service):
        return {**service, "name": action_name(service["name"], ingress, context)}
    name = certain_name(Ref("services", namespace_of(ingress), service["name"]), context)
    if len(name) <= _LONGEST or f"{CONDITIONS}{service['name']}" not in annotations(ingress):
        return {**service, "name": name}
    return {"name": _cut(f"{name}/{_port(service)}"), "port": {"name": USE_ANNOTATION}}


def action_name(name: str, ingress: Obj, context: Context) -> str:
    """What an action is called on the host: as a Service would be, if that fits."""
    full = host_name(context.cluster, namespace_of(ingress), name)
    return full if len(full) <= _LONGEST else _cut(full)


def forwarding(ingress: Obj, context: Context) -> Iterator[tuple[str, str]]:
    """The annotations of the actions that stand for Services."""
    for service in services_of(ingress):
        became = host_service(service, ingress, context)
        if _is_action(became) and not _is_action(service):
            name = certain_name(Ref("services", namespace_of(ingress), service["name"]), context)
            group = {"serviceName": name, "servicePort": _port(service)}
            action = {"type": "forward", "forwardConfig": {"targetGroups": [group]}}
            yield f"{ACTIONS}{became['name']}", json.dumps(action, separators=(",", ":"))


def _is_action(service: Obj) -> bool:
    return (service.get("port") or {}).get("name") == USE_ANNOTATION


def _port(service: Obj) -> int | str | None:
    port = service.get("port") or {}
    found: int | str | None = port.get("name") or port.get("number")
    return found


def _cut(full: str) -> str:
    return f"{full[: _LONGEST - 11]}-{digest(full)}"
