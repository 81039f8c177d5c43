"""The Redis of the sandbox can be stopped, killed and brought back."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from sandbox.redis import RedisServer, find_redis_server


def _missing() -> bool:
    try:
        find_redis_server()
    except RuntimeError:
        return os.environ.get("CI") != "true"
    return False


pytestmark = pytest.mark.skipif(_missing(), reason="no redis-server")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path, appendonly=True) as running:
        yield running


def test_what_was_written_survives_a_kill(server: RedisServer) -> None:
    with Redis.from_url(server.url) as client:
        client.set("key", "value")
    server.kill()
    server.restart()
    with Redis.from_url(server.url) as client:
        assert client.get("key") == b"value"


def test_a_restart_keeps_the_url(server: RedisServer) -> None:
    url = server.url
    server.restart()
    assert server.url == url


def test_without_a_server_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(RuntimeError, match="apt install redis-server"):
        find_redis_server()


def test_a_signal_to_our_process_group_does_not_reach_it(server: RedisServer) -> None:
    with Redis.from_url(server.url) as client:
        pid = client.info("server")["process_id"]
    assert os.getpgid(pid) != os.getpgid(0)
