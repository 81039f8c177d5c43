"""The alert rules and the dashboard's queries, by Prometheus' own tool.

promtool is looked for in $PROMTOOL and on PATH; Debian's and Ubuntu's package `prometheus` has it.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.unit.test_metrics_page import ALERTS_TEST, FILES, panels

PROMTOOL = os.environ.get("PROMTOOL") or shutil.which("promtool")
pytestmark = pytest.mark.skipif(
    PROMTOOL is None, reason="no promtool: apt install prometheus, or say where it is in $PROMTOOL"
)


def promtool(*arguments: str | Path) -> str:
    assert PROMTOOL
    ran = subprocess.run(
        [PROMTOOL, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_the_rules_are_what_prometheus_understands() -> None:
    assert "rules found" in promtool("check", "rules", "--lint-fatal", FILES / "alerts.yaml")


def test_alerts_fire_when_they_should_and_not_before() -> None:
    promtool("test", "rules", ALERTS_TEST)


def test_queries_of_the_dashboard_are_what_prometheus_understands(tmp_path: Path) -> None:
    targets = [target["expr"] for panel in panels() for target in panel.get("targets", [])]
    rules = [
        {"record": f"panel:{number}", "expr": _with_values(each)}
        for number, each in enumerate(targets)
    ]
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    assert f"{len(targets)} rules found" in promtool("check", "rules", "--lint=none", file)


def _with_values(query: str) -> str:
    """As Grafana sends it."""
    for name, value in {"__rate_interval": "2m", "namespace": ".*", "cluster": ".*"}.items():
        query = query.replace(f"${name}", value)
    assert "$" not in query
    return query
