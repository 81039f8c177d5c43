"""Put a Secret's data into a write at the last moment.

Plans see `dataDigest` in place of the data, since Redis must never hold it; the data goes from
the virtual API server to the host's through this process's memory only.
"""

from common.actions import Patch
from common.errors import NotFoundError, RetryError
from common.objects import Obj, uid
from common.pod.env_from import data_keys
from workers.session import Session
from workers.work import Work

DIGEST = "dataDigest"


async def filled(session: Session, work: Work, body: Obj) -> Obj:
    """`body` with the virtual Secret's present data where it bears a digest; else `body` itself.

    The data may be newer than the digest: the watch brings that change too, and finds nothing
    left to do. Raises RetryError when the Secret is gone or is another one by now.
    """
    if DIGEST not in body:
        return body
    key = work.key
    try:
        secret = await session.virtual.get(work.kind, key.namespace, key.name)
    except NotFoundError as error:
        raise RetryError(str(error)) from error
    if work.virtual is None or uid(secret) != uid(work.virtual):
        raise RetryError(f"Secret {key.field} was replaced meanwhile")
    rest = {name: value for name, value in body.items() if name != DIGEST}
    return {**rest, "data": secret.get("data") or {}}


async def filled_patch(session: Session, work: Work, action: Patch) -> Obj:
    """As `filled`, with a null for each key that only the host's Secret has: the patch's version
    makes sure that these are still the ones that were seen."""
    patch = await filled(session, work, action.patch)
    if DIGEST not in action.patch:
        return patch
    removed = {name: None for name in data_keys(work.host or {}) if name not in patch["data"]}
    return {**patch, "data": {**removed, **patch["data"]}}
