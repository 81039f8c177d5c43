"""The scripts for each shell: pure."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from tohost.completion.spec import Command, Option


def bash(commands: Sequence[Command]) -> str:
    """Without an answer of ours bash completes file names."""
    return "\n".join(
        [
            "# bash completion of tohost",
            "_tohost() {",
            "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}",
            '  local words="" flags=""',
            "  if [ $COMP_CWORD -eq 1 ]; then",
            f'    words="{" ".join(each.name for each in commands)}"',
            "  else",
            '    case "${COMP_WORDS[1]} $prev" in',
            *(line for each in commands for line in _bash_values(each)),
            "      *)",
            '        case "${COMP_WORDS[1]}" in',
            *(f"          {_bash_words(each)} ;;" for each in commands),
            "        esac ;;",
            "    esac",
            "  fi",
            "  if [[ $cur == -* || -z $words ]]; then words=$flags; fi",
            '  COMPREPLY=($(compgen -W "$words" -- "$cur"))',
            "}",
            "complete -o default -F _tohost tohost",
            "",
        ]
    )


def _bash_values(command: Command) -> Iterator[str]:
    """What may follow an option that takes a value."""
    for option in command.options:
        if option.value != "none":
            cases = "|".join(f'"{command.name} {flag}"' for flag in option.flags)
            yield f'      {cases}) words="{" ".join(option.choices)}" ;;'


def _bash_words(command: Command) -> str:
    """Options are offered to who begins one, or where there is nothing else."""
    flags = " ".join(flag for option in command.options for flag in option.flags)
    return f'{command.name}) words="{" ".join(command.arguments)}" flags="{flags}"'


def zsh(commands: Sequence[Command]) -> str:
    return "\n".join(
        [
            "#compdef tohost",
            "_tohost() {",
            "  local -a commands",
            "  commands=(",
            *(f"    {_quoted(f'{each.name}:{each.text}')}" for each in commands),
            "  )",
            "  if (( CURRENT == 2 )); then",
            "    _describe command commands",
            "    return",
            "  fi",
            "  local command=$words[2]",
            "  shift words",
            "  (( CURRENT-- ))",
            "  case $command in",
            *(line for each in commands for line in _zsh_case(each)),
            "  esac",
            "}",
            'if [ "$funcstack[1]" = _tohost ]; then _tohost "$@"; else compdef _tohost tohost; fi',
            "",
        ]
    )


def _zsh_case(command: Command) -> Iterator[str]:
    specs = [spec for option in command.options for spec in _zsh_option(option)]
    words = f"({' '.join(command.arguments)})" if command.arguments else "_files"
    specs.append(f"*:argument:{words}")
    yield f"    {command.name})"
    yield "      _arguments \\"
    yield from (f"        {_quoted(spec)} \\" for spec in specs[:-1])
    yield f"        {_quoted(specs[-1])} ;;"


def _zsh_option(option: Option) -> Iterator[str]:
    text = re.sub(r"([\[\]:\\])", r"\\\1", option.text)
    takes = {"none": "", "file": ":file:_files", "any": ":value: "}.get(option.value)
    if takes is None:
        takes = f":value:({' '.join(option.choices)})"
    return (f"*{flag}[{text}]{takes}" for flag in option.flags)


def fish(commands: Sequence[Command]) -> str:
    lines = ["# fish completion of tohost", "complete -c tohost -f"]
    for command in commands:
        text = _quoted(command.text)
        lines.append(f"complete -c tohost -n __fish_use_subcommand -a {command.name} -d {text}")
        lines += _fish_command(command)
    return "\n".join([*lines, ""])


def _fish_command(command: Command) -> Iterator[str]:
    start = f"complete -c tohost -n '__fish_seen_subcommand_from {command.name}'"
    if command.arguments:
        yield f"{start} -a '{' '.join(command.arguments)}'"
    for option in command.options:
        flags = " ".join(_fish_flag(flag) for flag in option.flags)
        takes = {"none": "", "file": " -r -F", "any": " -x"}.get(option.value)
        if takes is None:
            takes = f" -x -a '{' '.join(option.choices)}'"
        yield f"{start} {flags}{takes} -d {_quoted(option.text)}"


def _fish_flag(flag: str) -> str:
    return f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}"


def _quoted(text: str) -> str:
    """For all three shells; a quote inside can't be spelled alike in them, so it's another one."""
    return "'" + text.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}") + "'"


SCRIPTS: Mapping[str, Callable[[Sequence[Command]], str]] = {"bash": bash, "zsh": zsh, "fish": fish}
