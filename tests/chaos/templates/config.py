"""ConfigMaps, Secrets and ServiceAccounts."""

from __future__ import annotations

import base64
from random import Random

from tests.chaos.objects import Obj
from tests.chaos.templates.template import (
    Patch,
    Place,
    Template,
    named,
    relabel,
    spoil_labels,
)

_TYPES = ("Opaque", "Opaque", "example.com/other")


def _configmap(chance: Random, place: Place) -> Obj:
    body: Obj = {"data": {"key": _text(chance), "more": _text(chance)}}
    if chance.random() < 0.2:
        body["binaryData"] = {"bytes": _encoded(chance)}
    if chance.random() < 0.06:
        body["immutable"] = True
    return named(chance, place, **body)


def _secret(chance: Random, place: Place) -> Obj:
    body: Obj = {"data": {"key": _encoded(chance)}, "type": chance.choice(_TYPES)}
    if chance.random() < 0.06:
        body["immutable"] = True
    return named(chance, place, **body)


def _account(chance: Random, place: Place) -> Obj:
    found = named(chance, place, automountServiceAccountToken=chance.random() < 0.5)
    found["metadata"]["annotations"] = {"example.com/role": _text(chance)}
    return found


def _edit_texts(chance: Random, _obj: Obj) -> Patch:
    return Patch({"data": {chance.choice(("key", "more", "new")): chance.choice((None, "x", "y"))}})


def _edit_secret(chance: Random, _obj: Obj) -> Patch:
    value = chance.choice((None, _encoded(chance)))
    return Patch({"data": {chance.choice(("key", "new")): value}})


def _spoil_texts(chance: Random, _obj: Obj) -> Patch:
    return Patch({"data": {chance.choice(("key", "intruder")): "spoiled"}})


def _spoil_secret(chance: Random, _obj: Obj) -> Patch:
    return Patch({"data": {chance.choice(("key", "intruder")): _encoded(chance)}})


def _text(chance: Random) -> str:
    return f"text {chance.randrange(10_000)}"


def _encoded(chance: Random) -> str:
    return base64.b64encode(_text(chance).encode()).decode()


TEMPLATES = (
    Template("configmaps", _configmap, _edit_texts, _spoil_texts, weight=2),
    Template("secrets", _secret, _edit_secret, _spoil_secret, weight=2),
    Template("serviceaccounts", _account, relabel, spoil_labels, weight=0.7),
)
