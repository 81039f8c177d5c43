"""Questions about identity and access.

Everyone is an administrator here, so every access is allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sandbox.messages.reply import Reply, json_reply
from sandbox.messages.request import USER, Request, check_type
from sandbox.objects import timestamp
from sandbox.server.tokens import ISSUER, verify

Object = dict[str, Any]


def review(request: Request) -> Reply:
    resource, body = request.resource, request.parse_body()
    check_type(body, resource)
    spec = body.get("spec") or {}
    answered: Object = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": {}}
    if resource.kind == "SelfSubjectReview":
        answered["metadata"] = {"creationTimestamp": timestamp()}
    else:
        answered["spec"] = spec
    return json_reply(answered | {"status": _STATUS[resource.kind](spec)}, 201)


def _allowed(_: Object) -> Object:
    return {"allowed": True}


def _rules(_: Object) -> Object:
    return {
        "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
        "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
        "incomplete": False,
    }


def _token(spec: Object) -> Object:
    claims = verify(spec.get("token", ""))
    if claims is None:
        return {"user": {}, "error": "[invalid bearer token]"}
    account = claims["kubernetes.io"]
    namespace = account["namespace"]
    groups = [
        "system:serviceaccounts",
        f"system:serviceaccounts:{namespace}",
        "system:authenticated",
    ]
    user = {"username": claims["sub"], "uid": account["serviceaccount"]["uid"], "groups": groups}
    return {"authenticated": True, "user": user, "audiences": spec.get("audiences") or [ISSUER]}


_STATUS: Final[Mapping[str, Callable[[Object], Object]]] = {
    "LocalSubjectAccessReview": _allowed,
    "SelfSubjectAccessReview": _allowed,
    "SelfSubjectReview": lambda _: {"userInfo": USER},
    "SelfSubjectRulesReview": _rules,
    "SubjectAccessReview": _allowed,
    "TokenReview": _token,
}
