"""What an Ingress names in the annotations of ingress-nginx: Secrets, ConfigMaps, a Service.

The controller looks for them on the host, so as they stand they would be any tenant's there.
"""

import re
from collections.abc import Iterator

from common.context import Context, Ref
from common.following import certain_name, certain_namespace
from common.objects import Obj, annotations, namespace_of

_NGINX = "nginx.ingress.kubernetes.io/"
_PLURALS = {
    f"{_NGINX}auth-proxy-set-headers": "configmaps",
    f"{_NGINX}auth-secret": "secrets",
    f"{_NGINX}auth-tls-secret": "secrets",
    f"{_NGINX}custom-headers": "configmaps",
    f"{_NGINX}default-backend": "services",
    f"{_NGINX}fastcgi-params-configmap": "configmaps",
    f"{_NGINX}proxy-ssl-secret": "secrets",
}
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


def nginx_refs(ingress: Obj) -> Iterator[Ref]:
    for key, value in annotations(ingress).items():
        if ref := _ref(key, value, namespace_of(ingress)):
            yield ref


def translate_nginx(key: str, value: str, namespace: str, context: Context) -> str:
    """The value of an annotation, in the form that it has: `name` or `ns/name`. Any that names
    nothing stays."""
    ref = _ref(key, value, namespace)
    if ref is None:
        return value
    name = certain_name(ref, context)
    if "/" not in value:
        return name
    return f"{certain_namespace(context.cluster, ref.namespace)}/{name}"


def _ref(key: str, value: str, namespace: str) -> Ref | None:
    """Read as ingress-nginx does: it trims the value, and takes `/name` for `name`. None for what
    can name nothing."""
    if key not in _PLURALS:
        return None
    first, slash, rest = value.strip().partition("/")
    place, name = (first or namespace, rest) if slash else (namespace, first)
    valid = _NAME.fullmatch(place) and _NAME.fullmatch(name)
    return Ref(_PLURALS[key], place, name) if valid else None
