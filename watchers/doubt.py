"""Whether a finished list may be believed about what it lacks.

An API server that just started, or was cut off from its storage, may list nothing, or a part, and
mean it. So before anything counts as gone because a list lacks it, some of it is looked for one by
one: an object that is still there makes the list a lie, and nothing of it is gone.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from common.errors import ApiError, NotFoundError, RetryError
from common.kind import Kind
from common.objects import Obj, name_of, namespace_of, uid
from watchers.changes import change_of
from watchers.streams import Stream

SAMPLE = 20
AT_ONCE = 5
Get: TypeAlias = Callable[[Kind, str, str], Awaitable[Obj]]
"""A live read of (kind, namespace, name); raises as `common.kube.client.KubeClient.get` does."""


def sample(fields: list[str]) -> list[str]:
    """All of a few, else so many that a list with half of them missing never gets by."""
    return fields if len(fields) <= SAMPLE else random.sample(fields, SAMPLE)


async def believe(stream: Stream, get: Get, lacking: Mapping[str, Obj]) -> None:
    """Raises RetryError unless all of these stored objects (by field) that the list lacks are
    proven to be gone: by a 404 for the very object, another uid, or no longer being ours."""
    limit = asyncio.Semaphore(AT_ONCE)

    async def look(field: str, stored: Obj) -> None:
        async with limit:
            if await _is_there(stream, get, field, stored):
                raise RetryError(
                    f"list of {stream.id} lacks {field}, which is still there: nothing that it"
                    " lacks counts as gone, listing again"
                )

    results = await asyncio.gather(
        *(look(*each) for each in lacking.items()), return_exceptions=True
    )
    for result in results:
        if isinstance(result, BaseException):
            raise result


async def _is_there(stream: Stream, get: Get, field: str, stored: Obj) -> bool:
    """Whether the list should have shown the stored object."""
    namespace, name = namespace_of(stored), name_of(stored)
    try:
        live = await get(stream.kind, namespace, name)
    except ApiError as error:
        if isinstance(error, NotFoundError) and error.details:
            return False
        raise RetryError(
            f"list of {stream.id} lacks {field}, and that it's gone isn't certain: {error}"
        ) from error
    same = not uid(stored) or uid(live) == uid(stored)
    return same and stream.selects(live) and _is_kept(stream, field, live)


def _is_kept(stream: Stream, field: str, obj: Obj) -> bool:
    """Whether it would be stored under this field: a host object may no longer be ours. One that
    can't be understood wouldn't be."""
    try:
        change = change_of(stream, obj, False, b"")
    except Exception:
        return False
    return change is not None and change.field == field
