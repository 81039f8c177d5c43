"""Turns what is wrong with a configuration into one line each, for the person who wrote it."""

import difflib
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

Location = tuple[str | int, ...]

_DUE = {
    "bool_type": "true or false, without quotes",
    "string_type": "text; write it in quotes",
    "int_type": "a whole number, without quotes",
    "float_type": "a number, without quotes",
    "list_type": 'a list; write lines that begin with "- "',
    "tuple_type": 'a list; write lines that begin with "- "',
    "dict_type": 'a map; write lines of the form "key: value"',
    "model_type": 'a map; write lines of the form "key: value"',
}


def lines(
    error: ValidationError, model: type[BaseModel], file: str, variables: Mapping[Location, str]
) -> list[str]:
    """One line for each problem; `variables` says which settings came from the environment."""
    found: dict[str, None] = {}
    for detail in error.errors(include_url=False):
        found[f"{_place(detail['loc'], file, variables)}: {_explain(detail, model)}"] = None
    return list(found)


def _place(location: Location, file: str, variables: Mapping[Location, str]) -> str:
    for length in range(len(location), 0, -1):
        if location[:length] in variables:
            return f"{variables[location[:length]]} {dotted(location[length:])}".rstrip()
    return f"{file}: {dotted(location)}" if location else file


def dotted(location: Location) -> str:
    """`virtualClusters[0].sync.toHost`; a key with a dot in it is shown in quotes."""
    path = ""
    for step in location:
        if isinstance(step, int):
            path += f"[{step}]"
        elif "." in step:
            path += f'["{step}"]'
        else:
            path += f".{step}" if path else step
    return path


def nearest(word: str, known: Iterable[str]) -> str:
    """What to write instead of an unknown word."""
    known = list(known)
    lowered = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), lowered, n=1, cutoff=0.6)
    return f'write "{lowered[close[0]]}"' if close else f"known here: {', '.join(known)}"


def keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def section_of(annotation: Any) -> type[BaseModel] | None:
    """The section inside an annotation such as `list[Patch]` or `Owner | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if typing.get_origin(annotation) in {list, tuple, dict, typing.Union, types.UnionType}:
        found = (section_of(argument) for argument in typing.get_args(annotation))
        return next((section for section in found if section), None)
    return None


def _model_at(model: type[BaseModel], location: Location) -> type[BaseModel]:
    """The section that holds the last step of a location."""
    for step in location[:-1]:
        for name, field in model.model_fields.items():
            if step == (field.alias or name):
                model = section_of(field.annotation) or model
    return model


def _explain(detail: ErrorDetails, model: type[BaseModel]) -> str:
    kind, value, location = detail["type"], detail["input"], detail["loc"]
    if kind == "extra_forbidden":
        known = keys(_model_at(model, location))
        return f"unknown key; {nearest(str(location[-1]), known)}"
    if kind == "missing":
        return f'is missing; write "{location[-1]}: ..."'
    if kind == "value_error":
        return str(detail["ctx"]["error"])
    if kind == "invalid_key":
        return "is not text; write the key in quotes"
    if kind in _DUE:
        return f"is {_shown(value)}; this must be {_DUE[kind]}"
    if kind == "literal_error":
        return f"is {_shown(value)}; write {detail['ctx']['expected']}"
    return f"is {_shown(value)}; {detail['msg'].replace('Input should', 'it must', 1)}"


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return str(value).lower()
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return (text if len(text) <= 60 else text[:56] + "...").replace("\n", " ")
