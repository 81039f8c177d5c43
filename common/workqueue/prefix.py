"""What RQ's keys begin with. On a Redis Cluster they must share a hash tag, as RQ writes several in
one transaction.

RQ takes the prefix from the environment when it is imported, which is before any configuration is
read; so it's changed here in what RQ made of it: constants of its modules and classes.
"""

import sys
from collections.abc import Iterator
from types import ModuleType

from rq import defaults

CLUSTER = "{rq}"
_GIVEN = defaults.RQ_KEY_PREFIX


def use(cluster: bool) -> None:
    """For this process, from now on: with a hash tag, or as RQ has it from the environment."""
    tagged = "{" in _GIVEN
    _change(CLUSTER if cluster and not tagged else _GIVEN)


def _change(prefix: str) -> None:
    before, before_format = defaults.RQ_KEY_PREFIX, defaults.FORMAT_KEY_PREFIX
    if prefix == before:
        return
    escaped = prefix.replace("{", "{{").replace("}", "}}")
    for holder, name, value in list(constants()):
        if name == "RQ_KEY_PREFIX":
            setattr(holder, name, prefix)
        elif name == "FORMAT_KEY_PREFIX":
            setattr(holder, name, escaped)
        elif value.startswith(f"{before_format}:") and "{0}" in value:
            setattr(holder, name, escaped + value.removeprefix(before_format))
        elif value.startswith(f"{before}:"):
            setattr(holder, name, prefix + value.removeprefix(before))


def constants() -> Iterator[tuple[object, str, str]]:
    """Texts in RQ's modules and classes: where, under which name, which."""
    for module in _modules():
        classes = (each for each in vars(module).values() if isinstance(each, type))
        for holder in {module, *(each for each in classes if each.__module__ == module.__name__)}:
            for name, value in vars(holder).items():
                if isinstance(value, str) and not name.startswith("__"):
                    yield holder, name, value


def _modules() -> list[ModuleType]:
    return [each for name, each in sys.modules.items() if name.partition(".")[0] == "rq"]
