"""One target under atheris: `python -m tests.fuzz.guided TARGET [options of libFuzzer]`."""

import logging
import sys

import atheris

with atheris.instrument_imports(include=["common", "watchers", "workers"]):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    logging.disable(logging.CRITICAL)
    program, name, *options = sys.argv
    atheris.Setup([program, *options], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
