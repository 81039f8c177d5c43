"""The Secrets that an Ingress names for TLS."""

from collections.abc import Iterator

from common.context import Context, Ref
from common.following import certain_name
from common.objects import Obj, namespace_of


def tls_refs(ingress: Obj) -> Iterator[Ref]:
    for entry in (ingress.get("spec") or {}).get("tls") or ():
        if name := (entry or {}).get("secretName"):
            yield Ref("secrets", namespace_of(ingress), name)


def translate_tls(entry: Obj, namespace: str, context: Context) -> Obj:
    name = entry.get("secretName")
    if not name:
        return entry
    return {**entry, "secretName": certain_name(Ref("secrets", namespace, name), context)}
