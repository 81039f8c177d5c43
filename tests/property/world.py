"""A pair of objects and what the API servers would do to it: enough to try plans out.

Not a server: no validation, one object a side, no time but the steps that a test makes.
"""

from dataclasses import dataclass, field, replace
from typing import Any

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
from common.context import Context
from common.kind import Kind
from common.metadata import TOKEN_REFRESH_AT, UID
from common.objects import Obj, Side, annotations, is_deleting, merge_patch, meta, uid
from tests.property.strategic import strategic_patch
from workers.plan import plan

TOKEN_LIFE_S = 1000


@dataclass
class World:
    """Both objects of one key. `context` says the rest that plans look at."""

    kind: Kind
    context: Context
    virtual: Obj | None = None
    host: Obj | None = None
    made: int = field(default=0)

    def plan(self) -> list[Action]:
        return plan(self.kind, self.virtual, self.host, self.context)

    def writes(self) -> list[Action]:
        """The plan without what changes nothing."""
        return [each for each in self.plan() if not isinstance(each, RequeueAfter | EmitEvent)]

    def step(self) -> list[Action]:
        """Perform a plan, up to the first action that the world has overtaken."""
        actions = self.writes()
        for action in actions:
            if not self._perform(action):
                break
        return actions

    def settle(self, rounds: int = 8) -> None:
        """Let both sides work until nothing is left to do; fails when that never comes."""
        for _ in range(rounds):
            if not self.step() and not self.finish_deletions():
                return
        raise AssertionError(f"still {self.plan()} after {rounds} rounds")

    def _perform(self, action: Action) -> bool:
        match action:
            case Create(side, body, tokens):
                self._create(side, body, bool(tokens))
            case Patch():
                return self._patch(action)
            case Delete():
                return self._delete(action)
            case Bind(node=node):
                self._bind(node)
            case ReplaceService(body):
                self._move(body)
            case MintTokens():
                self._mint()
            case RemoveEndpoints():
                pass
            case other:
                raise AssertionError(other)
        return True

    def _get(self, side: Side) -> Obj | None:
        return self.virtual if side == "virtual" else self.host

    def _set(self, side: Side, obj: Obj | None) -> None:
        if side == "virtual":
            self.virtual = obj
        else:
            self.host = obj

    def _create(self, side: Side, body: Obj, tokens: bool) -> None:
        if self._get(side) is not None:
            if side == "host":
                self.host = None  # another object's: it goes by a name of its own, out of sight
            else:
                raise AssertionError("created twice")
        self.made += 1
        metadata = {**body["metadata"], "uid": f"{side}-{self.made}", "generation": 1}
        obj = merge_patch({}, {**body, "metadata": metadata})
        if self.kind.plural == "services" and side == "host":
            obj = _with_addresses(obj)
        self._set(side, self._written(obj))
        if tokens:
            self._mint()

    def _patch(self, action: Patch) -> bool:
        obj = self._get(action.side)
        if obj is None or (action.uid and action.uid != uid(obj)):
            return False
        version = meta(obj).get("resourceVersion")
        if action.resource_version and action.resource_version != version:
            return False
        sent = {key: value for key, value in action.patch.items() if key in _opened(action)}
        patched = strategic_patch(obj, sent) if action.patch_type else merge_patch(obj, sent)
        _admit(action, obj, patched)
        if patched.get("spec") != obj.get("spec"):
            patched["metadata"]["generation"] = int(meta(obj).get("generation") or 0) + 1
        self._set(action.side, self._written(patched))
        return True

    def _delete(self, action: Delete) -> bool:
        obj = self._get(action.side)
        if obj is None or action.uid != uid(obj):
            return False
        if action.give_back is not None:
            self._set(action.side, None)  # no longer ours: out of sight
            return True
        grace_s = action.grace_s
        if self.kind.plural == "pods" and grace_s is None:
            grace_s = 30
        if not grace_s and not meta(obj).get("finalizers"):
            self._gone(action.side)
            return True
        present = meta(obj).get("deletionGracePeriodSeconds")
        shortest = min(each for each in (grace_s or 0, present) if each is not None)
        more = {"deletionTimestamp": "2026-01-01T00:00:00Z", "deletionGracePeriodSeconds": shortest}
        self._set(action.side, self._written({**obj, "metadata": {**meta(obj), **more}}))
        return True

    def _gone(self, side: Side) -> None:
        if side == "host" and self.host is not None:
            gone = annotations(self.host).get(UID, "")
            related = replace(self.context.related, host_gone_uid=gone)
            self.context = replace(self.context, related=related)
        self._set(side, None)

    def finish_deletions(self) -> bool:
        """Kubelets and finalizers do their part; on the virtual side no kubelet runs."""
        finished = False
        for side in ("virtual", "host"):
            obj = self._get(side)
            if obj is None or not is_deleting(obj):
                continue
            waits = side == "virtual" and self.kind.plural == "pods"
            if not waits or meta(obj).get("deletionGracePeriodSeconds") == 0:
                self._gone(side)
                finished = True
        return finished

    def _bind(self, node: str) -> None:
        assert self.virtual is not None
        scheduled = {"type": "PodScheduled", "status": "True"}
        bound = {"spec": {"nodeName": node}, "status": {"conditions": [scheduled]}}
        self.virtual = self._written(merge_patch(self.virtual, bound))

    def _move(self, body: Obj) -> None:
        assert self.virtual is not None
        metadata = {**meta(self.virtual), "annotations": annotations(body)}
        self.virtual = self._written({**self.virtual, "metadata": metadata, "spec": body["spec"]})

    def _mint(self) -> None:
        assert self.host is not None
        due = {TOKEN_REFRESH_AT: str(int(self.context.now_s) + TOKEN_LIFE_S)}
        self.host = self._written(merge_patch(self.host, {"metadata": {"annotations": due}}))

    def _written(self, obj: Obj) -> Obj:
        self.made += 1
        return {**obj, "metadata": {**meta(obj), "resourceVersion": str(self.made)}}


def _opened(action: Patch) -> set[str]:
    """The parts of an object that a write to this subresource may change."""
    parts = {
        "": action.patch.keys() - {"status"},
        "status": {"metadata", "status"},
        "ephemeralcontainers": {"spec"},
        "resize": {"spec"},
    }
    return set(parts[action.subresource])


def _admit(action: Patch, before: Obj, after: Obj) -> None:
    """What an API server would refuse of a pod's containers."""
    allowed = {"": {"image"}, "resize": {"resources"}}.get(action.subresource, set())
    for key in ("containers", "initContainers", "ephemeralContainers"):
        old, new = ((obj.get("spec") or {}).get(key) or [] for obj in (before, after))
        if action.subresource == key.lower():
            new = [each for each in new if each in old]
        assert [_but(each, allowed) for each in new] == [_but(each, allowed) for each in old]


def _but(container: Obj, fields: set[str]) -> Obj:
    return {key: value for key, value in container.items() if key not in fields}


def _with_addresses(service: Obj) -> Obj:
    """What a host API server gives a new Service."""
    spec: dict[str, Any] = dict(service.get("spec") or {})
    if spec.get("type") == "ExternalName":
        return service
    if spec.get("clusterIP") != "None":
        spec |= {"clusterIP": "10.9.0.7", "clusterIPs": ["10.9.0.7"], "ipFamilies": ["IPv4"]}
    if spec.get("type") in ("NodePort", "LoadBalancer"):
        spec["ports"] = [
            {**port, "nodePort": 31000 + number}
            for number, port in enumerate(spec.get("ports") or [])
        ]
    return {**service, "spec": spec}
