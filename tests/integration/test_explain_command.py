"""`tohost explain`: what it takes, and what it prints."""

from pathlib import Path

import orjson
import pytest
import yaml

from common.objects import Obj
from common.workqueue import Terminal
from sandbox.redis import RedisServer
from tests.integration.explained import DENIED, HOST_NAME, Said, World, obj, world
from tohost.cli import main

__all__ = ["world"]


@pytest.fixture
def url(world: World, redis_server: RedisServer) -> str:
    world.pair()
    return redis_server.url


def run(said: Said, url: str, *arguments: str) -> tuple[int, str, str]:
    code = main(["explain", *arguments, "--redis-url", url])
    out, err = said.readouterr()
    return code, out, err


@pytest.mark.parametrize(
    "words",
    [
        ["pods", "default/web"],
        ["pod", "web"],
        ["po", "web", "-n", "default"],
        ["pod/web"],
        ["Pod", "web", "-c", "alpha"],
        ["alpha", "pods", "default/web"],
        ["web"],
        [HOST_NAME],
    ],
)
def test_an_object_may_be_written_in_many_ways(url: str, capsys: Said, words: list[str]) -> None:
    code, out, err = run(capsys, url, *words)
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "alpha pods default/web: in sync"
    assert f"  host        h/{HOST_NAME}  (version 5, uid u)" in out


def test_json_and_yaml_say_the_same(url: str, capsys: Said) -> None:
    told = orjson.loads(run(capsys, url, "pods", "web", "-o", "json")[1])
    assert told == yaml.safe_load(run(capsys, url, "pods", "web", "-o", "yaml")[1])
    assert (told["state"], told["virtualCluster"], told["host"]["name"]) == (
        "in sync",
        "alpha",
        HOST_NAME,
    )


def test_a_failing_object_is_exit_code_1_and_names_the_next_command(
    world: World, url: str, capsys: Said
) -> None:
    world.end(Terminal(f"{DENIED}\x1b[2J\nmore", "Forbidden"))
    code, out, _ = run(capsys, url, "pods", "web")
    assert code == 1
    lines = out.splitlines()
    assert lines[:2] == ["alpha pods default/web: failing", f"  Forbidden: {DENIED} [2J more"]
    assert lines[2].startswith("  1 failure for ")
    assert lines[-1] == "To have it tried now: tohost requeue alpha pods default/web"


def test_an_unknown_object_is_exit_code_1(url: str, capsys: Said) -> None:
    assert run(capsys, url, "pods", "wbe")[0] == 1
    code, _, err = run(capsys, url, "nothing-like-that")
    assert code == 1
    assert 'nothing that was seen has "nothing-like-that" in its name' in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["widget", "web"], 'there is no kind "widget"'),
        (["svc"], "which of the services? Write its name, too: svc NAME"),
        (["pdos", "web"], 'did you mean "pods"?'),
        (["pods", "default/web", "-n", "other"], "write one"),
        (["pods", "web", "more", "words"], "is no object; write for example"),
        (["pods", "web", "-c", "gamma"], 'no virtual cluster "gamma"; write one of: alpha'),
    ],
)
def test_wrong_usage_says_what_to_write(
    url: str, capsys: Said, words: list[str], message: str
) -> None:
    code, out, err = run(capsys, url, *words)
    assert (code, out) == (2, "")
    assert message in err


def test_a_name_that_is_there_twice_is_asked_back(world: World, url: str, capsys: Said) -> None:
    world.put("virtual", "pods", "other/web", obj("web", "other"))
    code, _, err = run(capsys, url, "pods", "web")
    assert code == 2
    assert err.splitlines() == [
        "there are several; write one of:",
        "  alpha pods default/web",
        "  alpha pods other/web",
    ]
    assert run(capsys, url, "pods", "web", "-n", "other")[0] == 0


def configured(folder: Path, url: str, **to_host: Obj) -> str:
    file = folder / "tohost.yaml"
    cluster = {"name": "alpha", "hostNamespace": "h", "kubeconfig": "nowhere"}
    cluster["sync"] = {"toHost": to_host}  # type: ignore[assignment]
    file.write_text(yaml.safe_dump({"redis": {"url": url}, "virtualClusters": [cluster]}))
    return str(file)


def test_with_a_configuration_it_tells_why_an_object_is_not_wanted(
    world: World, url: str, tmp_path: Path, capsys: Said
) -> None:
    world.listed("services", "ingresses", "namespaces")
    kubernetes = {**obj("kubernetes"), "spec": {"clusterIP": "10.96.0.1"}}
    world.put("virtual", "services", "default/kubernetes", kubernetes)
    file = configured(tmp_path, url)
    assert main(["explain", "svc", "kubernetes", "--config", file]) == 0
    out = capsys.readouterr().out
    assert out.startswith("alpha services default/kubernetes: not synced\n")
    assert "by the settings it's not wanted" not in out
    main(["explain", "ing", "site", "--config", file])
    assert "NOTE  sync.toHost.ingresses.enabled is false" in capsys.readouterr().out


def test_what_would_be_made_and_is_not_says_who_will_make_it(
    world: World, url: str, tmp_path: Path, capsys: Said
) -> None:
    world.listed("configmaps")
    world.put("virtual", "configmaps", "default/lost", {**obj("lost"), "data": {}})
    file = configured(tmp_path, url, configMaps={"enabled": True, "all": True})
    assert main(["explain", "cm", "lost", "--config", file]) == 0
    assert "it would be created now" in capsys.readouterr().out
