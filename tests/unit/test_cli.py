"""The command line: choosing a subcommand, exit codes, help."""

import socket
from pathlib import Path

import pytest

from tohost import __version__, cli


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    code = cli.main(argv)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize("argv", [[], ["--help"], ["-h"], ["help"]])
def test_help_names_every_command(capsys: pytest.CaptureFixture[str], argv: list[str]) -> None:
    code, out, _ = run(capsys, *argv)
    assert code == 0
    assert all(f"  {name} " in out for name in cli.COMMANDS)


@pytest.mark.parametrize("argv", [["version"], ["--version"]])
def test_the_version_can_be_asked_for(capsys: pytest.CaptureFixture[str], argv: list[str]) -> None:
    assert run(capsys, *argv) == (0, f"tohost {__version__}\n", "")


def test_a_mistyped_command_gets_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "wroker")
    assert code == 2
    assert err == 'tohost: no command "wroker"; did you mean "worker"?\n'


@pytest.mark.parametrize("command", [name for name in cli.COMMANDS if name != "version"])
def test_every_command_has_help(capsys: pytest.CaptureFixture[str], command: str) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([command, "--help"])
    assert ended.value.code == 0
    assert "usage:" in capsys.readouterr().out.lower()


@pytest.mark.parametrize("command", ["run", "watcher", "worker"])
def test_a_wrong_configuration_is_exit_code_2_before_anything_starts(
    capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory, command: str
) -> None:
    file = tmp_path_factory.mktemp("config") / "tohost.yaml"
    file.write_text("virtualClusters:\n- {name: a, hostNamespace: b, weigth: 2}\n")
    code, out, err = run(capsys, command, "--config", str(file))
    assert (code, out) == (2, "")
    assert err == f'{file}: virtualClusters[0].weigth: unknown key; write "weight"\n'


def test_translate_says_what_only_the_host_knows(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "tohost.yaml"
    file.write_text(
        "host: {owner: {apiVersion: v1, kind: Service, name: v}}\nvirtualClusters:\n"
        "- {name: a, hostNamespace: b, networking: {apiService: b/v, dnsService: b/dns,"
        " dnsServiceIP: 10.0.0.1}}\n"
    )
    (tmp_path / "empty").write_text("")
    code, out, err = run(capsys, "translate", "-f", f"{tmp_path}/empty", "--config", str(file))
    assert (code, out) == (0, "")
    assert err.splitlines() == [
        "note: host.owner: its uid is known to the host only, so ownerReferences are left out",
        "note: networking.apiService: is looked up on the host; write apiServiceIP to see it here",
    ]


def test_a_sandbox_that_can_not_have_its_port_says_so_in_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, _, err = run(capsys, "sandbox", "--dir", str(tmp_path), "--host-port", port)
    assert code == 1
    assert err.startswith("tohost sandbox: ")
    assert err.count("\n") == 1
