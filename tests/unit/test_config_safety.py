"""How often to scan, as it may be written."""

from pathlib import Path

import pytest

from common.config import load
from common.errors import ConfigError

A = "virtualClusters:\n- name: a\n  hostNamespace: vc-a\n"


def scan_every_s(folder: Path, text: str, **environ: str) -> float:
    file = folder / "tohost.yaml"
    file.write_text(f"{A}safety: {{scanEvery: {text}}}\n" if text else A)
    return load(file, environ).safety.scan_every


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("", 300), ("5m", 300), ("1h30m", 5400), ("90", 90), ("2.5s", 2.5), ("0", 0), ('"30s"', 30)],
)
def test_a_duration_is_seconds_or_a_text(tmp_path: Path, text: str, seconds: float) -> None:
    assert scan_every_s(tmp_path, text) == seconds


def test_a_variable_may_say_it_too(tmp_path: Path) -> None:
    assert scan_every_s(tmp_path, "5m", TOHOST_SAFETY__SCAN_EVERY="2m") == 120


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("soon", '"soon" is not a duration; write seconds, or for example "5m"'),
        ("5 m", '"5 m" is not a duration; write seconds, or for example "5m"'),
        ("-1", "is -1; it must be greater than or equal to 0"),
        ("30d", '"30d" is not a duration; write seconds, or for example "5m"'),
        ("9999h", 'is "9999h"; it must be less than or equal to 604800'),
        (".nan", "is nan; it must be greater than or equal to 0"),
        ("[]", "is a list; this must be a number, without quotes"),
        ("true", "is true; this must be a number, without quotes"),
    ],
)
def test_what_is_no_duration_is_told_so(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        scan_every_s(tmp_path, text)
    assert str(caught.value) == f"{tmp_path}/tohost.yaml: safety.scanEvery: {problem}"
