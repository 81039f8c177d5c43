"""Admission webhooks: what their answers make of a write.

A write is decided in one go, so that nothing changes between what it reads and what it stores. When
it needs an answer that it doesn't have it ends with `Unanswered`; the server asks, and the request
is carried out again from the start, on what is stored by then, as the real server does after a
conflict. Bindings, evictions and scales are not shown to webhooks, and neither is what the server
does by itself, such as collecting garbage.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson

from sandbox.errors import ApiError, internal_error
from sandbox.kinds import events
from sandbox.kinds.defaults import DEFAULTS
from sandbox.kinds.schema import conform
from sandbox.messages.request import USER, Request
from sandbox.patch.untyped import json_patch
from sandbox.state.cluster import Cluster
from sandbox.verbs.webhook_rules import MUTATING, VALIDATING, Write, configured, hooks, selects

Object = dict[str, Any]

_OPTIONS: Final = {"CREATE": "Create", "UPDATE": "Update", "DELETE": "Delete"}
_UNSEEN: Final = "scale"


@dataclass(frozen=True, slots=True)
class Question:
    """One webhook about one state of an object; `key` tells it from other ones of the request."""

    hook: Object
    review: Object
    key: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """A webhook's `response`, or why there is none."""

    response: Object
    failure: str = ""


class Unanswered(Exception):  # noqa: N818 - ends a round, nothing is wrong
    """The request waits for these webhooks, and writes nothing before."""

    def __init__(self, questions: list[Question]) -> None:
        super().__init__()
        self.questions = questions


def mutate(cluster: Cluster, write: Write) -> Object | None:
    """The new object as the webhooks want it; None when they leave it as it is.

    A second round asks those again that want to know what later ones changed. Raises a refusal.
    """
    if not configured(cluster, MUTATING) or write.request.target.subresource == _UNSEEN:
        return None
    asked = list(hooks(cluster, MUTATING, write))
    if not asked:
        return None
    given = current = _defaulted(write)
    left_at: dict[tuple[str, str], Object | None] = {}
    for again in (False, True):
        for place, hook in asked:
            name = (place, hook["name"])
            if again and (hook["reinvocationPolicy"] != "IfNeeded" or left_at[name] == current):
                continue
            now = Write(write.request, write.operation, write.name, current, write.old)
            if selects(hook, now):
                current = _mutated(now, hook, _question(now, place, hook))
            left_at[name] = current
    return None if current == given else current


def validate(cluster: Cluster, write: Write) -> None:
    """Raises the first refusal."""
    if not configured(cluster, VALIDATING) or write.request.target.subresource == _UNSEEN:
        return
    chosen = [each for each in hooks(cluster, VALIDATING, write) if selects(each[1], write)]
    questions = [_question(write, place, hook) for place, hook in chosen]
    missing = [each for each in questions if each.key not in write.request.memory]
    if missing:
        raise Unanswered(missing)
    for question in questions:
        _response(write.request, question)


def review_deletion(cluster: Cluster, request: Request, name: str, old: Object) -> None:
    write = Write(request, "DELETE", name, None, old)
    mutate(cluster, write)
    validate(cluster, write)


def _defaulted(write: Write) -> Object | None:
    default = DEFAULTS.get(write.request.resource.collection)
    if write.new is not None and default:
        default(write.new)
    return write.new


def _mutated(write: Write, hook: Object, question: Question) -> Object | None:
    response = _response(write.request, question)
    if not response.get("patch"):
        return write.new
    if write.new is None:
        raise internal_error(
            f'admission webhook "{hook["name"]}" attempted to modify the object, which is not '
            "supported for this operation"
        )
    resource = write.request.resource
    try:
        operations = orjson.loads(base64.b64decode(response["patch"], validate=True))
        patched = json_patch(orjson.loads(orjson.dumps(question.review["object"])), operations)
    except (binascii.Error, orjson.JSONDecodeError, ApiError) as error:
        raise internal_error(str(error)) from None
    conformed = conform(resource, patched)
    kept = {key: part for key, part in conformed.items() if key not in ("kind", "apiVersion")}
    return events.to_core(kept) if resource.group == events.GROUP else kept


def _response(request: Request, question: Question) -> Object:
    """What the webhook said; {} when it failed and may. Raises Unanswered, or a refusal."""
    answer: Answer | None = request.memory.get(question.key)
    if answer is None:
        raise Unanswered([question])
    name = question.hook["name"]
    if answer.failure:
        if question.hook["failurePolicy"] == "Ignore":
            return {}
        raise internal_error(f'failed calling webhook "{name}": {answer.failure}')
    if not answer.response.get("allowed"):
        raise _denial(name, answer.response.get("status") or {})
    return answer.response


def _denial(name: str, status: Object) -> ApiError:
    message, reason = status.get("message") or "", status.get("reason") or ""
    why = f": {message or reason}" if message or reason else " without explanation"
    code = max(status.get("code") or 0, 400)
    told = f'admission webhook "{name}" denied the request{why}'
    return ApiError(code, reason, told, status.get("details"))


def _question(write: Write, place: str, hook: Object) -> Question:
    review = _review(write)
    key = orjson.dumps([place, hook["name"], review], option=orjson.OPT_SORT_KEYS)
    return Question(hook, review, key)


def _review(write: Write) -> Object:
    request = write.request
    resource = request.resource
    identity = {"group": resource.group, "version": resource.version}
    kind, plural = identity | {"kind": resource.kind}, identity | {"resource": resource.plural}
    options = {"kind": f"{_OPTIONS[write.operation]}Options", "apiVersion": "meta.k8s.io/v1"}
    review: Object = {"kind": kind, "resource": plural}
    review |= {"requestKind": kind, "requestResource": plural}
    review |= dict(_part(request.target.subresource))
    review |= {"name": write.name, "namespace": write.namespace, "operation": write.operation}
    review |= {"userInfo": USER, "dryRun": request.dry_run, "options": options}
    return review | {"object": _typed(request, write.new), "oldObject": _typed(request, write.old)}


def _part(subresource: str) -> Iterator[tuple[str, str]]:
    if subresource:
        yield "subResource", subresource
        yield "requestSubResource", subresource


def _typed(request: Request, obj: Object | None) -> Object | None:
    if obj is None:
        return None
    resource = request.resource
    shown = events.from_core(obj) if resource.group == events.GROUP else obj
    return {"kind": resource.kind, "apiVersion": resource.api_version} | shown
