"""`tohost demo`: plays the script on a stage, shows it, and has the result checked."""

import argparse
import asyncio
import contextlib
import importlib.util
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from rich.console import Console

from common.errors import TohostError
from common.usage import command
from sandbox.ports import free_port
from tohost.demo import check
from tohost.demo.observer import Observer
from tohost.demo.screen import Screen
from tohost.demo.script import Script
from tohost.demo.stage import CLUSTER, HOST_NAMESPACE, Stage, stage, working_folder
from tohost.demo.summary import as_data, as_lines
from tohost.output import write_data
from tohost.processes import Program

CHECK_TIMEOUT_S = 15.0
_EXAMPLES = """examples:
  tohost demo
  tohost demo -o json    for scripts: the result, and nothing else
  tohost demo --keep     leave it up, with rq-dashboard, and print kubectl lines to try

Exit codes: 0 everything held, 1 something didn't, 2 wrong usage, 130 interrupted."""


def parser() -> argparse.ArgumentParser:
    result = command(
        "demo",
        "Run the whole pipeline on this machine: Redis, two API servers, two watchers "
        "and two workers. An application comes alive, changes, loses a worker; then both sides "
        "are compared. Exit code 0 only if everything held.",
        _EXAMPLES,
    )
    result.add_argument("--keep", action="store_true", help="leave everything up until Ctrl-C")
    result.add_argument(
        "--pause", type=float, default=1.5, metavar="S", help="between scenes; default: 1.5"
    )
    result.add_argument(
        "-o", "--output", choices=["text", "json"], default="text", help="json: only the result"
    )
    return result


def main(argv: Sequence[str]) -> int:
    """Exit codes: 0 all held, 1 something didn't, 130 interrupted."""
    usage = parser()
    arguments = usage.parse_args(argv)
    if arguments.keep and arguments.output == "json":
        usage.error("--keep is for people; leave out -o json")
    try:
        with working_folder() as folder:
            return asyncio.run(_interruptible(folder, arguments))
    except asyncio.CancelledError:
        print("\ninterrupted; everything is stopped", file=sys.stderr)
        return 130


async def _interruptible(folder: Path, arguments: argparse.Namespace) -> int:
    """Ctrl-C and SIGTERM end the demo in an orderly way."""
    task = asyncio.current_task()
    if task:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    return await _demo(folder, arguments)


async def _demo(folder: Path, arguments: argparse.Namespace) -> int:
    as_json = arguments.output == "json"
    console = Console(quiet=as_json)
    screen = Screen(console)
    screen.say("Starting Redis, two API servers, two watchers and two workers")
    async with stage(folder, screen.say) as ready:
        observer = Observer(ready.virtual, ready.host, HOST_NAMESPACE)
        observer.start()
        try:
            async with screen.showing(observer):
                began_s = time.perf_counter()
                script = Script(ready, observer, screen.say)
                await script.play(arguments.pause)
                wrong = await _checked(ready)
                played_s = time.perf_counter() - began_s
            _print(console, as_lines(observer, script, wrong, played_s))
            if as_json:
                sys.stdout.write(write_data(as_data(observer, script, wrong, played_s), "json"))
            if arguments.keep:
                await _keep(console, ready)
        finally:
            await observer.stop()
    if wrong:
        raise TohostError(f"{len(wrong)} differences between virtual and host cluster")
    return 0


async def _checked(ready: Stage) -> list[str]:
    """The problems that are left when both sides have had time to settle."""
    deadline = time.perf_counter() + CHECK_TIMEOUT_S
    while True:
        virtual = await check.read(ready.virtual)
        host = await check.read(ready.host, HOST_NAMESPACE)
        wrong = check.problems(virtual, host, CLUSTER)
        if not wrong or time.perf_counter() > deadline:
            return wrong
        await asyncio.sleep(0.3)


def _print(console: Console, lines: list[str]) -> None:
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)


async def _keep(console: Console, ready: Stage) -> None:
    """Wait for Ctrl-C, with rq-dashboard beside."""
    virtual = f"kubectl --kubeconfig {ready.virtual_kubeconfig}"
    host = f"kubectl --kubeconfig {ready.host_kubeconfig} -n {HOST_NAMESPACE}"
    with (ready.folder / "dashboard.log").open("wb") as log:
        lines = [
            "",
            "It stays up until Ctrl-C. Try, in other terminals:",
            "",
            f"  {host} get pods -w",
            f"  {virtual} run mine --image nginx",
            f"  {virtual} -n shop set image pod/db-0 postgres=postgres:18",
            f"  {virtual} -n shop delete pod db-0",
            "",
            f"  rq-dashboard  {_dashboard(ready, log)}",
            f"  logs          {ready.folder}",
        ]
        _print(console, lines)
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
    _print(console, ["", "stopping"])


def _dashboard(ready: Stage, log: IO[bytes]) -> str:
    """Start rq-dashboard; its address, or why there is none."""
    if importlib.util.find_spec("rq_dashboard") is None:
        return 'is not installed: pip install "tohost[dashboard]"'
    port = str(free_port())
    options = ("--port", port, "--redis-url", ready.redis_url)
    command = (sys.executable, "-m", "tohost", "dashboard", *options)
    ready.tree.start(Program("dashboard", command, output=log))
    return f"http://127.0.0.1:{port}"
