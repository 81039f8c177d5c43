"""Child processes are kept running, and stopped together."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tohost import processes
from tohost.processes import ProcessTree, Program, backoff_s


def script(name: str, code: str) -> Program:
    return Program(name, (sys.executable, "-c", code))


async def until_running(tree: ProcessTree, name: str, other_than: int = 0) -> int:
    """The process id, once there is one."""
    for _ in range(500):
        pid = tree.pids().get(name, other_than)
        if pid != other_than:
            return pid
        await asyncio.sleep(0.01)
    raise AssertionError(f"{name} did not start")


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_stop_ends_every_child() -> None:
    tree = ProcessTree()
    for name in ("a", "b"):
        tree.start(script(name, "import time; time.sleep(60)"))
    pids = [await until_running(tree, name) for name in ("a", "b")]
    tree.stop()
    assert await tree.wait() == 0
    assert not any(exists(pid) for pid in pids)


async def test_a_killed_child_is_started_again() -> None:
    said: list[str] = []
    tree = ProcessTree(said.append)
    tree.start(script("a", "import time; time.sleep(60)"))
    first = await until_running(tree, "a")
    os.kill(first, signal.SIGKILL)
    second = await until_running(tree, "a", other_than=first)
    tree.stop()
    await tree.wait()
    assert second != first
    assert said == ["a ended (killed by signal 9); starting it again"]


def test_a_child_that_fails_again_and_again_waits_longer_and_longer() -> None:
    assert [backoff_s(n) for n in (1, 2, 3, 4, 12)] == [0.0, 0.5, 1.0, 2.0, 30.0]


async def test_a_wrong_configuration_ends_the_tree() -> None:
    tree = ProcessTree()
    tree.start(script("bad", "raise SystemExit(2)"))
    tree.start(script("good", "import time; time.sleep(60)"))
    assert await asyncio.wait_for(tree.wait(), 10) == 2


async def test_a_child_that_ignores_sigterm_is_killed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(processes, "STOP_TIMEOUT_S", 0.3)
    ready = tmp_path / "ready"
    deaf = "import pathlib, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    tree = ProcessTree()
    tree.start(script("deaf", f"{deaf}pathlib.Path({str(ready)!r}).touch(); time.sleep(60)"))
    while not ready.exists():
        await asyncio.sleep(0.01)
    pid, began_s = tree.pids()["deaf"], time.monotonic()
    tree.stop()
    await tree.wait()
    assert not exists(pid)
    assert time.monotonic() - began_s < 5


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone can promise this")
async def test_children_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    child = f"import os, pathlib, time; pathlib.Path({str(note)!r}).write_text(str(os.getpid()))"
    parent = (
        "import asyncio, sys\n"
        "from tohost.processes import ProcessTree, Program\n"
        "async def main():\n"
        "    tree = ProcessTree()\n"
        f"    tree.start(Program('a', (sys.executable, '-c', {child + '; time.sleep(60)'!r})))\n"
        "    await tree.wait()\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", parent)
    while not note.exists() or not note.read_text():
        await asyncio.sleep(0.01)
    process.kill()
    await process.wait()
    for _ in range(300):
        if not exists(int(note.read_text())):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the child outlived its parent")
