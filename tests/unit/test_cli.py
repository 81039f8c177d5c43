"""The command line: choosing a subcommand, exit codes, help."""

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
