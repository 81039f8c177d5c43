"""Carry out the actions of a plan: the only place where tohost writes to a cluster.

Each write is safe to repeat. A write that the world has overtaken raises a RetryError and the
key is read and planned anew; a delete is done only on proof from the other side's API server.
"""

import re
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
from common.errors import (
    AlreadyExistsError,
    ApiError,
    BlockedError,
    NotFoundError,
    RetryError,
    TerminalError,
)
from common.kube.client import MERGE_PATCH, STRATEGIC_PATCH
from common.metadata import MANAGED_BY, NAME, NAMESPACE, ours
from common.naming import hashed_host_name, managed_by
from common.objects import (
    Obj,
    Side,
    annotations,
    labels,
    merge_patch,
    meta,
    name_of,
    namespace_of,
)
from workers import deletion, endpoint_removal, secret_data, service_replace, tokens
from workers.events import emit
from workers.session import Session, refuse_claim
from workers.work import Work

# Refusals that end without a change of the object: what it needs comes, or room is made.
_NOT_YET = re.compile(
    'no PriorityClass with name|serviceaccount "[^"]*" not found|RuntimeClass "[^"]*" not found'
    "|exceeded quota: |status unknown for quota: |because it is being terminated"
    "|port is already allocated"
)
# What every write of an object changes.
_EACH_WRITE = ("resourceVersion", "managedFields")
_ANNOTATIONS_TOO_LONG = "metadata.annotations: Too long"


class Performer:
    """Writes for one virtual cluster. `clock` gives Unix seconds; without it the virtual API
    server's does."""

    def __init__(self, session: Session, clock: Callable[[], float] | None = None) -> None:
        self._session = session
        self._clock = clock or session.virtual.clock

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
                await deletion.delete(self._session, work, action)
            case Bind():
                await self._bind(work, action)
            case ReplaceService():
                await service_replace.replace(self._session, work, action, self._clock())
            case RemoveEndpoints():
                await endpoint_removal.remove(self._session.host, work.cluster, action)
            case MintTokens():
                await tokens.refresh(self._session, work, action, self._clock())
            case EmitEvent():
                await emit(self._session.virtual, work, action, self._clock())
            case RequeueAfter():
                work.requeue(action.after_s, action.reason)

    async def _create(self, work: Work, action: Create) -> None:
        if action.side == "host" and work.kind.namespaced:
            if self._session.owner is not None:
                await self._session.owner.check(fresh=bool(work.related.host_gone_uid))
            await self._session.check_namespace(work.key.namespace)
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
            missing = f"{error} (is there {_lacking(work, error)}?)"
            raise BlockedError(missing, error.reason) from error
        except ApiError as error:
            _explain(error)
            raise
        work.saw(action.side, created)
        # The status of a stand-in comes next, or what the host chose for the new object.
        if action.side == "virtual" or (work.kind.tells and not work.kind.runs_once):
            work.plan_again = True

    async def _post(self, side: Side, work: Work, body: Obj) -> Obj:
        return await self._session.client(side).create(work.kind, namespace_of(body), body)

    async def _adopt(self, work: Work, side: Side, body: Obj) -> Obj:
        """The object that bears the name already, when it is ours; else the collision rule."""
        there = await self._session.client(side).get(work.kind, namespace_of(body), name_of(body))
        work.plan_again = True
        if side == "virtual" or ours(work.kind, there, work.cluster) == work.key.field:
            return there
        refuse_claim(there, work.key)
        if not work.kind.namespaced:
            raise taken(work, there)
        return await self._create_hashed(work, body, there)

    async def _create_hashed(self, work: Work, body: Obj, there: Obj) -> Obj:
        """Every worker picks the same other name, so a second try finds the first one's object.
        What is cluster-scoped has no other: within a virtual cluster such names never clash."""
        key, plural = work.key, work.kind.plural
        name = hashed_host_name(work.cluster, key.namespace, key.name, plural)
        if name == name_of(body) or not work.kind.namespaced:
            taken = f"host name {name_of(body)} is taken by another object"
            raise TerminalError(taken, "NameCollision")
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
        before = work.on(action.side)
        try:
            patched = await self._session.client(action.side).patch(
                work.kind,
                action.namespace,
                action.name,
                patch,
                subresource=subresource_of(work, action),
                uid=action.uid,
                resource_version=action.resource_version,
                content_type=STRATEGIC_PATCH if action.patch_type else MERGE_PATCH,
            )
        except NotFoundError as error:
            raise RetryError(str(error)) from error
        except ApiError as error:
            _explain(error)
            raise
        work.saw(action.side, patched)
        overtaken = not action.resource_version and not _is_foreseen(work, action, before)
        # What is patched although its kind is off is made ready to be deleted.
        draining = work.kind.plural in work.cluster.draining
        if overtaken or draining or work.kind.in_steps:
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


def _explain(error: ApiError) -> None:
    """Raises BlockedError when it's refused for want of something else, and more words when the
    server's own can't be understood by who wrote the virtual object."""
    said = str(error)
    if _NOT_YET.search(said):
        raise BlockedError(said, error.reason) from error
    if error.status == 422 and _ANNOTATIONS_TOO_LONG in said:
        told = f"{said} (on the host, tohost's own annotations come on top of the object's)"
        raise ApiError(told, error.status, error.reason, error.details) from error


def _lacking(work: Work, error: NotFoundError) -> str:
    """What a create that met a 404 may have missed."""
    return "the namespace" if error.details else f"an API {work.kind.api_version}"


def taken(work: Work, there: Obj) -> TerminalError:
    """A cluster-scoped name that something else has: there is no other name."""
    kind, name = work.kind.kind.lower(), name_of(there)
    owner, ours_is = labels(there).get(MANAGED_BY), managed_by(work.cluster, namespaced=False)
    message = f"host {kind} {name} belongs to {owner or 'someone else'} and is left alone"
    if work.kind.adopt and owner in (None, ours_is):
        message += f"; to hand it over: kubectl label {kind} {name} {MANAGED_BY}={ours_is}"
        if work.kind.handed_over(work.cluster, there) != work.key.name:
            message += f" && kubectl annotate {kind} {name} {NAME}={work.key.name}"
    return TerminalError(message, "NameCollision")


def subresource_of(work: Work, action: Patch) -> str:
    """A CRD may have its status in the object itself."""
    in_object = action.side == "virtual" and not work.kind.has_status
    return "" if in_object and action.subresource == "status" else action.subresource


def _is_foreseen(work: Work, action: Patch, before: Obj | None) -> bool:
    """Whether the answer shows nothing but what a patch without a version was to change. One that
    leaves the object as it was changed nothing, and would change nothing again."""
    after = work.on(action.side)
    if before is None or after is None:
        return False
    if meta(after).get("resourceVersion") == meta(before).get("resourceVersion"):
        return True
    if action.subresource != "status" or action.patch_type:
        return False
    return _unversioned(after) == _unversioned(merge_patch(before, action.patch))


def _unversioned(obj: Obj) -> Obj:
    kept = {key: value for key, value in meta(obj).items() if key not in _EACH_WRITE}
    return {**obj, "metadata": kept}
