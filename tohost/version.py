"""`tohost version`: what runs here, for reports of trouble."""

import argparse
import platform
import sys
from collections.abc import Sequence

import tohost
from common.usage import command
from tohost.output import write_data

_EXAMPLES = """examples:
  tohost version
  tohost version -o json

Exit codes: 0 printed, 2 wrong usage."""


def parser() -> argparse.ArgumentParser:
    result = command("version", "Print the version; as data also Python's.", _EXAMPLES)
    result.add_argument("-o", "--output", choices=["text", "json", "yaml"], default="text")
    return result


def main(argv: Sequence[str]) -> int:
    arguments = parser().parse_args(argv)
    if arguments.output == "text":
        print(f"tohost {tohost.__version__}")
    else:
        told = {"version": tohost.__version__, "python": platform.python_version()}
        sys.stdout.write(write_data(told, arguments.output))
    return 0
