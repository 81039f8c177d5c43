"""`-o json` where it isn't the main thing: one document, and nothing else on standard output."""

import sys
import time
from pathlib import Path

import orjson
import pytest
from redis import Redis

import tohost
from common.safety.brake_state import BrakeState
from sandbox.kubeconfig import read_access
from sandbox.redis import RedisServer
from tests.integration.test_cli import running
from tests.integration.test_release import config
from tohost.cli import main

Said = pytest.CaptureFixture[str]


def test_the_version_is_told_with_pythons(capsys: Said) -> None:
    assert main(["version", "-o", "json"]) == 0
    python = ".".join(map(str, sys.version_info[:3]))
    assert orjson.loads(capsys.readouterr().out) == {
        "version": tohost.__version__,
        "python": python,
    }


def test_a_release_tells_what_was_held(
    tmp_path: Path, redis_server: RedisServer, redis: Redis, capsys: Said
) -> None:
    BrakeState(redis, "v").engage("host", 70, 100)
    file = config(tmp_path, redis_server.url)
    assert main(["release", "v", "--config", file, "-o", "json"]) == 0
    assert orjson.loads(capsys.readouterr().out) == {
        "virtualCluster": "v",
        "releasedSeconds": 600,
        "held": {"host": {"deletions": 70, "objects": 100}},
    }


def test_a_sandbox_tells_where_it_is(tmp_path: Path) -> None:
    log = tmp_path / "told.json"
    options = ("--dir", str(tmp_path / "box"), "--redis", "-o", "json")
    with running("sandbox", *options, log=log):
        deadline = time.monotonic() + 30
        while not log.read_text().endswith("\n"):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        told = orjson.loads(log.read_text())
        with Redis.from_url(told["redis"]["url"]) as client:
            assert client.ping()
    for side in ("virtual", "host"):
        assert read_access(Path(told[side]["kubeconfig"])).url == told[side]["url"]


@pytest.mark.slow
def test_a_demo_tells_its_result_alone(tmp_path: Path) -> None:
    log = tmp_path / "demo.json"
    with running("demo", "--pause", "0", "-o", "json", log=log) as process:
        assert process.wait(120) == 0, log.read_text()
    told = orjson.loads(log.read_text())
    assert (told["ok"], told["differences"]) == (True, [])
    assert told["scenes"]["burst"]["changes"] > 0
