"""`tohost schema`: what it prints fits what the product reads."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from common.objects import Obj
from tohost import cli
from tohost.schema import config_schema, values_schema

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy" / "chart"
EXAMPLES = ROOT / "deploy" / "examples"


def problems(schema: Obj, content: Any) -> list[str]:
    return [error.message for error in Draft202012Validator(schema).iter_errors(content)]


def config(**cluster: Any) -> Obj:
    return {"virtualClusters": [{"name": "v", "hostNamespace": "h", **cluster}]}


@pytest.mark.parametrize("schema", [config_schema(), values_schema()], ids=["config", "values"])
def test_it_is_a_schema(schema: Obj) -> None:
    Draft202012Validator.check_schema(schema)
    assert '"title": "Sync"' not in json.dumps(schema)


def test_the_examples_fit() -> None:
    assert problems(config_schema(), yaml.safe_load((EXAMPLES / "tohost.yaml").read_text())) == []
    for file in EXAMPLES.glob("*.values.yaml"):
        assert problems(values_schema(), yaml.safe_load(file.read_text())) == []


def test_the_charts_own_values_fit() -> None:
    content = yaml.safe_load((CHART / "values.yaml").read_text())
    assert problems(values_schema(), content) == []


@pytest.mark.parametrize(
    "content",
    [
        config(wieght=2),
        config(weight="2"),
        config(weight=0),
        config(name="No_Label"),
        config(sync={"toHost": {"pod": {"enabled": True}}}),
        config(sync={"toHost": {"pods": {"enabled": "yes"}}}),
        {**config(), "safety": {"scanEvery": "5 minutes"}},
        {"redis": {}},
    ],
)
def test_what_the_product_refuses_does_not_fit(content: Obj) -> None:
    assert problems(config_schema(), content)


@pytest.mark.parametrize(
    "content",
    [
        {**config(), "safety": {"scanEvery": "1h30m"}},
        {**config(), "safety": {"scanEvery": 0}},
        config(sync={"toHost": {"customResources": {"a.example.com/v1": {"enabled": True}}}}),
        config(
            sync={"toHost": {"pods": {"rewriteHosts": {"initContainer": {"image": "busybox"}}}}}
        ),
        config(sync={"fromHost": {"events": {"enabled": "auto"}}}),
    ],
)
def test_forms_that_the_product_reads_fit(content: Obj) -> None:
    assert problems(config_schema(), content) == []


def test_it_says_what_a_section_is() -> None:
    assert "`values`" not in config_schema()["$defs"]["Safety"]["description"]
    assert "0: never" in config_schema()["$defs"]["Safety"]["description"]


@pytest.mark.parametrize(("options", "title"), [((), "tohost.yaml"), (("--values",), "Values")])
def test_it_is_printed_as_json_and_as_yaml(
    capsys: pytest.CaptureFixture[str], options: tuple[str, ...], title: str
) -> None:
    assert cli.main(["schema", *options]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert title in printed["title"]
    assert cli.main(["schema", *options, "-o", "yaml"]) == 0
    assert yaml.safe_load(capsys.readouterr().out) == printed
