"""Settings from environment variables, laid over those of the file.

`TOHOST_REDIS__URL` sets `redis.url`; `TOHOST_VIRTUAL_CLUSTERS__0__WEIGHT` that of the first
virtual cluster, `TOHOST_VIRTUAL_CLUSTERS__MY_VCLUSTER__WEIGHT` that of `my-vcluster`. Lists and
maps are written as YAML or JSON.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from common.config.problems import Location, nearest, section_of
from common.config.reading import parse
from common.errors import ConfigError
from common.objects import Obj

PREFIX = "TOHOST_"
FILE_VARIABLE = "TOHOST_CONFIG"
# Kubernetes sets these for a Service whose name begins with "tohost".
_SERVICE_LINK = re.compile(r"(_SERVICE_(HOST|PORT\w*)|_PORT(_\d+_\w+)?)$")


def overlay(
    content: Obj, model: type[BaseModel], environ: Mapping[str, str]
) -> tuple[dict[Location, str], list[str]]:
    """Lay the variables over `content`, in place.

    Returns which locations they set, and one line for each variable that sets nothing.
    """
    origins: dict[Location, str] = {}
    problems: list[str] = []
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable == FILE_VARIABLE or not environ[variable]:
            continue
        steps = variable.removeprefix(PREFIX).split("__")
        try:
            location = _place(content, model, steps, environ[variable])
            origins[location] = variable
        except ConfigError as error:
            if "__" in variable or not _SERVICE_LINK.search(variable):
                problems.append(f"{variable}: {error}")
    return origins, problems


def variables(model: type[BaseModel], prefix: str = PREFIX) -> Iterator[tuple[str, FieldInfo]]:
    """Every variable there is, with the setting behind it; `0` stands for a place in a list."""
    for name, field in model.model_fields.items():
        section = section_of(field.annotation)
        if section and _is_section(field):
            yield from variables(section, f"{prefix}{name.upper()}__")
        elif section and _is_list(field) and prefix == PREFIX:
            yield from variables(section, f"{prefix}{name.upper()}__0__")
        else:
            yield prefix + name.upper(), field


def _place(container: Obj, model: type[BaseModel], steps: list[str], text: str) -> Location:
    """Set one value below `container`; returns where."""
    step, *rest = steps
    for name, field in model.model_fields.items():
        alias = field.alias or name
        if _plain(step) == _plain(name):
            break
    else:
        known = [name.upper() for name in model.model_fields]
        raise ConfigError(f"no such setting; {nearest(step, known)}")
    if not rest:
        container[alias] = text if _is_text(field) else parse(text, "value")
        return (alias,)
    section = section_of(field.annotation)
    if section is not None and _is_list(field):
        return alias, *_place_in_list(container.setdefault(alias, []), section, rest, text)
    if section is not None and _is_section(field):
        inner = container.setdefault(alias, {})
        return (alias, *_place(inner, section, rest, text)) if _is_map(inner) else (alias,)
    raise ConfigError(f'set {steps[0]} as a whole, as YAML: "{{key: value}}"')


def _place_in_list(items: Any, section: type[BaseModel], steps: list[str], text: str) -> Location:
    step, *rest = steps
    entries = items if isinstance(items, list) else []
    names = {_plain(str(entry.get("name"))): i for i, entry in enumerate(entries) if _is_map(entry)}
    index = int(step) if step.isdigit() else names.get(_plain(step), -1)
    if index == len(entries):
        entries.append({})
    if not rest or not 0 <= index < len(entries) or not _is_map(entries[index]):
        raise ConfigError(f'"{step}" is no place in that list; write a number from 0, or a name')
    return index, *_place(entries[index], section, rest, text)


def _is_map(entry: Any) -> bool:
    return isinstance(entry, dict)


def _is_section(field: FieldInfo) -> bool:
    return isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)


def _is_text(field: FieldInfo) -> bool:
    return field.annotation is str


def _is_list(field: FieldInfo) -> bool:
    return str(field.annotation).startswith(("list[", "tuple["))


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
