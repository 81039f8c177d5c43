"""Help of every command: examples that are its own, and what its exit codes mean."""

import shlex
from importlib import import_module

import pytest

from tohost import cli

FOREIGN = {"dashboard"}
"""Most of its options are rq-dashboard's."""


def text_of(command: str, said: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        cli.main([command, "--help"])
    assert ended.value.code == 0
    return said.readouterr().out


@pytest.mark.parametrize("command", list(cli.COMMANDS))
def test_help_has_examples_and_exit_codes(capsys: pytest.CaptureFixture[str], command: str) -> None:
    text = text_of(command, capsys)
    assert "examples:" in text
    assert f"tohost {command}" in text.partition("examples:")[2]
    assert "Exit codes: 0 " in text


@pytest.mark.parametrize("command", [each for each in cli.COMMANDS if each not in FOREIGN])
def test_the_examples_of_help_are_valid(command: str) -> None:
    parser = import_module(cli.COMMANDS[command][0]).parser()
    found = [each for line in (parser.epilog or "").splitlines() for each in _examples(line)]
    assert found
    for arguments in found:
        if arguments[0] == command:
            parser.parse_args(arguments[1:])


def _examples(line: str) -> list[list[str]]:
    """Arguments of tohost in one line of examples, which may be part of a pipe, and commented on
    behind several spaces."""
    command = line[2:].partition("   ")[0].removesuffix("\\")
    if not line.startswith("  ") or "tohost" not in command.split():
        return []
    words = shlex.split(command)
    rest = words[words.index("tohost") + 1 :]
    ends = [n for n, word in enumerate(rest) if word in ("|", ">")]
    return [rest[: min(ends, default=len(rest))]]


def test_the_commands_are_listed_with_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    out = capsys.readouterr().out
    assert "Exit codes: 0 ok, 1 found problems, 2 wrong usage or configuration." in out
    widths = {len(line) for line in out.splitlines()}
    assert max(widths) <= 100


@pytest.mark.parametrize(
    "arguments",
    [
        ["status", "--watch", "--interval", "0"],
        ["status", "--interval", "2"],
        ["explain"],
        ["doctor", "-o", "xml"],
        ["completion"],
        ["release"],
    ],
)
def test_wrong_usage_is_exit_code_2_with_the_usage(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert f"usage: tohost {arguments[0]}" in capsys.readouterr().err
