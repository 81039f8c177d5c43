"""Kubernetes manifests, read and written the way kubectl does."""

import json
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import orjson
import yaml

from common.errors import ConfigError
from common.objects import Obj

_NUMBER_LIKE = re.compile(r"[-+.0-9][-+.:_0-9a-fox]*|[-+]?\.(inf|nan)", re.IGNORECASE)
_JSON = json.JSONDecoder()
_SPACE = re.compile(r"\s*")
_WORD_LIKE = frozenset(
    ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", "=", "<<"]
)


class _Loader(yaml.CSafeLoader):
    """YAML as kubectl reads it: times stay text, and 22:22 is no number."""


_DROPPED = {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:int", "tag:yaml.org,2002:float"}
_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag not in _DROPPED and first != "="]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int",
    re.compile(r"[-+]?(0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|0[0-7_]+|0|[1-9][0-9_]*)$"),
    list("-+0123456789"),
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?([0-9][0-9_]*\.[0-9_]*|\.[0-9]+|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?$"),
    list("-+.0123456789"),
)


def _merge_sign(_loader: _Loader, node: yaml.ScalarNode) -> str:
    """`<<` as a value is text; as a key it merges maps, which is done before."""
    return str(node.value)


_Loader.add_constructor("tag:yaml.org,2002:merge", _merge_sign)


class _Dumper(yaml.CSafeDumper):
    """Quotes whatever another YAML reader could take for something other than text."""


def _represent_text(dumper: yaml.CSafeDumper, text: str) -> yaml.ScalarNode:
    style = None
    if "\n" in text:
        style = "|"
    elif _NUMBER_LIKE.fullmatch(text) or text.lower() in _WORD_LIKE:
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _represent_text)


def read_documents(files: Iterable[str]) -> list[Obj]:
    """All objects of the files ("-": standard input), Lists taken apart.

    Raises ConfigError for what can't be read or is no Kubernetes object.
    """
    return [obj for file in files for obj in _read_file(file)]


def parse_documents(text: str, origin: str) -> Iterator[Obj]:
    """All objects of a YAML or JSON text; `origin` is for messages."""
    for number, document in enumerate(_parse(text, origin), start=1):
        if document is not None:
            yield from _objects(document, f"{origin}: document {number}")


def write_yaml(objects: Iterable[Obj]) -> str:
    return "".join(
        "---\n" + yaml.dump(obj, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)
        for obj in objects
    )


def write_json_list(objects: Iterable[Obj]) -> str:
    content = {"apiVersion": "v1", "kind": "List", "metadata": {}, "items": list(objects)}
    return orjson.dumps(content, option=orjson.OPT_INDENT_2).decode() + "\n"


def _read_file(file: str) -> Iterator[Obj]:
    try:
        if file == "-":
            text = sys.stdin.buffer.read().decode()
        else:
            with open(file, encoding="utf-8") as stream:
                text = stream.read()
    except OSError as error:
        raise ConfigError(f"{file}: can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: can't be read: it is not UTF-8 text") from None
    yield from parse_documents(text, "standard input" if file == "-" else file)


def _parse(text: str, origin: str) -> list[Any]:
    try:
        return list(_json_values(text.removeprefix("\ufeff")))
    except ValueError:
        pass  # YAML then, which a file of JSON with comments or tabs is too
    try:
        return [_with_text_keys(each) for each in yaml.load_all(text, _Loader)]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        raise ConfigError(f"{origin}{line}: is not valid YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{origin}: is not valid YAML: {' '.join(str(error).split())}") from None


def _json_values(text: str) -> Iterator[Any]:
    """JSON values one after the other, as `kubectl create -o json` prints several objects."""
    start = _SPACE.match(text).end()  # type: ignore[union-attr]
    while start < len(text):
        value, end = _JSON.raw_decode(text, start)
        yield value
        start = _SPACE.match(text, end).end()  # type: ignore[union-attr]


def _with_text_keys(value: Any) -> Any:
    """What YAML takes for a number or true as a key (`on: ...`) is text in Kubernetes."""
    if isinstance(value, dict):
        return {_key(key): _with_text_keys(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_text_keys(each) for each in value]
    return value


def _key(key: Any) -> str:
    return key if isinstance(key, str) else str(orjson.dumps(key), "ascii")


def _objects(document: Any, place: str) -> Iterator[Obj]:
    """The document, or the items of a List such as `kubectl get -o yaml` prints."""
    if not isinstance(document, dict):
        raise ConfigError(f"{place}: is no Kubernetes object; write apiVersion, kind and metadata")
    kind, items = str(document.get("kind") or ""), document.get("items")
    if kind.endswith("List") and isinstance(items, list):
        inherited = {"apiVersion": document.get("apiVersion"), "kind": kind.removesuffix("List")}
        for number, item in enumerate(items, start=1):
            whole = {**inherited, **item} if isinstance(item, dict) and kind != "List" else item
            yield from _objects(whole, f"{place}, item {number}")
        return
    metadata = document.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    missing = [key for key in ("apiVersion", "kind") if not document.get(key)]
    missing += [] if name else ["metadata.name"]
    if missing:
        raise ConfigError(f"{place}: is no Kubernetes object; write its {' and '.join(missing)}")
    for path, value in _texts(document):
        if not isinstance(value, str | None):
            raise ConfigError(f"{place}: {path}: is {json.dumps(value)}; write text, in quotes")
    yield document


def _texts(document: Obj) -> Iterator[tuple[str, Any]]:
    """What must be text in every object, with its path."""
    metadata = document["metadata"]
    yield from ((key, document[key]) for key in ("apiVersion", "kind"))
    yield from ((f"metadata.{key}", metadata.get(key)) for key in ("name", "namespace"))
    for key in ("labels", "annotations"):
        values = metadata.get(key)
        for each in values if isinstance(values, dict) else ():
            yield f'metadata.{key}["{each}"]', values[each]
