"""`tohost completion`: the command line."""

import argparse
import sys
from collections.abc import Sequence

from common.usage import command
from tohost.completion.scripts import SCRIPTS
from tohost.completion.spec import commands

_EXAMPLES = """examples:
  source <(tohost completion bash)                        # in ~/.bashrc
  source <(tohost completion zsh)                         # in ~/.zshrc, after compinit
  tohost completion fish > ~/.config/fish/completions/tohost.fish

Exit codes: 0 printed, 2 wrong usage."""


def parser() -> argparse.ArgumentParser:
    result = command(
        "completion",
        "Print what a shell needs to complete tohost's commands and options.",
        _EXAMPLES,
    )
    result.add_argument("shell", choices=sorted(SCRIPTS))
    return result


def main(argv: Sequence[str]) -> int:
    from tohost.cli import COMMANDS

    arguments = parser().parse_args(argv)
    sys.stdout.write(SCRIPTS[arguments.shell](list(commands(COMMANDS))))
    return 0
