"""A server of admission webhooks in the test's own process, for sandbox and real API servers."""

import base64
import inspect
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
import trustme
from aiohttp import web

from common.objects import Obj

GROUP = "/apis/admissionregistration.k8s.io/v1"
MUTATING = f"{GROUP}/mutatingwebhookconfigurations"
VALIDATING = f"{GROUP}/validatingwebhookconfigurations"
_HOST = "127.0.0.1"

Verdict = list[Obj] | Obj
Answer = Callable[[Obj], Verdict | Awaitable[Verdict]]
"""From a review's `request` to the operations of a JSON patch, or to a `response` of its own."""


@dataclass
class WebhookServer:
    """`seen` has the requests that each path was asked about, oldest first, without dry runs."""

    seen: dict[str, list[Obj]] = field(default_factory=dict)
    dry_runs: dict[str, int] = field(default_factory=dict)
    _answers: dict[str, Answer] = field(default_factory=dict)
    _ca: trustme.CA = field(default_factory=trustme.CA)
    _port: int = 0

    def hook(self, path: str, answer: Answer, rules: Sequence[Obj], **fields: Any) -> Obj:
        """One entry of a configuration's `webhooks`, answered here; `fields` go into it."""
        self._answers[path] = answer
        self.seen[path], self.dry_runs[path] = [], 0
        bundle = base64.b64encode(self._ca.cert_pem.bytes()).decode()
        return {
            "name": f"{path}.tests.example.com",
            "clientConfig": {"url": f"https://{_HOST}:{self._port}/{path}", "caBundle": bundle},
            "rules": list(rules),
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "timeoutSeconds": 5,
            **fields,
        }

    def writes(self, path: str, plural: str, name: str = "") -> list[Obj]:
        """What `path` saw of objects of a kind, or of one of them."""
        return [
            request
            for request in self.seen[path]
            if request["resource"]["resource"] == plural and name in ("", request.get("name", ""))
        ]

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._ca.issue_cert(_HOST).configure_cert(context)
        app = web.Application()
        app.router.add_post("/{path}", self._review)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, _HOST, 0, ssl_context=context).start()
        self._port = runner.addresses[0][1]
        try:
            yield
        finally:
            await runner.cleanup()

    async def _review(self, http: web.Request) -> web.Response:
        path, review = http.match_info["path"], orjson.loads(await http.read())
        request = review["request"]
        if request.get("dryRun"):
            self.dry_runs[path] += 1
        else:
            self.seen[path].append(request)
        verdict = self._answers[path](request)
        decided: Verdict = await verdict if inspect.isawaitable(verdict) else verdict
        response = _patch(decided) if isinstance(decided, list) else decided
        body = {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1"}
        return web.Response(
            body=orjson.dumps({**body, "response": {"uid": request["uid"], **response}}),
            content_type="application/json",
        )


@asynccontextmanager
async def webhook_server() -> AsyncIterator[WebhookServer]:
    server = WebhookServer()
    async with server.listening():
        yield server


def _patch(operations: list[Obj]) -> Obj:
    if not operations:
        return {"allowed": True}
    encoded = base64.b64encode(orjson.dumps(operations)).decode()
    return {"allowed": True, "patchType": "JSONPatch", "patch": encoded}


def rule(*resources: str, operations: Sequence[str] = ("CREATE", "UPDATE"), group: str = "") -> Obj:
    """Resources of one group, with their parts as in `pods/status`."""
    return {
        "operations": list(operations),
        "apiGroups": [group],
        "apiVersions": ["v1"],
        "resources": list(resources),
    }


def in_namespace(name: str) -> Obj:
    """A namespaceSelector for one namespace."""
    return {"matchLabels": {"kubernetes.io/metadata.name": name}}


def denial(message: str = "", code: int = 403) -> Obj:
    return {"allowed": False, "status": {"message": message, "code": code}}


def merged_into(request: Obj, field: str, entries: dict[str, str]) -> list[Obj]:
    """Operations that put entries into the labels or annotations, none when they are there."""
    there = request["object"]["metadata"].get(field) or {}
    wanted = {**there, **entries}
    if wanted == there:
        return []
    return [{"op": "add", "path": f"/metadata/{field}", "value": wanted}]


def with_sidecar(request: Obj, container: Obj) -> list[Obj]:
    """Operations that add a container to a new pod; to an old one none can be added."""
    is_new_pod = request["resource"]["resource"] == "pods" and request["operation"] == "CREATE"
    return [{"op": "add", "path": "/spec/containers/-", "value": container}] if is_new_pod else []
