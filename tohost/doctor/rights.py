"""What tohost may do in each cluster, asked of its API server; with the Role that is missing.

Whose rights: those of the user that the kubeconfig leads to. When that is the account of watchers
or of workers only, as in their pods, only what it needs is asked.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from common.access import Rule
from common.config import Config
from common.errors import ApiError, RetryError
from common.kube.client import KubeClient
from common.objects import Obj, meta, namespace_of
from common.rights import Place, host_rights, virtual_rights
from tohost.doctor.finding import HOST, Finding, ok, skipped
from tohost.doctor.patient import Patient, Server
from tohost.rbac import host_objects, virtual_objects

CHECK = "rights"
AT_ONCE = 16
NAMED = 8
_PATH = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_ACCOUNT = "system:serviceaccount:"
_EVERYTHING = Rule("*", "*", ("*",))


@dataclass(frozen=True, slots=True, order=True)
class Question:
    """May this verb be used there? `namespace` "": in all of them; `name` "": on every object."""

    namespace: str
    group: str
    resource: str
    verb: str
    name: str = ""

    def __str__(self) -> str:
        what = f"{self.resource}.{self.group}" if self.group else self.resource
        return f"{self.verb} {what}" + (f" {self.name}" if self.name else "")


async def check(patient: Patient) -> list[Finding]:
    checks = [_virtual(patient, name) for name in patient.virtual]
    if patient.host is not None:
        checks.insert(0, _host(patient.config, patient.host))
    return list(await asyncio.gather(*checks))


async def _host(config: Config, server: Server) -> Finding:
    wanted = host_rights(config)
    account = _account(server.user)
    places = [place for place in wanted if account in ("", f"tohost-{place.account}")]
    asked = {q for place in places for q in questions(place.namespace, wanted[place])}
    missing = await _missing(server.client, asked)
    if not isinstance(missing, list) or not missing:
        return _judged(HOST, server, missing, ())
    roles = host_objects(config, _namespace(server.user))
    lacking = {each.namespace for each in missing}
    return _judged(HOST, server, missing, [r for r in roles if _helps(r, places, lacking)])


def _helps(role: Obj, places: Iterable[Place], lacking: set[str]) -> bool:
    """Whether a Role or binding is for the namespaces that lack something, and for us."""
    at = {(f"tohost-{place.account}", place.namespace) for place in places}
    return (meta(role)["name"], namespace_of(role)) in at and namespace_of(role) in lacking


async def _virtual(patient: Patient, name: str) -> Finding:
    virtual, server = patient.pairs()[name]
    asked = set(questions("", virtual_rights(virtual.cluster())))
    missing = await _missing(server.client, asked)
    roles = virtual_objects(virtual, _namespace(server.user))
    return _judged(name, server, missing, list(roles) if missing else ())


def questions(namespace: str, rules: Iterable[Rule]) -> Iterator[Question]:
    for rule in rules:
        for name in rule.names or ("",):
            for verb in rule.verbs:
                yield Question(namespace, rule.group, rule.resource, verb, name)


async def _missing(client: KubeClient, asked: set[Question]) -> list[Question] | str:
    """Those that are refused; why that can't be told, if it can't. Whoever may do everything is
    asked nothing else."""
    try:
        if await _may(client, *questions("", [_EVERYTHING])):
            return []
        room = asyncio.Semaphore(AT_ONCE)

        async def may(question: Question) -> bool:
            async with room:
                return await _may(client, question)

        ordered = sorted(asked)
        answers = await asyncio.gather(*map(may, ordered))
    except (ApiError, RetryError) as error:
        return str(error)
    return [question for question, answer in zip(ordered, answers, strict=True) if not answer]


async def _may(client: KubeClient, question: Question) -> bool:
    resource, _, subresource = question.resource.partition("/")
    attributes = {
        "namespace": question.namespace,
        "group": question.group,
        "resource": resource,
        "subresource": subresource,
        "verb": question.verb,
        "name": question.name,
    }
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {key: each for key, each in attributes.items() if each}},
    }
    answer = await client.request("POST", _PATH, body=body)
    return bool((answer.get("status") or {}).get("allowed"))


def _judged(
    where: str, server: Server, missing: list[Question] | str, roles: Sequence[Obj]
) -> Finding:
    who = server.user or "the kubeconfig's user"
    if isinstance(missing, str):
        return skipped(where, CHECK, f"the server doesn't tell them: {missing}")
    if not missing:
        return ok(where, CHECK, f"{who} may do all that is needed")
    remedy = "apply the manifest: what tohost rbac prints, bound to whom the kubeconfig leads to"
    manifest = [_bound(each, server.user) for each in roles]
    return Finding(where, CHECK, "problem", f"{who} may not {_told(missing)}", remedy, manifest)


def _told(missing: Sequence[Question]) -> str:
    """`create pods, patch pods in namespace h`, the first ones."""
    parts = []
    shown = missing[:NAMED]
    for namespace in dict.fromkeys(each.namespace for each in shown):
        some = ", ".join(str(each) for each in shown if each.namespace == namespace)
        parts.append(some + (f" in namespace {namespace}" if namespace else " (everywhere)"))
    more = f"; and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
    return "; ".join(parts) + more


def _account(user: str) -> str:
    """`tohost-worker`, when it's one of ours on the host; "" for anybody else."""
    name = user.rpartition(":")[2] if user.startswith(_ACCOUNT) else ""
    return name if name in ("tohost-watcher", "tohost-worker") else ""


def _namespace(user: str) -> str:
    """Of the service account, as far as it is one."""
    return user.removeprefix(_ACCOUNT).partition(":")[0] if user.startswith(_ACCOUNT) else "tohost"


def _bound(obj: Obj, user: str) -> Obj:
    """A binding for whoever was asked; Roles as they are."""
    if "subjects" not in obj or not user:
        return obj
    if user.startswith(_ACCOUNT):
        namespace, _, name = user.removeprefix(_ACCOUNT).partition(":")
        return {
            **obj,
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": namespace}],
        }
    api = "rbac.authorization.k8s.io"
    return {**obj, "subjects": [{"kind": "User", "apiGroup": api, "name": user}]}
