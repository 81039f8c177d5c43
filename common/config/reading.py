"""Reads one YAML file that holds a map. Raises ConfigError with one line."""

from pathlib import Path
from typing import Any

import yaml

from common.errors import ConfigError
from common.objects import Obj


class _Loader(yaml.SafeLoader):
    """SafeLoader that refuses a key written twice in one map."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is not None and key in seen and key != "<<":
                raise yaml.constructor.ConstructorError(
                    problem=f'the key "{key}" is there twice; write it once',
                    problem_mark=key_node.start_mark,
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def read_map(path: Path, holds: str) -> Obj:
    """The file's content, keys without a value left out; `holds` says what belongs in it."""
    try:
        content = parse(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; write {holds} there") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError(f"{path}: can't be read: {reason}; write {holds} there") from None
    if content is None:
        raise ConfigError(f"{path}: is empty; write {holds}")
    if not isinstance(content, dict):
        found = "a list" if isinstance(content, list) else "a single value"
        raise ConfigError(f"{path}: holds {found} where a map is due; write {holds}")
    filled: Obj = without_nulls(content)
    return filled


def parse(text: str, origin: str) -> Any:
    """One YAML document. Raises ConfigError that names the line."""
    try:
        return yaml.load(text, _Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        problem = " ".join(str(error.problem or error.context).split())
        raise ConfigError(f"{origin}{line}: is not valid YAML: {problem}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{origin}: is not valid YAML: {' '.join(str(error).split())}") from None


def without_nulls(content: Any) -> Any:
    """Keys with nothing behind them count as not written, as Helm has it."""
    if isinstance(content, list):
        return [without_nulls(item) for item in content]
    if isinstance(content, dict):
        return {key: without_nulls(item) for key, item in content.items() if item is not None}
    return content
