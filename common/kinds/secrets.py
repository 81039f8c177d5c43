"""Secrets, by default only those that a synced object refers to.

Their data is never in Redis: a stored Secret has `dataDigest`, a keyed digest, in its place, and
so have the plans made from it; besides `dataKeys`, the names only, for pods that make variables of
them. The performer fetches the data that it must write.
"""

import base64
import hashlib
import hmac
import json

from common.context import Context
from common.kind import Doc, Kind
from common.metadata import LAST_APPLIED
from common.objects import Obj, annotations, meta
from common.pod.env_from import DATA_KEYS
from common.selective import unreferenced

DATA_DIGEST = "dataDigest"
_SERVICE_ACCOUNT_TOKEN = "kubernetes.io/service-account-token"
_HELM_RELEASE = "helm.sh/release.v1"
_DATA_FIELDS = ("data", "stringData", DATA_DIGEST, DATA_KEYS)


def _translate(virtual: Obj, _context: Context) -> Obj:
    result: Obj = {"type": _type(virtual)}
    if virtual.get("immutable") is not None:
        result["immutable"] = virtual["immutable"]
    if DATA_DIGEST in virtual:
        result[DATA_DIGEST] = virtual[DATA_DIGEST]
    elif data := _data(virtual):
        result["data"] = data
    return result


def _type(virtual: Obj) -> str:
    """Service account tokens arrive as Opaque: the host would refuse or refill them."""
    own = virtual.get("type") or "Opaque"
    return "Opaque" if own == _SERVICE_ACCOUNT_TOKEN else str(own)


def _data(secret: Obj) -> Obj:
    given = {
        key: base64.b64encode(str(value).encode()).decode()
        for key, value in (secret.get("stringData") or {}).items()
    }
    return {**(secret.get("data") or {}), **given}


def _skip(virtual: Obj, context: Context) -> str:
    if virtual.get("type") == _HELM_RELEASE:
        return "Helm releases stay in the virtual cluster"
    token = virtual.get("type") == _SERVICE_ACCOUNT_TOKEN
    return unreferenced("secrets", context, always_selective=token)


def _recreate(patch: Obj, host: Obj) -> bool:
    changed = any(field in patch for field in (*_DATA_FIELDS, "immutable"))
    return "type" in patch or (changed and bool(host.get("immutable")))


def _stored(obj: Obj, digest_key: bytes) -> Obj:
    """The Secret without its data, also where last-applied repeats it."""
    if DATA_DIGEST in obj:
        return obj
    data = _data(obj)
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":")).encode()
    result = {key: value for key, value in obj.items() if key not in _DATA_FIELDS}
    result[DATA_DIGEST] = hmac.new(digest_key, canonical, hashlib.sha256).hexdigest()
    result[DATA_KEYS] = sorted(data)
    notes = annotations(obj)
    if LAST_APPLIED in notes:
        kept = {key: value for key, value in notes.items() if key != LAST_APPLIED}
        result["metadata"] = {**meta(obj), "annotations": kept}
    return result


KIND = Kind(
    plural="secrets",
    kind="Secret",
    option="secrets",
    default=True,
    translate=_translate,
    owned=("data", DATA_DIGEST, "type", "immutable"),
    recreate=_recreate,
    skip=_skip,
    unseen_fields=(("type", _HELM_RELEASE),),
    stored=_stored,
    needs=frozenset({"referrers"}),
    doc=Doc(
        down="data, if a synced object refers to it or with `all`; type, `immutable`",
        translated="service account tokens become `Opaque`; Helm releases stay",
    ),
)
