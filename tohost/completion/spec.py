"""What can be completed of each command, read from its parser."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Literal

from common.kinds import REGISTRY

Value = Literal["none", "file", "words", "any"]
_FILES = {"FILE", "DIR"}
# Arguments whose values are known, though any other one may be meant.
_KNOWN: Mapping[str, Sequence[str]] = {"words": sorted(REGISTRY)}


@dataclass(frozen=True, slots=True)
class Option:
    """`flags`: all of its spellings. value: none for a switch, words for one of `choices`."""

    flags: Sequence[str]
    value: Value
    choices: Sequence[str]
    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """`arguments`: words that may stand for what is no option."""

    name: str
    text: str
    options: Sequence[Option]
    arguments: Sequence[str]


def commands(table: Mapping[str, tuple[str, str]]) -> Iterator[Command]:
    """`table`: by name the module, "" for none, and a line of help. A module has `parser()`."""
    for name, (module, text) in table.items():
        parser = import_module(module).parser() if module else argparse.ArgumentParser()
        yield described(name, text, parser)


def described(name: str, text: str, parser: argparse.ArgumentParser) -> Command:
    actions = parser._actions
    options = [_option(each) for each in actions if each.option_strings]
    words = [word for each in actions if not each.option_strings for word in _words(each)]
    return Command(name, text, options, words)


def _option(action: argparse.Action) -> Option:
    text = " ".join((action.help or "").split())
    return Option(action.option_strings, _value(action), _words(action), text.replace("%%", "%"))


def _value(action: argparse.Action) -> Value:
    if action.nargs == 0:
        return "none"
    if _words(action):
        return "words"
    return "file" if action.metavar in _FILES else "any"


def _words(action: argparse.Action) -> Sequence[str]:
    if action.choices is not None:
        return [str(each) for each in action.choices]
    return () if action.option_strings else _KNOWN.get(action.dest, ())
