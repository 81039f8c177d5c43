"""Carry out the actions of a plan: the only place where tohost writes to a cluster.

Each write is safe to repeat. A write that the world has overtaken raises a RetryError and the
key is read and planned anew; a delete is done only on proof from the other side's API server.
"""

import time
from collections.abc import Callable

from common.actions import (
    Action,
    Bind,
    Create,
    Delete,
    EmitEvent,
    MintTokens,
    Patch,
    RemoveEndpoints,
    ReplaceService,
    RequeueAfter,
)
from common.api import object_path
from common.errors import (
    AlreadyExistsError,
    ApiError,
    NotFoundError,
    RetryError,
    TerminalError,
)
from common.kube import KubeClient
from common.metadata import NAME, NAMESPACE, UID, ours
from common.naming import hashed_host_name
from common.objects import (
    Obj,
    Side,
    annotations,
    is_deleting,
    meta,
    name_of,
    namespace_of,
    uid,
)
from workers import endpoint_removal, secret_data, service_replace, tokens
from workers.events import emit
from workers.session import Session, refuse_claim
from workers.work import Work

# What API servers say of a node port that another Service has.
_TAKEN = "port is already allocated"


class Performer:
    """Writes for one virtual cluster. `clock` gives Unix seconds."""

    def __init__(self, session: Session, clock: Callable[[], float] = time.time) -> None:
        self._session = session
        self._clock = clock

    async def perform(self, work: Work, action: Action) -> None:
        """Carry out one action and note in `work` what the servers answered.

        Raises RetryError (ConflictError when an object changed meanwhile) or TerminalError.
        """
        match action:
            case Create():
                await self._create(work, action)
            case Patch():
                await self._patch(work, action)
            case Delete():
                await self._delete(work, action)
            case Bind():
                await self._bind(work, action)
            case ReplaceService():
                await service_replace.replace(self._session, work, action, self._clock())
            case RemoveEndpoints():
                await endpoint_removal.remove(self._session.host, action)
            case MintTokens():
                await tokens.refresh(self._session, work, action, self._clock())
            case EmitEvent():
                await emit(self._session.virtual, work, action, self._clock())
            case RequeueAfter():
                work.requeue(action.after_s, action.reason)

    def _client(self, side: Side) -> KubeClient:
        return self._session.virtual if side == "virtual" else self._session.host

    async def _create(self, work: Work, action: Create) -> None:
        body = await secret_data.filled(self._session, work, action.body)
        try:
            if action.tokens:
                created = await tokens.create_pod(
                    self._session, work, body, action.tokens, self._clock()
                )
            else:
                created = await self._post(action.side, work, body)
        except AlreadyExistsError:
            created = await self._adopt(work, action.side, body)
        except NotFoundError as error:
            raise RetryError(f"{error} (does the namespace exist?)") from error
        work.saw(action.side, created)
        # The status of a stand-in comes next, or what the host chose for the new object.
        if action.side == "virtual" or (work.kind.tells and not work.kind.runs_once):
            work.plan_again = True

    async def _post(self, side: Side, work: Work, body: Obj) -> Obj:
        return await self._client(side).create(work.kind, namespace_of(body), body)

    async def _adopt(self, work: Work, side: Side, body: Obj) -> Obj:
        """The object that bears the name already, when it is ours; else the collision rule."""
        there = await self._client(side).get(work.kind, namespace_of(body), name_of(body))
        work.plan_again = True
        if side == "virtual" or ours(work.kind, there, work.cluster) == work.key.field:
            return there
        refuse_claim(there, work.key)
        return await self._create_hashed(work, body, there)

    async def _create_hashed(self, work: Work, body: Obj, there: Obj) -> Obj:
        """Every worker picks the same other name, so a second try finds the first one's object."""
        name = hashed_host_name(work.cluster, work.key.namespace, work.key.name)
        if name == name_of(body):
            raise TerminalError(f"host name {name} is taken by another object", "NameCollision")
        message = (
            f"host name {name_of(there)} belongs to another object"
            f" ({annotations(there).get(NAMESPACE, '?')}/{annotations(there).get(NAME, '?')});"
            f" using {name}"
        )
        event = EmitEvent("Warning", "NameCollision", message)
        await emit(self._session.virtual, work, event, self._clock())
        renamed = {**body, "metadata": {**body["metadata"], "name": name}}
        try:
            return await self._post("host", work, renamed)
        except AlreadyExistsError:
            there = await self._session.host.get(work.kind, namespace_of(body), name)
            if ours(work.kind, there, work.cluster) != work.key.field:
                raise
            return there

    async def _patch(self, work: Work, action: Patch) -> None:
        patch = await secret_data.filled_patch(self._session, work, action)
        before = _version(work.virtual if action.side == "virtual" else work.host)
        try:
            patched = await self._client(action.side).patch(
                work.kind,
                action.namespace,
                action.name,
                patch,
                subresource=action.subresource,
                uid=action.uid,
                resource_version=action.resource_version,
            )
        except NotFoundError as error:
            raise RetryError(str(error)) from error
        except ApiError as error:
            if _TAKEN not in str(error):
                raise
            raise RetryError(str(error)) from error  # until the Service that has it moves away
        work.saw(action.side, patched)
        overtaken = not action.resource_version and _version(patched) != before
        if overtaken or work.kind.in_steps:
            work.plan_again = True

    async def _bind(self, work: Work, action: Bind) -> None:
        """The answer is a mere Status, so the pod is known to be bound and its version isn't."""
        target = {"apiVersion": "v1", "kind": "Node", "name": action.node}
        path = f"/api/v1/namespaces/{action.namespace}/pods/{action.name}/binding"
        body = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": action.name, "namespace": action.namespace, "uid": action.uid},
            "target": target,
        }
        try:
            await self._session.virtual.request("POST", path, body=body)
        except NotFoundError as error:
            raise RetryError(str(error)) from error
        virtual = work.virtual or {}
        work.virtual = {**virtual, "spec": {**virtual.get("spec", {}), "nodeName": action.node}}

    async def _delete(self, work: Work, action: Delete) -> None:
        if not await self._proven(work, action):
            work.plan_again = True
            return
        try:
            left = await self._client(action.side).delete(
                work.kind,
                action.namespace,
                action.name,
                uid=action.uid,
                grace_s=action.grace_s,
            )
        except NotFoundError:
            return
        if left.get("kind") == work.kind.kind and is_deleting(left):
            work.saw(action.side, left)

    async def _proven(self, work: Work, action: Delete) -> bool:
        """Whether the other side's server says that the object to delete has no counterpart.

        What it says instead is taken into `work`, so that the next plan starts from it.
        """
        if action.unwanted or _seen_gone(work, action):
            return True
        other: Side = "virtual" if action.side == "host" else "host"
        await self._session.verify()
        there = await self._counterpart(work, other)
        if there is None or is_deleting(there):
            return True
        virtual_uid, held = (
            (uid(there), annotations(work.host or {}).get(UID, ""))
            if other == "virtual"
            else (annotations(there).get(UID, ""), action.uid)
        )
        if virtual_uid != held:
            return True
        work.saw(other, there)
        return False

    async def _counterpart(self, work: Work, side: Side) -> Obj | None:
        """A live read; only a 404 counts as gone, any other error is raised."""
        try:
            if side == "virtual":
                return await self._session.virtual.get(work.kind, work.key.namespace, work.key.name)
            return await self._session.host_object(work)
        except NotFoundError as error:
            if not error.details:
                path = object_path(work.kind, work.key.namespace)
                raise RetryError(f"{path} is not served: {error}") from error
            return None


def _version(obj: Obj | None) -> str:
    """A patch that leaves it as it was changed nothing, and would change nothing again."""
    return str(meta(obj or {}).get("resourceVersion"))


def _seen_gone(work: Work, action: Delete) -> bool:
    """The host object of this very virtual object was seen deleted, and that one is going too."""
    return (
        action.side == "virtual"
        and work.virtual is not None
        and is_deleting(work.virtual)
        and work.related.host_gone_uid == action.uid
    )
