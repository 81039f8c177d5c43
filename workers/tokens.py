"""Service account tokens for host pods, minted by the virtual cluster.

A token reaches the pod as an annotation that its volume reads through the downward API, or in a
Secret that the host pod owns. `REFRESH_AT` on the host pod says when the shortest
lived of them has used up 80 % of its life; it's written last, so a crash before it mints anew.
Token values exist in this process's memory only: never in Redis, never in a log.
"""

from datetime import datetime
from typing import Any

from common.actions import MintTokens, TokenSpec
from common.errors import AlreadyExistsError, BlockedError, NotFoundError, RetryError, TerminalError
from common.kinds import REGISTRY
from common.kube.api import object_path
from common.kube.client import MERGE_PATCH
from common.metadata import MANAGED_BY, TOKEN_REFRESH_AT
from common.naming import host_namespace, token_secret_name
from common.objects import Obj, labels, meta, name_of, namespace_of, uid
from workers.session import Session
from workers.work import Work

REFRESH_AT_FRACTION = 0.8


async def create_pod(
    session: Session, work: Work, body: Obj, specs: tuple[TokenSpec, ...], now_s: float
) -> Obj:
    """Create the host pod with its tokens; returns it as the server answered."""
    minted, refresh_at = await _mint(session, work, specs, now_s)
    if not session.cluster.pods.secrets_for_tokens:
        whole = _annotated(body, {**minted, TOKEN_REFRESH_AT: refresh_at})
        return await session.host.create(work.kind, namespace_of(body), whole)
    created = await session.host.create(work.kind, namespace_of(body), body)
    await _write_secret(session, work, created, minted)
    # What others did to it since then comes with the last answer, and no event tells of it again.
    work.plan_again = True
    return await _annotate(session, work, created, {TOKEN_REFRESH_AT: refresh_at})


async def refresh(session: Session, work: Work, action: MintTokens, now_s: float) -> None:
    """Give a living host pod new tokens. Raises RetryError when it is gone or another one."""
    minted, refresh_at = await _mint(session, work, action.tokens, now_s)
    namespace = host_namespace(session.cluster, work.key.namespace)
    pod: Obj = {
        "metadata": {"name": action.host_name, "namespace": namespace, "uid": action.host_uid}
    }
    noted = {TOKEN_REFRESH_AT: refresh_at}
    if session.cluster.pods.secrets_for_tokens:
        await _write_secret(session, work, pod, minted)
    else:
        noted = {**minted, **noted}
    work.saw("host", await _annotate(session, work, pod, noted))
    work.plan_again = True


async def _mint(
    session: Session, work: Work, specs: tuple[TokenSpec, ...], now_s: float
) -> tuple[dict[str, str], str]:
    """Token values by annotation, and the Unix second (as text) at which to mint again."""
    minted: dict[str, str] = {}
    refresh_at = float("inf")
    for spec in specs:
        status = await _request_token(session, work, spec)
        minted[spec.annotation] = str(status["token"])
        expires = datetime.fromisoformat(str(status["expirationTimestamp"])).timestamp()
        refresh_at = min(refresh_at, now_s + REFRESH_AT_FRACTION * (expires - now_s))
    return minted, str(int(refresh_at))


async def _request_token(session: Session, work: Work, spec: TokenSpec) -> Any:
    key, pod = work.key, work.virtual or {}
    path = f"/api/v1/namespaces/{key.namespace}/serviceaccounts/{spec.service_account}/token"
    body = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {
            "audiences": list(spec.audiences),
            "expirationSeconds": spec.expiration_s,
            "boundObjectRef": {
                "apiVersion": "v1",
                "kind": "Pod",
                "name": key.name,
                "uid": uid(pod),
            },
        },
    }
    try:
        answer = await session.virtual.request("POST", path, body=body)
    except NotFoundError as error:
        said = f"{error} (service account {spec.service_account} or the pod)"
        raise BlockedError(said, error.reason) from error
    return answer["status"]


def _annotated(body: Obj, more: dict[str, str]) -> Obj:
    metadata = body["metadata"]
    return {
        **body,
        "metadata": {**metadata, "annotations": {**(metadata.get("annotations") or {}), **more}},
    }


async def _annotate(session: Session, work: Work, pod: Obj, more: dict[str, str]) -> Obj:
    try:
        return await session.host.patch(
            work.kind,
            namespace_of(pod),
            name_of(pod),
            {"metadata": {"annotations": more}},
            uid=uid(pod),
        )
    except NotFoundError as error:
        raise RetryError(str(error)) from error


async def _write_secret(session: Session, work: Work, pod: Obj, minted: dict[str, str]) -> None:
    """Create or update the pod's token Secret; it goes when the pod goes.

    A predecessor of the same name may have left one: that goes first. Raises TerminalError when
    the name is taken by a Secret that is no pod's of this name.
    """
    secrets = REGISTRY["secrets"]
    namespace = namespace_of(pod)
    name = token_secret_name(session.cluster, work.key.namespace, work.key.name)
    owner = {"apiVersion": "v1", "kind": "Pod", "name": name_of(pod), "uid": uid(pod)}
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {MANAGED_BY: session.cluster.name},
            "ownerReferences": [owner],
        },
        "type": "Opaque",
        "stringData": minted,
    }
    try:
        await session.host.create(secrets, namespace, body)
    except AlreadyExistsError:
        await _take_over(session, body, owner)
        await session.host.request(
            "PATCH",
            object_path(secrets, namespace, name),
            body={key: body[key] for key in ("metadata", "stringData")},
            content_type=MERGE_PATCH,
        )


async def _take_over(session: Session, body: Obj, owner: Obj) -> None:
    """Make sure that the Secret of that name is this pod's; raises when it isn't."""
    secrets, namespace, name = REGISTRY["secrets"], namespace_of(body), name_of(body)
    try:
        there = await session.host.get(secrets, namespace, name)
        owners: list[Obj] = meta(there).get("ownerReferences") or []
        if owner["uid"] in [each.get("uid") for each in owners]:
            return
        ours = labels(there).get(MANAGED_BY) == session.cluster.name
        pods = [each["name"] for each in owners if each["kind"] == "Pod"]
        if not ours or pods != [owner["name"]]:
            raise TerminalError(f"host Secret {namespace}/{name} belongs to something else")
        await session.host.delete(secrets, namespace, name, uid=uid(there))
    except NotFoundError as error:
        raise RetryError(str(error)) from error
    raise RetryError(f"host Secret {namespace}/{name} was the last pod's of this name")
