"""Deletions, which are dangerous: each needs the proof that it's due, from the other side's server.

A deletion that somebody asked for (a deletionTimestamp, a watch event that showed the end, settings
by which the object isn't wanted) goes ahead. One that follows only from an absence is for the brake
to let go (`common.safety.brake`), as an absence may be an accident.
"""

import asyncio
from collections.abc import Callable
from typing import Literal

from redis.exceptions import RedisError

from common.actions import Delete
from common.errors import NotFoundError, RetryError
from common.kube.api import object_path
from common.metadata import UID
from common.objects import Obj, Side, annotations, is_deleting, is_ended, uid
from workers.session import Session
from workers.work import Work

Proof = Literal["none", "shown", "absent"]
"""Whether a deletion is due: it isn't, somebody showed that it is, or a counterpart is missing."""


async def delete(session: Session, work: Work, action: Delete) -> None:
    """Raises HeldError, RetryError or TerminalError; nothing was deleted then."""
    if not await _is_due(session, work, action):
        work.plan_again = True
        return
    client = session.client(action.side)
    try:
        if action.give_back is not None:
            patch = action.give_back
            left = await client.patch(
                work.kind, action.namespace, action.name, patch, uid=action.uid
            )
            work.saw(action.side, left)
            return
        left = await client.delete(
            work.kind, action.namespace, action.name, uid=action.uid, grace_s=action.grace_s
        )
    except NotFoundError as error:
        if not error.details and not await session.lacks(work.kind, action.side):
            raise RetryError(str(error)) from error
        return
    if left.get("kind") == work.kind.kind and is_deleting(left) and not is_ended(left):
        # It may show changes that weren't seen, and no event tells of them again.
        work.saw(action.side, left)
        work.plan_again = True


async def _is_due(session: Session, work: Work, action: Delete) -> bool:
    """Raises HeldError while the brake doesn't let it go."""
    brake = session.brake
    if action.unwanted:
        if brake is not None and _is_unreferenced(work, action):
            await _ask(brake.follow, work.key.member)
        return True
    if _both_ended(work, action):
        return True
    proof = await _proof(session, work, action)
    if brake is not None and proof == "absent" and not _was_shown(work, action):
        await _ask(brake.admit, action.side, work.key.member)
    return proof != "none"


def _is_unreferenced(work: Work, action: Delete) -> bool:
    """Whether it goes only because what referred to it isn't there."""
    selective = "referrers" in work.kind.needs and not work.related.referrers
    chosen = work.key.plural in work.cluster.draining or action.why == "immutable"
    return action.side == "host" and selective and not chosen


def _both_ended(work: Work, action: Delete) -> bool:
    """A watch showed the end of this very virtual object's host object, and that one is going
    too."""
    virtual = work.virtual
    going = action.side == "virtual" and virtual is not None and is_deleting(virtual)
    related = work.related
    return going and related.host_seen_gone and related.host_gone_uid == action.uid


def _was_shown(work: Work, action: Delete) -> bool:
    """Whether more than an absence speaks for the deletion. What is deleted upward other than pods
    are stand-ins, which come again by themselves."""
    if work.virtual is not None and is_deleting(work.virtual):
        return True
    if action.side == "host":
        return work.seen_deleted
    related = work.related
    seen = related.host_seen_gone and related.host_gone_uid == action.uid
    return seen or not work.kind.runs_once


async def _ask(question: Callable[..., None], *about: str) -> None:
    """Raises HeldError while the brake doesn't let go, and RetryError when it can't be asked."""
    try:
        await asyncio.to_thread(question, *about)
    except RedisError as error:
        raise RetryError(f"nothing is deleted, as the brake can't be asked: {error}") from error


async def _proof(session: Session, work: Work, action: Delete) -> Proof:
    """What the other side's server says of the counterpart at this moment.

    What it says instead of its end is taken into `work`, so that the next plan starts from it.
    """
    other: Side = "virtual" if action.side == "host" else "host"
    await session.verify(other)
    there = await _counterpart(session, work, other)
    if there is None:
        return "absent"
    if is_deleting(there):
        return "shown"
    virtual_uid, held = (
        (uid(there), annotations(work.host or {}).get(UID, ""))
        if other == "virtual"
        else (annotations(there).get(UID, ""), action.uid)
    )
    if virtual_uid != held and not work.kind.adopt:
        return "shown"
    work.saw(other, there)
    return "none"


async def _counterpart(session: Session, work: Work, side: Side) -> Obj | None:
    """A live read; only a 404 counts as gone, any other error is raised. That the server
    doesn't know the kind is no such answer, unless it proves that nobody defined it."""
    try:
        if side == "virtual":
            return await session.virtual.get(work.kind, work.key.namespace, work.key.name)
        return await session.host_object(work)
    except NotFoundError as error:
        if not error.details and not await session.lacks(work.kind, side):
            path = object_path(work.kind, work.key.namespace)
            raise RetryError(f"{path} is not served: {error}") from error
        return None
