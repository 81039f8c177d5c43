"""The page on metrics, the alerts and the dashboard agree with each other."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "metrics.md"
FILES = ROOT / "deploy" / "chart" / "files"
ALERTS_TEST = ROOT / "tests" / "deploy" / "alerts_test.yaml"
NAME = re.compile(r"\btohost_[a-z_]+\b")
HISTOGRAM = ("_bucket", "_sum", "_count")
LABELS = {"cluster", "plural", "outcome", "verb", "code", "stage", "side"}
# What Prometheus itself puts on every series, and on the buckets of a histogram.
SCRAPED = {"namespace", "pod", "instance", "job", "le"}


def table() -> dict[str, list[str]]:
    """The rows of the page's first table: name, then type, labels, how to add up, what it is."""
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| `tohost_")]
    rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return {row[0].strip("`"): row[1:] for row in rows}


def exposed() -> set[str]:
    """All names that a query may use."""
    names = set()
    for name, (type_, *_) in table().items():
        names |= {name + end for end in HISTOGRAM} if type_ == "histogram" else {name}
    return names


def rules() -> list[dict[str, Any]]:
    content = yaml.safe_load((FILES / "alerts.yaml").read_text())
    return [rule for group in content["groups"] for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FILES / "dashboard.json").read_text())
    return content


def panels() -> list[dict[str, Any]]:
    return list(dashboard()["panels"])


def expressions() -> Iterator[str]:
    """All queries: of the alerts, and of the dashboard with its variables."""
    yield from (rule["expr"] for rule in rules())
    for panel in panels():
        yield from (target["expr"] for target in panel.get("targets", []))
    yield from (each.get("definition", "") for each in dashboard()["templating"]["list"])


def test_queries_ask_for_metrics_that_there_are() -> None:
    asked = {name for each in expressions() for name in NAME.findall(each)}
    assert asked <= exposed()
    assert len(asked) > 20


def test_the_examples_on_the_page_ask_for_metrics_that_there_are() -> None:
    assert set(NAME.findall(PAGE.read_text())) <= exposed() | set(table())


def test_labels_are_few_and_queries_group_by_no_others() -> None:
    of_metrics = {label for row in table().values() for label in row[1].split(", ") if label}
    assert of_metrics == LABELS
    groups = {
        label.strip()
        for each in expressions()
        for some in re.findall(r"\b(?:by|on|without) \(([^)]*)\)", each)
        for label in some.split(",")
    }
    assert groups - {""} <= LABELS | SCRAPED


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_each_alert_says_what_to_do_and_where_more_is_written(rule: dict[str, Any]) -> None:
    notes = rule["annotations"]
    assert notes["summary"]
    assert notes["description"].endswith(".")
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    page, _, heading = notes["runbook"].partition("#")
    assert page == "docs/metrics.md"
    assert heading == rule["alert"].lower()
    assert f"\n### {rule['alert']}\n" in PAGE.read_text()


def test_each_alert_is_tested() -> None:
    tests = ALERTS_TEST.read_text()
    lacking = [rule["alert"] for rule in rules() if rule["alert"] not in tests]
    assert not lacking


def test_the_page_has_no_section_on_an_alert_that_is_gone() -> None:
    named = set(re.findall(r"^### (Tohost\w+)$", PAGE.read_text(), re.MULTILINE))
    assert named == {rule["alert"] for rule in rules()}


def test_panels_have_a_place_of_their_own() -> None:
    cells = [
        (x, y)
        for panel in panels()
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    ids = [panel["id"] for panel in panels()]
    assert len(ids) == len(set(ids))


def test_panels_ask_the_data_source_that_was_chosen_and_say_what_they_show() -> None:
    chosen = {"type": "prometheus", "uid": "${datasource}"}
    shown = [panel for panel in panels() if panel["type"] != "row"]
    assert all(panel["title"] and panel["description"] for panel in shown)
    assert all(panel["datasource"] == chosen and panel["targets"] for panel in shown)
    variables = {each["name"] for each in dashboard()["templating"]["list"]}
    used = {name for each in expressions() for name in re.findall(r"\$(\w+)", each)}
    assert used - {"__rate_interval"} <= variables
