import os
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml
from aiohttp import web

from common.errors import ApiError, ConflictError, NotFoundError, RetryError
from common.kind import Kind
from common.kube.client import KubeClient

PODS = Kind("pods", "Pod", "pods", lambda obj, _: obj)


def write_kubeconfig(folder: Path, server: str, user: dict[str, object]) -> str:
    path = folder / "kubeconfig"
    content = {
        "current-context": "c",
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
    }
    path.write_text(yaml.safe_dump(content))
    return str(path)


class Server:
    """A web server whose answers the test writes; remembers what it was asked."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, str, bytes]] = []
        self.answers: list[web.Response] = []
        self.lines: list[bytes] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        header = request.headers.get("Authorization", "")
        self.requests.append((request.method, request.path_qs, header, await request.read()))
        if self.answers:
            return self.answers.pop(0)
        response = web.StreamResponse()
        await response.prepare(request)
        for line in self.lines:
            await response.write(line)
        return response


@pytest.fixture
async def server(unused_tcp_port: int) -> AsyncIterator[tuple[Server, str]]:
    served = Server()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", served.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", unused_tcp_port).start()
    yield served, f"http://127.0.0.1:{unused_tcp_port}"
    await runner.cleanup()


@asynccontextmanager
async def connected(folder: Path, url: str, user: dict[str, object]) -> AsyncIterator[KubeClient]:
    async with await KubeClient.connect(write_kubeconfig(folder, url, user), name="test") as client:
        yield client


def answer(status: int, body: object, **headers: str) -> web.Response:
    return web.json_response(body, status=status, headers=headers)


async def test_a_patch_is_sent_as_merge_patch_with_its_preconditions(
    server: tuple[Server, str], tmp_path: Path
) -> None:
    api, url = server
    api.answers = [answer(200, {"kind": "Pod"})]
    async with connected(tmp_path, url, {"token": "secret"}) as client:
        got = await client.patch(PODS, "ns", "web", {"spec": {}}, uid="u1", resource_version="7")
    assert got == {"kind": "Pod"}
    body = b'{"spec":{},"metadata":{"uid":"u1","resourceVersion":"7"}}'
    assert api.requests == [("PATCH", "/api/v1/namespaces/ns/pods/web", "Bearer secret", body)]


async def test_a_delete_names_uid_grace_and_propagation(
    server: tuple[Server, str], tmp_path: Path
) -> None:
    api, url = server
    api.answers = [answer(200, {})]
    async with connected(tmp_path, url, {}) as client:
        await client.delete(PODS, "ns", "web", uid="u1", grace_s=0)
    assert api.requests[0][3] == (
        b'{"apiVersion":"v1","kind":"DeleteOptions","propagationPolicy":"Background",'
        b'"gracePeriodSeconds":0,"preconditions":{"uid":"u1"}}'
    )


async def test_a_missing_object_is_an_error_of_its_own_with_the_servers_words(
    server: tuple[Server, str], tmp_path: Path
) -> None:
    api, url = server
    api.answers = [answer(404, {"reason": "NotFound", "message": 'pods "x" not found'})]
    async with connected(tmp_path, url, {}) as client:
        with pytest.raises(NotFoundError, match=r'GET /api/.*/pods/x: 404 pods "x" not found'):
            await client.get(PODS, "ns", "x")


async def test_a_conflict_is_to_be_retried(server: tuple[Server, str], tmp_path: Path) -> None:
    api, url = server
    api.answers = [answer(409, {"reason": "Conflict", "message": "modified"})]
    async with connected(tmp_path, url, {}) as client:
        with pytest.raises(ConflictError):
            await client.patch(PODS, "ns", "x", {})


async def test_too_many_requests_tells_how_long_to_wait(
    server: tuple[Server, str], tmp_path: Path
) -> None:
    api, url = server
    api.answers = [web.Response(status=429, text="slow down", headers={"Retry-After": "3"})]
    async with connected(tmp_path, url, {}) as client:
        with pytest.raises(RetryError, match="429 slow down") as caught:
            await client.get(PODS, "ns", "x")
    assert caught.value.after_s == 3


async def test_a_server_that_is_away_is_to_be_retried(tmp_path: Path, unused_tcp_port: int) -> None:
    async with connected(tmp_path, f"http://127.0.0.1:{unused_tcp_port}", {}) as client:
        with pytest.raises(RetryError, match="test: GET /api/v1"):
            await client.get(PODS, "ns", "x")


async def test_an_answer_that_is_no_json_is_to_be_retried(
    server: tuple[Server, str], tmp_path: Path
) -> None:
    api, url = server
    api.answers = [web.Response(text="<html>")]
    async with connected(tmp_path, url, {}) as client:
        with pytest.raises(RetryError):
            await client.get(PODS, "ns", "x")


async def test_a_slow_server_runs_into_the_timeout(
    server: tuple[Server, str], tmp_path: Path
) -> None:
    api, url = server
    api.answers = []
    async with connected(tmp_path, url, {}) as client:
        with pytest.raises(RetryError, match="Timeout"):
            await client.request("GET", "/slow", timeout_s=0.00001)


async def test_after_401_a_changed_token_file_is_read_and_the_request_sent_again(
    server: tuple[Server, str], tmp_path: Path
) -> None:
    api, url = server
    token = tmp_path / "token"
    token.write_text("old")
    async with connected(tmp_path, url, {"tokenFile": "token"}) as client:
        token.write_text("new")
        api.answers = [answer(401, {"message": "Unauthorized"}), answer(200, {"kind": "Pod"})]
        assert await client.get(PODS, "ns", "x") == {"kind": "Pod"}
    assert [request[2] for request in api.requests] == ["Bearer old", "Bearer new"]


async def test_a_lasting_401_is_to_be_retried_later(
    server: tuple[Server, str], tmp_path: Path
) -> None:
    api, url = server
    api.answers = [answer(401, {"message": "Unauthorized"})]
    async with connected(tmp_path, url, {"token": "wrong"}) as client:
        with pytest.raises(RetryError, match="401 Unauthorized"):
            await client.get(PODS, "ns", "x")
    assert len(api.requests) == 1


async def test_a_list_follows_its_pages(server: tuple[Server, str], tmp_path: Path) -> None:
    api, url = server
    first = {"metadata": {"resourceVersion": "5", "continue": "t/="}, "items": [{"a": 1}]}
    api.answers = [answer(200, first), answer(200, {"metadata": {}, "items": [{"a": 2}]})]
    async with connected(tmp_path, url, {}) as client:
        assert [item async for item in client.list_all(PODS)] == [{"a": 1}, {"a": 2}]
    assert api.requests[1][1] == "/api/v1/pods?limit=500&continue=t%2F%3D"


async def test_a_watch_gives_whole_events_and_drops_one_that_was_cut_off(
    server: tuple[Server, str], tmp_path: Path
) -> None:
    api, url = server
    event = b'{"type":"ADDED","object":{"a":1,"metadata":{"resourceVersion":"1"}}}\n'
    bookmark = b'{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"2"}}}\n'
    api.lines = [event[:25], event[25:] + bookmark[:10], bookmark[10:] + b'{"type":"DEL']
    async with connected(tmp_path, url, {}) as client:
        events = [event async for event in client.watch("/api/v1/pods")]
    assert [(kind, obj.get("a")) for kind, obj in events] == [("ADDED", 1), ("BOOKMARK", None)]


async def test_a_watch_gives_events_of_many_megabytes(
    server: tuple[Server, str], tmp_path: Path
) -> None:
    api, url = server
    start = b'{"type":"ADDED","object":{"metadata":{"resourceVersion":"1"},"a":"'
    api.lines = [start + b"x" * 3_000_000 + b'"}}\n']
    async with connected(tmp_path, url, {}) as client:
        events = [event async for event in client.watch("/api/v1/pods")]
    assert len(events[0][1]["a"]) == 3_000_000


async def test_a_watch_from_a_forgotten_version_is_refused_with_410(
    server: tuple[Server, str], tmp_path: Path
) -> None:
    api, url = server
    api.answers = [answer(410, {"reason": "Expired", "message": "too old"})]
    async with connected(tmp_path, url, {}) as client:
        with pytest.raises(ApiError) as caught:
            await anext(client.watch("/api/v1/pods"))
    assert (caught.value.status, caught.value.reason) == (410, "Expired")


async def test_a_credential_plugin_is_asked_once_and_again_after_a_401(
    server: tuple[Server, str], tmp_path: Path
) -> None:
    api, url = server
    plugin = tmp_path / "plugin"
    plugin.write_text(
        "#!/bin/sh\necho x >> $(dirname $0)/calls\n"
        'echo "{\\"apiVersion\\":\\"client.authentication.k8s.io/v1\\",'
        '\\"kind\\":\\"ExecCredential\\",\\"status\\":{\\"token\\":'
        '\\"t$(wc -l < $(dirname $0)/calls)\\"}}"\n'
    )
    os.chmod(plugin, stat.S_IRWXU)
    exec_ = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(plugin)}
    async with connected(tmp_path, url, {"exec": exec_}) as client:
        api.answers = [answer(200, {}), answer(200, {}), answer(401, {}), answer(200, {})]
        for _ in range(3):
            await client.get(PODS, "ns", "x")
    assert [r[2] for r in api.requests] == ["Bearer t1", "Bearer t1", "Bearer t1", "Bearer t2"]
