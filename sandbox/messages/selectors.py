"""Label and field selectors, parsed once into a predicate."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from sandbox.errors import ApiError, bad_request

Object = dict[str, Any]
Predicate = Callable[[Object], bool]

_SET_TERM: Final = re.compile(r"^\s*(\S+?)\s+(in|notin)\s*\(([^()]*)\)\s*$")
_EQUALITY_TERM: Final = re.compile(r"^\s*([^\s=!]+)\s*(==|=|!=)\s*([^\s=!]*)\s*$")
_NUMBER_TERM: Final = re.compile(r"^\s*([^\s<>]+)\s*([<>])\s*(-?\d+)\s*$")
_KEY: Final = re.compile(r"^\s*(!?)\s*([A-Za-z0-9][-A-Za-z0-9_./]*)\s*$")
_COMMA_OUTSIDE_PARENTHESES: Final = re.compile(r",(?![^(]*\))")

# Fields that may be selected on besides metadata.name and metadata.namespace.
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "pods": (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    "events": (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    "secrets": ("type",),
    "namespaces": ("status.phase",),
    "nodes": ("spec.unschedulable",),
    "services": ("spec.clusterIP", "spec.type"),
    "jobs.batch": ("status.successful",),
}


def parse_selectors(collection: str, labels: str, fields: str) -> Predicate | None:
    """One predicate for both selectors, or None when everything matches.

    Raises 400 on a malformed one.
    """
    terms = [_label_term(term) for term in _split(labels)]
    terms += [_field_term(collection, term) for term in fields.split(",") if term.strip()]
    if not terms:
        return None
    if len(terms) == 1:
        return terms[0]
    return lambda obj: all(term(obj) for term in terms)


def label_selector(selector: Object) -> Predicate | None:
    """A LabelSelector as objects have it; None when it is empty, which matches everything."""
    labels = selector.get("matchLabels") or {}
    terms = [_in_set(key, frozenset((value,)), negate=False) for key, value in labels.items()]
    for part in selector.get("matchExpressions") or ():
        key, operator = part["key"], part["operator"]
        if operator in ("In", "NotIn"):
            values = frozenset(part.get("values") or ())
            terms.append(_in_set(key, values, negate=operator == "NotIn"))
        else:
            terms.append(_exists(key, negate=operator == "DoesNotExist"))
    return (lambda obj: all(term(obj) for term in terms)) if terms else None


def _split(selector: str) -> list[str]:
    return [term for term in _COMMA_OUTSIDE_PARENTHESES.split(selector) if term.strip()]


def _labels(obj: Object) -> Mapping[str, str]:
    return obj["metadata"].get("labels") or {}


def _label_term(term: str) -> Predicate:
    if match := _SET_TERM.match(term):
        values = frozenset(value.strip() for value in match[3].split(","))
        return _in_set(match[1], values, negate=match[2] == "notin")
    if match := _EQUALITY_TERM.match(term):
        return _in_set(match[1], frozenset((match[3],)), negate=match[2] == "!=")
    if match := _NUMBER_TERM.match(term):
        return _compare(match[1], int(match[3]), greater=match[2] == ">")
    if match := _KEY.match(term):
        return _exists(match[2], negate=bool(match[1]))
    raise bad_request(f"unable to parse requirement: {term.strip()!r}")


def _in_set(key: str, values: frozenset[str], *, negate: bool) -> Predicate:
    """`notin` and `!=` also match objects without the label."""
    return lambda obj: (_labels(obj).get(key) in values) is not negate


def _exists(key: str, *, negate: bool) -> Predicate:
    return lambda obj: (key in _labels(obj)) is not negate


def _compare(key: str, bound: int, *, greater: bool) -> Predicate:
    def matches(obj: Object) -> bool:
        value = _labels(obj).get(key, "")
        if not value.lstrip("-").isdigit():
            return False
        return int(value) > bound if greater else int(value) < bound

    return matches


def _field_term(collection: str, term: str) -> Predicate:
    match = _EQUALITY_TERM.match(term)
    if match is None:
        raise bad_request(f"invalid selector: '{term}'; can't understand '{term}'")
    path, operator, value = match.groups()
    known = ("metadata.name", "metadata.namespace", *FIELDS.get(collection, ()))
    if path not in known:
        raise _unknown_field(collection, path)
    keys = tuple(path.split("."))
    return lambda obj: (_field(obj, keys) == value) is (operator != "!=")


def _unknown_field(collection: str, path: str) -> ApiError:
    """The kinds with fields of their own say it in fewer words."""
    if collection in FIELDS:
        return bad_request(f"field label not supported: {path}")
    known = 'only "metadata.name", "metadata.namespace"'
    return bad_request(f'"{path}" is not a known field selector: {known}')


def _field(obj: Object, keys: tuple[str, ...]) -> str:
    """A field as a selector sees it: missing is empty, booleans are lower case."""
    value: Any = obj
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    if value is None:
        return "false" if keys[-1] in ("unschedulable", "hostNetwork") else ""
    return str(value).lower() if isinstance(value, bool) else str(value)
