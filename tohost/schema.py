"""`tohost schema`: JSON schemas of `tohost.yaml` and of the chart's values, from their types.

Editors complete and check by them, and Helm refuses values that don't fit. They are a little milder
than the product, which also knows what must hold between settings.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel

from common.config import Config
from common.objects import Obj
from common.usage import command
from tohost.output import write_data

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_LABEL: Final = {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"}
_FORMS: Final[Mapping[tuple[str, str], Obj]] = {
    ("VirtualCluster", "name"): _LABEL,
    ("VirtualCluster", "hostNamespace"): _LABEL,
    ("Entry", "name"): _LABEL,
    ("Safety", "scanEvery"): {
        "anyOf": [
            {"type": "number", "minimum": 0, "maximum": 7 * 86400},
            {"type": "string", "pattern": r"^([0-9]+(\.[0-9]+)?[hms])+$"},
        ]
    },
    ("InitContainer", "image"): {"anyOf": [{"$ref": "#/$defs/Image"}, {"type": "string"}]},
}
"""By section and key: forms that the types don't tell, as validators read them."""
_EXAMPLES = """examples:
  tohost schema > tohost.schema.json
  tohost schema --values > deploy/chart/values.schema.json

Editors with the YAML language server use it by a first line in tohost.yaml:
  # yaml-language-server: $schema=tohost.schema.json

Exit codes: 0 printed, 2 wrong usage."""


def parser() -> argparse.ArgumentParser:
    result = command(
        "schema", "Print the JSON schema of tohost.yaml, or of the Helm chart's values.", _EXAMPLES
    )
    result.add_argument("--values", action="store_true", help="of the chart's values.yaml")
    result.add_argument("-o", "--output", choices=["json", "yaml"], default="json")
    return result


def main(argv: Sequence[str]) -> int:
    arguments = parser().parse_args(argv)
    schema = values_schema() if arguments.values else config_schema()
    sys.stdout.write(write_data(schema, arguments.output))
    return 0


def config_schema() -> Obj:
    return _schema(Config, "tohost.yaml")


def values_schema() -> Obj:
    from tohost.chart.values import Values

    schema: Obj = _without_defaults(_schema(Values, "Values of the chart tohost"))
    return schema


def _schema(model: type[BaseModel], title: str) -> Obj:
    made = model.model_json_schema(by_alias=True)
    sections: dict[str, Obj] = made.get("$defs", {})
    for (section, key), form in _FORMS.items():
        if section in sections:
            sections[section]["properties"][key] = form
    return {"$schema": _DIALECT, "title": title, **_plain(made)}


def _plain(node: Any) -> Any:
    """Without the titles that pydantic makes of names, and defaults that only repeat those of the
    parts."""
    if isinstance(node, list):
        return [_plain(each) for each in node]
    if not isinstance(node, dict):
        return node
    kept = {key: value for key, value in node.items() if not _is_noise(key, value)}
    return {key: _named(value) if key in _MAPS else _plain(value) for key, value in kept.items()}


def _without_defaults(node: Any) -> Any:
    """Those of the chart are in its values.yaml."""
    if isinstance(node, list):
        return [_without_defaults(each) for each in node]
    if not isinstance(node, dict):
        return node
    return {
        key: {name: _without_defaults(each) for name, each in value.items()}
        if key in _MAPS
        else _without_defaults(value)
        for key, value in node.items()
        if key != "default"
    }


_MAPS: Final = ("properties", "$defs")
"""Where keys are names and not words of the schema."""


def _named(parts: Mapping[str, Any]) -> Obj:
    return {name: _plain(each) for name, each in parts.items()}


def _is_noise(key: str, value: Any) -> bool:
    return (key == "title" and isinstance(value, str)) or (
        key == "default" and isinstance(value, dict) and bool(value)
    )
