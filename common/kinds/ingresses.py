"""Ingresses: the host's controllers serve what is behind the tenant's Services."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from common.actions import Action, RequeueAfter
from common.context import Context, Ref
from common.fields import fields_patch
from common.following import wait_for
from common.ingress.backends import backend_refs, translate_backend
from common.ingress.notes import note_refs, translate_notes
from common.ingress.secrets import tls_refs, translate_tls
from common.kind import Doc, Kind, in_any_case
from common.naming import PREFIX, may_be_shared
from common.objects import Obj, annotations, namespace_of
from common.upward import status_up

_CLASS = "ingressClassName"
_FIELDS = (_CLASS, "defaultBackend", "tls", "rules")
# On the host object: the class that the virtual one asks for.
_CLASS_ASKED = f"{PREFIX}ingress-class"
# How soon to look again for the host name of what an Ingress started to refer to.
_AGAIN_S = 5.0


def _translate(virtual: Obj, context: Context) -> Obj:
    own: Obj = virtual.get("spec") or {}
    spec = {field: own[field] for field in _FIELDS if own.get(field)}
    if backend := spec.get("defaultBackend"):
        spec["defaultBackend"] = translate_backend(backend, virtual, context)
    if rules := spec.get("rules"):
        spec["rules"] = [_rule(rule or {}, virtual, context) for rule in rules]
    if entries := spec.get("tls"):
        namespace = namespace_of(virtual)
        spec["tls"] = [translate_tls(entry or {}, namespace, context) for entry in entries]
    return {"spec": spec}


def _rule(rule: Obj, ingress: Obj, context: Context) -> Obj:
    paths = (rule.get("http") or {}).get("paths")
    if not paths:
        return rule
    translated = [
        {**path, "backend": translate_backend(path["backend"], ingress, context)}
        if path.get("backend")
        else path
        for path in paths
    ]
    return {**rule, "http": {**rule["http"], "paths": translated}}


def _decorate(
    virtual: Obj, _context: Context, _labels: dict[str, str], notes: dict[str, str]
) -> None:
    if asked := (virtual.get("spec") or {}).get(_CLASS):
        notes[_CLASS_ASKED] = asked


def _patch_down(_virtual: Obj, translated: Obj, host: Obj, _context: Context) -> Obj:
    """A class that nobody asked for is the host's own default, and stays."""
    wanted, found = translated["spec"], host.get("spec") or {}
    patch = fields_patch(found, wanted, _FIELDS)
    if _CLASS not in wanted and found.get(_CLASS) != annotations(host).get(_CLASS_ASKED):
        patch.pop(_CLASS, None)
    return {"spec": patch} if patch else {}


def _up(virtual: Obj, host: Obj, context: Context) -> list[Action]:
    told = status_up(virtual, host.get("status") or {})
    reason = wait_for(_named(virtual), context)
    return [*told, RequeueAfter(_AGAIN_S, reason)] if reason else told


def _named(virtual: Obj) -> Iterable[Ref]:
    found = (*backend_refs(virtual), *tls_refs(virtual), *note_refs(virtual))
    return tuple(dict.fromkeys(found))


def _references(virtual: Obj) -> Iterator[Ref]:
    """What is only on the host when something refers to it; and, where host names may be shared,
    whatever else could get another one."""
    for ref in _named(virtual):
        if ref.plural != "services":
            yield ref
        if may_be_shared(ref.namespace, ref.name):
            yield replace(ref, wakes="referrer")


KIND = Kind(
    plural="ingresses",
    kind="Ingress",
    group="networking.k8s.io",
    option="ingresses",
    translate=_translate,
    decorate=_decorate,
    translate_annotations=translate_notes,
    patch_down=_patch_down,
    up=_up,
    references=_references,
    named=_named,
    names_later=in_any_case,
    virtual_access=("ingresses.networking.k8s.io/status: patch",),
    doc=Doc(
        down="class, rules, default backend, TLS",
        up="status",
        translated="backends, TLS Secrets; Secrets, ConfigMaps and the default backend in"
        " ingress-nginx annotations; actions, conditions and the OIDC Secret of the AWS load"
        " balancer controller",
    ),
)
