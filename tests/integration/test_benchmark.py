"""`make bench` as a whole, on the sandbox, with few objects: it ends, and writes its page."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.operations import LIVES

pytestmark = pytest.mark.slow
FEW = ["--count", "8", "--changes", "3", "--runs", "1"]


def bench(directory: Path, *arguments: str) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "KUBEBUILDER_ASSETS"}
    command = [sys.executable, "-m", "benchmarks", *FEW, "--write", str(directory), *arguments]
    shown = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    return shown.stdout


def test_every_phase_is_measured_and_written(tmp_path: Path) -> None:
    shown = bench(tmp_path)
    page = (tmp_path / "single-sandbox.md").read_text()
    for plural, life in LIVES.items():
        for operation in life:
            assert re.search(rf"\| {plural} {operation.name} \| \d", page)
            assert f"{plural} {operation.name}" in shown
    assert len(list(tmp_path.glob("*.png"))) == 4


def test_a_dry_run_with_kills_ends_and_writes_nothing(tmp_path: Path) -> None:
    shown = bench(tmp_path, "--dry", "--kill")
    assert "0 doubled" in shown
    assert list(tmp_path.iterdir()) == []
