"""`tohost release` as people run it."""

from pathlib import Path
from typing import Any

import pytest

from common.safety.brake_state import BrakeState
from sandbox.redis import RedisServer
from tohost import cli


def config(folder: Path, url: str) -> str:
    file = folder / "tohost.yaml"
    cluster = "{name: v, hostNamespace: h, kubeconfig: v.kubeconfig}"
    file.write_text(f"redis: {{url: {url}}}\nvirtualClusters: [{cluster}]\n")
    return str(file)


def test_it_says_what_it_let_go(
    tmp_path: Path, redis_server: RedisServer, redis: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    state = BrakeState(redis, "v")
    state.engage("host", 70, 100)
    state.engage("virtual", 30, 40)
    assert not state.released()
    assert cli.main(["release", "v", "--config", config(tmp_path, redis_server.url)]) == 0
    said = capsys.readouterr().out
    assert "released the deletion of 70 of 100 host objects and 30 of 40 virtual pods" in said
    assert "no deletion is held for 10 minutes" in said
    assert state.released()


def test_it_may_be_said_beforehand(
    tmp_path: Path, redis_server: RedisServer, redis: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["release", "v", "--config", config(tmp_path, redis_server.url)]) == 0
    assert "v: the brake held nothing; no deletion is held" in capsys.readouterr().out
    assert BrakeState(redis, "v").released()


def test_an_unknown_name_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["release", "w", "--config", config(tmp_path, "redis://127.0.0.1:1")]) == 2
    assert 'no virtual cluster "w"; write one of: v' in capsys.readouterr().err


def test_without_redis_nothing_is_released(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["release", "v", "--config", config(tmp_path, "redis://127.0.0.1:1")]) == 1
    assert "nothing was released" in capsys.readouterr().err
