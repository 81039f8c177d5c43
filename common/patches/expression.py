"""CEL, through Google's own library, which is only loaded for who uses it.

Operators write the expressions and tenants the values: a value is never read as CEL. Evaluating
takes bounded time (10 000 rounds of loops in all, RE2 for patterns, bounded values).
"""

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from common.errors import ConfigError
from common.patches.values import EvaluationError, plain

# What of `context` is only there for expressions that mention it.
LARGE = ("virtualObject", "annotations")
_ORDERED = "__ordered"
_VARIABLES = ("value", "valueExists", "context")
# What runs a part of the expression again and again; anywhere, to be on the safe side.
_LOOPS = re.compile(r"\b(all|exists|exists_one|existsOne|map|filter)\b")
_SPACE = r"(?:\s|//[^\n]*(?:\n|$))*"
# Literals and comments, to leave alone; else the dot before a loop whose result has an order.
_TOKEN = re.compile(
    r"(?:[bB]?[rR]|[rR][bB])(?:\"{3}[\s\S]*?\"{3}|'{3}[\s\S]*?'{3}|\"[^\"\n]*\"|'[^'\n]*')"
    r"|[bB]?(?:\"{3}(?:\\[\s\S]|[^\\])*?\"{3}|'{3}(?:\\[\s\S]|[^\\])*?'{3}"
    r"|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*')"
    r"|//[^\n]*"
    rf"|(?P<loop>\.(?={_SPACE}(?:map|filter){_SPACE}\())"
)
_NULL_TEST = re.compile(r"\bvalue\s*[!=]=\s*null\b|\bnull\s*[!=]=\s*value\b")
_ISSUE = re.compile(r"ERROR: <input>:\S+ (.*)")
# `condition ? "text" : null`: the checker wants one type, but any JSON will do.
_MIXED = re.compile(r"found no matching overload for '_\?_:_'")
# Around what the library says: its status codes, and that the text came from nowhere.
_STATUS = re.compile(
    r"^(?:[A-Z_]+: )+(?:<input>:)?|\s*\[[A-Z_]+\]$| \(in container ''\)| expecting \{.*"
)


class Expression:
    """A compiled expression.

    does_without: it has something to say where there is no value, since it doesn't use `value`, or
    asks whether it is there. reads: which of the larger things in `context` it may look at.
    """

    def __init__(self, text: str) -> None:
        """Raises ConfigError when it is no CEL."""
        self.text = text
        self.reads = frozenset(name for name in LARGE if name in text)
        self.loops = bool(_LOOPS.search(text))
        _program(text)  # as it was written, for what is said of mistakes
        self._program = _program(in_order(text))
        asks = _uses(text, "valueExists") or bool(_NULL_TEST.search(text))
        self.does_without = asks or not _uses(text, "value")

    def evaluate(self, value: Any, exists: bool, context: Mapping[str, Any]) -> Any:
        """The result as JSON has it. Raises EvaluationError.

        Both must have been checked, see `check_input`.
        """
        data = {"value": value, "valueExists": exists, "context": context}
        try:
            result = self._program.eval(data=data)
            found = result.plain_value()
        except (RuntimeError, TypeError, ValueError, OverflowError) as error:
            raise EvaluationError(_said(str(error))) from None
        if result.type() == _cel().Type.ERROR:
            raise EvaluationError(_said(str(found)))
        return plain(found)


@lru_cache(maxsize=1024)
def compiled(text: str) -> Expression:
    """Raises ConfigError when it is no CEL."""
    return Expression(text)


def in_order(text: str) -> str:
    """The same expression, with `map` and `filter` visiting the keys of maps in order.

    The library visits them in an order that differs from process to process, and workers that
    read one object differently would write it for ever.
    """
    return _TOKEN.sub(
        lambda token: f".{_ORDERED}()." if token["loop"] else token[0],
        text,
    )


def _ordered(entries: Any) -> list[Any]:
    if not isinstance(entries, dict):
        return list(entries)
    return sorted(entries, key=lambda key: (type(key).__name__, key))


@cache
def _cel() -> Any:
    from cel_expr_python import cel

    return cel


@cache
def _environment(variables: tuple[str, ...]) -> Any:
    from cel_expr_python.ext import ext_encoders, ext_strings

    cel = _cel()
    dyn = cel.Type.DYN
    overloads = [
        cel.Overload(
            f"ordered_{name}",
            return_type=cel.Type.List(dyn),
            parameters=[entries],
            is_member=True,
            impl=_ordered,
        )
        for name, entries in (("list", cel.Type.List(dyn)), ("map", cel.Type.Map(dyn, dyn)))
    ]
    return cel.NewEnv(
        variables=dict.fromkeys(variables, dyn),
        extensions=[ext_strings.ExtStrings(), ext_encoders.ExtEncoders()],
        functions=[cel.FunctionDecl(_ORDERED, overloads)],
    )


def _program(text: str, variables: tuple[str, ...] = _VARIABLES) -> Any:
    environment = _environment(variables)
    try:
        return environment.compile(text)
    except (RuntimeError, TypeError, ValueError) as error:
        issues = _ISSUE.findall(str(error))
        if issues and all(map(_MIXED.match, issues)):
            return environment.compile(text, disable_check=True)
        said = _said(str(error))
        raise ConfigError(
            f"is no CEL expression: {said}; write CEL (vCluster's are JavaScript, tohost's aren't)"
        ) from None


def _uses(text: str, variable: str) -> bool:
    """Whether the expression means nothing without the variable."""
    try:
        _program(text, tuple(name for name in _VARIABLES if name != variable))
    except ConfigError:
        return True
    return False


def _said(message: str) -> str:
    """The first thing that the library says, in one line."""
    first = message.partition("\n")[0].replace(_ORDERED, "map")
    return _STATUS.sub("", first).strip()
