"""Service account tokens: JSON Web Tokens signed with a key that lives as long as the server."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
import uuid
from typing import Any, Final

import orjson

from sandbox.errors import bad_request, conflict, invalid, not_found
from sandbox.kinds.reasons import wrong
from sandbox.messages.reply import Reply, json_reply
from sandbox.messages.request import Request
from sandbox.objects import timestamp
from sandbox.state.cluster import Cluster
from sandbox.state.storage import Item

Object = dict[str, Any]

ISSUER: Final = "https://kubernetes.default.svc"
_DEFAULT_S: Final = 3600
_SHORTEST_S: Final = 600
_BOUND_TO: Final = {"Pod": "pods", "Secret": "secrets", "Node": "nodes"}
_KEY: Final = secrets.token_bytes(32)


def request_token(cluster: Cluster, request: Request) -> Reply:
    """serviceaccounts/token: a token for the account, tied to the life of a pod when asked for."""
    account = cluster.item(request.target)
    spec = request.parse_body().get("spec") or {}
    expires_in_s = spec.get("expirationSeconds") or _DEFAULT_S
    if expires_in_s < _SHORTEST_S:
        cause = wrong(
            "spec.expirationSeconds",
            expires_in_s,
            "may not specify a duration less than 10 minutes",
        )
        raise invalid("TokenRequest", "authentication.k8s.io", "", [cause])
    audiences = spec.get("audiences") or [ISSUER]
    bound = _bound_object(cluster, account, spec.get("boundObjectRef"))
    token = sign(_claims(account, audiences, expires_in_s, bound))
    metadata = {
        "name": account.name,
        "namespace": account.namespace,
        "creationTimestamp": timestamp(),
    }
    answered = {
        "kind": "TokenRequest",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": metadata | {"uid": account.obj["metadata"]["uid"]},
        "spec": {
            "audiences": audiences,
            "expirationSeconds": expires_in_s,
            "boundObjectRef": spec.get("boundObjectRef"),
        },
        "status": {"token": token, "expirationTimestamp": timestamp(expires_in_s)},
    }
    return json_reply(answered, 201)


def _bound_object(cluster: Cluster, account: Item, reference: Object | None) -> Object:
    """The claims of what the token is bound to; raises 404, 400 or 409 when it can't be."""
    if not reference:
        return {}
    kind, name = reference.get("kind", ""), reference.get("name", "")
    plural = _BOUND_TO.get(kind)
    if plural is None:
        raise bad_request(f'cannot bind token to object of type "{kind}"')
    item = cluster.storage.collection(plural).get("" if kind == "Node" else account.namespace, name)
    if item is None:
        raise not_found(plural, "", name)
    if kind == "Pod" and (item.obj["spec"].get("serviceAccountName") or "") != account.name:
        raise bad_request(
            f'cannot bind token for serviceaccount "{account.name}" '
            "to pod running with different serviceaccount name."
        )
    uid = item.obj["metadata"]["uid"]
    if reference.get("uid") and reference["uid"] != uid:
        why = f"the UID in the bound object reference ({reference['uid']}) does not match "
        why += "the UID in record. "
        raise conflict(
            plural, "", name, why + "The object might have been deleted and then recreated"
        )
    return {kind.lower(): {"name": name, "uid": uid}}


def _claims(account: Item, audiences: list[str], expires_in_s: int, bound: Object) -> Object:
    now = int(time.time())
    identity = {"name": account.name, "uid": account.obj["metadata"]["uid"]}
    return {
        "aud": audiences,
        "exp": now + expires_in_s,
        "iat": now,
        "iss": ISSUER,
        "jti": str(uuid.uuid4()),
        "kubernetes.io": {"namespace": account.namespace, "serviceaccount": identity, **bound},
        "nbf": now,
        "sub": f"system:serviceaccount:{account.namespace}:{account.name}",
    }


def sign(claims: Object) -> str:
    header = _encode(orjson.dumps({"alg": "HS256", "typ": "JWT"}))
    signed = f"{header}.{_encode(orjson.dumps(claims))}"
    return f"{signed}.{_encode(hmac.digest(_KEY, signed.encode(), hashlib.sha256))}"


def verify(token: str) -> Object | None:
    """The claims of a token that this server signed and that hasn't expired, else None."""
    signed, _, signature = token.rpartition(".")
    expected = _encode(hmac.digest(_KEY, signed.encode(), hashlib.sha256))
    if not hmac.compare_digest(signature.encode(), expected.encode()):
        return None
    payload = signed.partition(".")[2]
    claims: Object = orjson.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims if claims["exp"] > time.time() else None


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
