"""An Ingress's annotations for its controllers: those that name other objects follow."""

from collections.abc import Iterator

from common.context import Context, Ref
from common.following import certain_name
from common.ingress.backends import (
    ACTIONS,
    CONDITIONS,
    action_name,
    forwarding,
    host_service,
    services_of,
)
from common.ingress.nginx import nginx_refs, translate_nginx
from common.ingress.service_json import SECRET, follow_services, named_services
from common.objects import Obj, annotations, namespace_of

# How the AWS load balancer controller finds who logs users in; the Secret is the client's.
_LOGIN = "alb.ingress.kubernetes.io/auth-idp-oidc"


def translate_notes(notes: dict[str, str], ingress: Obj, context: Context) -> dict[str, str]:
    """The annotations in the host's words."""
    became = _became(ingress, context)
    result: dict[str, str] = {}
    for key, value in notes.items():
        if key == _LOGIN:
            if (login := _login(value, namespace_of(ingress), context)) is not None:
                result[key] = login
        elif not key.startswith((ACTIONS, CONDITIONS)):
            result[key] = translate_nginx(key, value, namespace_of(ingress), context)
        elif (followed := _followed(key, value, ingress, context)) is not None:
            for host_key in _host_keys(key, became, ingress, context):
                result[host_key] = followed
    return result | dict(forwarding(ingress, context))


def note_refs(ingress: Obj) -> Iterator[Ref]:
    """What the annotations name, in JSON too."""
    yield from nginx_refs(ingress)
    for key, value in annotations(ingress).items():
        if key.startswith((ACTIONS, CONDITIONS)):
            for name in named_services(value):
                yield Ref("services", namespace_of(ingress), name)
        if key == _LOGIN:
            for name in named_services(value, SECRET):
                yield Ref("secrets", namespace_of(ingress), name)


def _login(text: str, namespace: str, context: Context) -> str | None:
    """None for what a controller could read otherwise than we do: without it nobody gets in."""
    return follow_services(
        text, lambda name: certain_name(Ref("secrets", namespace, name), context), SECRET
    )


def _followed(key: str, text: str, ingress: Obj, context: Context) -> str | None:
    """None for an action that a controller could read otherwise than we do: without it its
    backend serves nothing. Conditions stay, since without them it would serve too much."""
    namespace = namespace_of(ingress)
    followed = follow_services(
        text, lambda name: certain_name(Ref("services", namespace, name), context)
    )
    return text if followed is None and key.startswith(CONDITIONS) else followed


def _became(ingress: Obj, context: Context) -> dict[str, set[str]]:
    """By the name of a backend, what the backends of that name are called on the host."""
    result: dict[str, set[str]] = {}
    for service in services_of(ingress):
        host = str(host_service(service, ingress, context)["name"])
        result.setdefault(service["name"], set()).add(host)
    return result


def _host_keys(
    key: str, became: dict[str, set[str]], ingress: Obj, context: Context
) -> Iterator[str]:
    """The keys that stand for this one. Conditions are on whatever the backends of that name
    became."""
    start = ACTIONS if key.startswith(ACTIONS) else CONDITIONS
    name = key.removeprefix(start)
    backends = became.get(name) if start == CONDITIONS else None
    for each in sorted(backends or {action_name(name, ingress, context)}):
        yield f"{start}{each}"
