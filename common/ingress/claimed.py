"""Which host names an Ingress claims."""

from collections.abc import Iterator

from common.objects import Obj, annotations

EVERY = "*"
"""What an Ingress claims whose rules name no host."""
_ALIAS = "nginx.ingress.kubernetes.io/server-alias"


def claimed_hosts(ingress: Obj) -> list[str]:
    """Each once, sorted."""
    return sorted(set(_hosts(ingress)))


def _hosts(ingress: Obj) -> Iterator[str]:
    spec = ingress.get("spec") or {}
    for rule in spec.get("rules") or ():
        yield (rule or {}).get("host") or EVERY
    if spec.get("defaultBackend"):
        yield EVERY
    for alias in annotations(ingress).get(_ALIAS, "").replace(",", " ").split():
        yield alias.lower()
