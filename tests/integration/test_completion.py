"""`tohost completion` in real shells, as far as they are there: bash always is."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tohost.cli import COMMANDS, main

Said = pytest.CaptureFixture[str]


def script(said: Said, shell: str) -> str:
    assert main(["completion", shell]) == 0
    return said.readouterr().out


@pytest.fixture
def bash(tmp_path: Path, capsys: Said) -> Path:
    file = tmp_path / "tohost.bash"
    file.write_text(script(capsys, "bash"))
    return file


def completed(file: Path, *words: str) -> list[str]:
    """What bash offers for the last word."""
    listed = " ".join(f"'{word}'" for word in ("tohost", *words))
    lines = [
        f"source {file}",
        f"COMP_WORDS=({listed}); COMP_CWORD={len(words)}",
        '_tohost; printf "%s\\n" "${COMPREPLY[@]}"',
    ]
    command = ["bash", "--norc", "-uc", "\n".join(lines)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_commands_are_completed(bash: Path) -> None:
    assert completed(bash, "") == list(COMMANDS)
    assert completed(bash, "st") == ["status"]


def test_options_are_those_of_the_command(bash: Path) -> None:
    assert completed(bash, "doctor", "--ma") == ["--manifests"]
    assert set(completed(bash, "status", "-")) >= {"-w", "--watch", "-o", "--config"}
    assert "--watch" not in completed(bash, "doctor", "-")


@pytest.mark.parametrize("flag", ["-o", "--output"])
def test_values_are_completed_where_they_are_known(bash: Path, flag: str) -> None:
    assert completed(bash, "explain", flag, "") == ["text", "json", "yaml"]


def test_files_are_left_to_the_shell(bash: Path) -> None:
    assert completed(bash, "status", "--config", "") == []
    assert completed(bash, "explain", "--config", "pods") == []


def test_kinds_are_offered_where_an_object_is_named(bash: Path) -> None:
    assert completed(bash, "explain", "persistentvolumec") == ["persistentvolumeclaims"]
    assert completed(bash, "completion", "") == ["bash", "fish", "zsh"]


@pytest.mark.skipif(not shutil.which("zsh"), reason="needs zsh")
def test_zsh_reads_its_script(tmp_path: Path, capsys: Said) -> None:
    file = tmp_path / "_tohost"
    file.write_text(script(capsys, "zsh"))
    lines = (
        f"autoload -U compinit && compinit -u -d {tmp_path}/dump; source {file}; whence -f _tohost"
    )
    command = ["zsh", "-f", "-c", lines]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "persistentvolumeclaims" in done.stdout
    assert done.stderr == ""


@pytest.mark.skipif(not shutil.which("fish"), reason="needs fish")
def test_fish_completes(tmp_path: Path, capsys: Said) -> None:
    file = tmp_path / "tohost.fish"
    file.write_text(script(capsys, "fish"))

    def offered(line: str) -> list[str]:
        command = ["fish", "--no-config", "-c", f"source {file}; complete -C '{line}'"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return [each.partition("\t")[0] for each in done.stdout.splitlines()]

    assert offered("tohost sta") == ["status"]
    assert offered("tohost explain -o ") == ["json", "text", "yaml"]
    assert "--manifests" in offered("tohost doctor --m")


def test_an_unknown_shell_is_wrong_usage(capsys: Said) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["completion", "csh"])
    assert ended.value.code == 2
    assert "invalid choice: 'csh'" in capsys.readouterr().err
