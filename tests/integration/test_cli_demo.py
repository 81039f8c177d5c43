"""The demo holds what it promises, and leaves nothing behind."""

import signal
import sys
import time
from pathlib import Path

import pytest

from tests.integration.test_cli import alive, children, running

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc"),
]


def test_the_demo_ends_well(tmp_path: Path) -> None:
    log = tmp_path / "demo.log"
    with running("demo", "--pause", "0", log=log) as process:
        code = process.wait(120)
    text = log.read_text()
    assert code == 0, text
    assert "✓ nothing on the host is orphaned" in text
    assert "worker-0 ended (killed by signal 9)" in text


def test_an_interrupted_demo_stops_everything(tmp_path: Path) -> None:
    log = tmp_path / "demo.log"
    with running("demo", log=log) as process:
        deadline = time.monotonic() + 60
        while "application is applied" not in log.read_text():
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        below = children(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert len(below) >= 6
        assert alive(below) == []
    assert "interrupted; everything is stopped" in log.read_text()
