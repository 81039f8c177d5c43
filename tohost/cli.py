"""The `tohost` command: finds the subcommand's module, loads only that, and turns errors into
exit codes (0 ok, 1 found problems, 2 wrong usage or configuration).
"""

import difflib
import importlib
import os
import sys
from collections.abc import Sequence

from common.errors import ConfigError, TohostError

# name: (module with main(argv) -> int, one line of help)
COMMANDS = {
    "demo": ("tohost.demo.command", "watch objects appear on a host cluster; needs no cluster"),
    "sandbox": ("sandbox.command", "run two small API servers, for kubectl and for trying things"),
    "run": ("tohost.run", "watchers and workers in one process tree, with Redis if need be"),
    "watcher": ("watchers.command", "one watcher process: cluster events into Redis"),
    "worker": ("workers.command", "one worker process: Redis queues into host objects"),
    "translate": ("tohost.translate", "print the host objects of a manifest, offline"),
    "status": ("tohost.status", "what is on the host, what is pending, what fails and why"),
    "explain": ("tohost.explain", "where one object stands on both sides, and why"),
    "requeue": ("tohost.requeue", "have objects looked at again, at once"),
    "doctor": ("tohost.doctor.command", "look for what keeps objects from being synced"),
    "rbac": ("tohost.rbac", "print the Roles that a configuration needs, on both sides"),
    "schema": ("tohost.schema", "print the JSON schema of tohost.yaml, or of the chart's values"),
    "release": ("tohost.release", "let deletions go that the brake holds"),
    "cleanup": ("tohost.cleanup.command", "remove all that a virtual cluster left"),
    "dashboard": ("tohost.dashboard", "rq-dashboard on loopback, without its pickle"),
    "completion": ("tohost.completion.command", "print what bash, zsh or fish complete with"),
    "version": ("tohost.version", "print the version"),
}


def usage() -> str:
    lines = [f"  {name:<10} {text}" for name, (_, text) in COMMANDS.items()]
    return "\n".join(
        [
            "usage: tohost COMMAND [OPTIONS]",
            "",
            "Makes the objects of virtual Kubernetes clusters run on a host cluster.",
            "",
            *lines,
            "",
            "tohost COMMAND --help tells more. For example:",
            "  tohost demo",
            "  tohost run --config tohost.yaml --workers 2",
            "  tohost translate -f pod.yaml --config tohost.yaml",
            "  tohost explain pods default/web-0",
            "",
            "Exit codes: 0 ok, 1 found problems, 2 wrong usage or configuration.",
        ]
    )


def main(argv: Sequence[str] | None = None) -> int:
    command, *rest = list(sys.argv[1:] if argv is None else argv) or ["--help"]
    if command in {"-h", "--help", "help"}:
        print(usage())
        return 0
    if command == "--version":
        command = "version"
    if command not in COMMANDS:
        close = difflib.get_close_matches(command, COMMANDS, n=1)
        known = f'did you mean "{close[0]}"?' if close else f"there are: {', '.join(COMMANDS)}"
        print(f'tohost: no command "{command}"; {known}', file=sys.stderr)
        return 2
    return _run(COMMANDS[command][0], rest)


def _run(module: str, argv: list[str]) -> int:
    try:
        code: int | None = importlib.import_module(module).main(argv)
        return code or 0
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    except TohostError as error:
        print(f"tohost: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has left; keep the interpreter from complaining about it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
