"""External names that mean a Service in a cluster: on the host they follow it there.

`service.namespace.svc`, with any domain behind it and perhaps a pod's host name in front, is what a
cluster's DNS answers. The tenant's own Services are meant, whatever the domain is: which one the
host's DNS has is not known, and one of its names would be someone else's Service.
"""

import re

from common.context import Context, Ref
from common.following import certain_name, certain_namespace

# What is in front, the Service, its namespace, and the rest from the last `svc` on.
_IN_CLUSTER = re.compile(r"((?:.+\.)?)([^.]+)\.([^.]+)\.(svc(?:\..*)?)")

_NO_NAMESPACES = frozenset({"com", "net", "org"})
"""The ends of most names of the internet, by which nobody calls a namespace."""


def named_service(name: str) -> Ref | None:
    """The Service that an external name means; None for what is outside."""
    found = _IN_CLUSTER.fullmatch(name)
    return Ref("services", found[3], found[2]) if found else None


def translate_external_name(name: str, context: Context) -> str:
    """It leads nowhere when the namespace isn't synced."""
    found, ref = _IN_CLUSTER.fullmatch(name), named_service(name)
    if found is None or ref is None:
        return _outside(name)
    namespace = certain_namespace(context.cluster, ref.namespace)
    return f"{found[1]}{certain_name(ref, context)}.{namespace}.{found[4]}"


def _outside(name: str) -> str:
    """With a dot at its end where it could be a Service after all. To DNS that's the same, but
    there are readers, ingress-nginx for one, that go through the search list of their own pods,
    where `web.team` and `web-0.db.team` are names of Services."""
    plain = name.removesuffix(".")
    *front, last = plain.split(".")
    return name if len(front) > 2 or (front and last in _NO_NAMESPACES) else f"{plain}."
