"""Projected service account tokens: which ones a pod needs, and when they are due again.

The virtual cluster mints them; the performer writes them to annotations of the host pod that the
downward API reads (or, with `secrets_for_tokens`, to one Secret). No value passes through here.
"""

from collections.abc import Iterator

from common.actions import Action, MintTokens, RequeueAfter, TokenSpec
from common.context import Context
from common.metadata import TOKEN_REFRESH_AT
from common.naming import PREFIX, shorten, token_secret_name
from common.objects import Obj, annotations, name_of, namespace_of, uid
from common.pod.downward import annotation_path

_DEFAULT_EXPIRATION_S = 3600


def token_specs(virtual: Obj, context: Context) -> tuple[TokenSpec, ...]:
    """Every token that the pod's volumes project."""
    spec = virtual.get("spec") or {}
    account = spec.get("serviceAccountName") or "default"
    return tuple(
        TokenSpec(
            annotation=token_key(volume, index, context.cluster.pods.secrets_for_tokens),
            service_account=account,
            audiences=(token["audience"],) if token.get("audience") else (),
            expiration_s=int(token.get("expirationSeconds") or _DEFAULT_EXPIRATION_S),
        )
        for volume, index, token in _projections(spec)
    )


def token_key(volume: str, index: int, in_secret: bool) -> str:
    """The annotation, or the Secret's key, for the volume's token source of that index."""
    key = shorten(f"token-{volume}-{index}")
    return key if in_secret else PREFIX + key


def token_source(virtual: Obj, volume: str, index: int, token: Obj, context: Context) -> Obj:
    """The projection that stands on the host in the place of a serviceAccountToken."""
    cluster = context.cluster
    key = token_key(volume, index, cluster.pods.secrets_for_tokens)
    path = token.get("path")
    if cluster.pods.secrets_for_tokens:
        secret = token_secret_name(cluster, namespace_of(virtual), name_of(virtual))
        items = [{"key": key, "path": path}]
        return {"secret": {"name": secret, "items": items}}
    field = {"apiVersion": "v1", "fieldPath": annotation_path(key)}
    return {"downwardAPI": {"items": [{"path": path, "fieldRef": field}]}}


def refresh(virtual: Obj, host: Obj, context: Context) -> list[Action]:
    """Mint again what is due, else say when it will be."""
    specs = token_specs(virtual, context)
    if not specs:
        return []
    rest_s = _refresh_at_s(host) - context.now_s
    if rest_s > 0:
        return [RequeueAfter(rest_s, "service account tokens are refreshed then")]
    return [MintTokens(name_of(host), uid(host), specs)]


def _refresh_at_s(host: Obj) -> float:
    try:
        return float(annotations(host).get(TOKEN_REFRESH_AT) or 0)
    except ValueError:
        return 0.0


def _projections(spec: Obj) -> Iterator[tuple[str, int, Obj]]:
    for volume in spec.get("volumes") or ():
        index = 0
        for source in (volume.get("projected") or {}).get("sources") or ():
            if (token := source.get("serviceAccountToken")) is not None:
                yield volume.get("name") or "", index, token
                index += 1
