"""What Endpoints and EndpointSlices share: the rule that a Service has one owner of its endpoints.

With a selector the host's own controllers make them; without one they come from the virtual
cluster. Two owners would double every address.
"""

from common.context import Context
from common.naming import host_name, host_namespace, may_be_shared
from common.objects import Obj, annotations, name_of, namespace_of
from common.service import STALE_ENDPOINTS, has_selector, skip_service

_POD_SPECIFIC = ("uid", "resourceVersion")


def skip_endpoints(namespace: str, service_name: str, context: Context) -> str:
    """Why the endpoints of that service are not synced; "" when they are."""
    if reason := skip_service(namespace, service_name):
        return reason
    service = context.related.service
    if service is None:
        return f"there is no Service {namespace}/{service_name}"
    if has_selector(service):
        return "its Service has a selector, so the host makes its own"
    return ""


def wait_for_host(_virtual: Obj, context: Context) -> str:
    """Until the host's Service is there, if others could bear its name, and until what the host
    made for it while it had a selector is gone."""
    service = context.related.host_service
    own = context.related.service
    if service is None and own and _shares(own, context):
        return "waits for its Service, whose host name another one may bear"
    if service is not None and (has_selector(service) or STALE_ENDPOINTS in annotations(service)):
        return "waits for the host's own endpoints to go"
    return ""


def _shares(service: Obj, context: Context) -> bool:
    kept = context.cluster.namespaces is not None
    return not kept and may_be_shared(namespace_of(service), name_of(service))


def translate_target(holder: Obj, own_namespace: str, context: Context) -> Obj:
    """An endpoint or address whose `targetRef` names the host pod; it has none when the pod's
    namespace is not synced."""
    target = holder.get("targetRef")
    if not target or target.get("kind") != "Pod":
        return holder
    namespace = target.get("namespace") or own_namespace
    there = host_namespace(context.cluster, namespace)
    if not (there and target.get("name")):
        return {key: value for key, value in holder.items() if key != "targetRef"}
    kept = {key: value for key, value in target.items() if key not in _POD_SPECIFIC}
    kept["name"] = host_name(context.cluster, namespace, target["name"])
    kept["namespace"] = there
    return {**holder, "targetRef": kept}
