"""Benchmarks don't wait for processes that have ended."""

import asyncio
from pathlib import Path

import pytest

from benchmarks.processes import Process, guarded


async def ready() -> str:
    return "answer"


async def test_guarded_work_answers() -> None:
    assert await guarded(ready(), []) == "answer"


async def test_a_process_that_ends_by_itself_ends_the_work(tmp_path: Path) -> None:
    process = Process("watcher-0", ["no.such.module"], tmp_path / "log")
    with pytest.raises(ExceptionGroup) as raised:
        await asyncio.wait_for(guarded(asyncio.sleep(60), [process]), 30)
    process.stop()
    assert raised.group_contains(RuntimeError, match="watcher-0 has ended:\n.*no.such.module")


async def test_a_process_that_was_killed_does_not(tmp_path: Path) -> None:
    process = Process("watcher-0", ["no.such.module"], tmp_path / "log")
    process.kill()
    process.check()
    process.stop()
