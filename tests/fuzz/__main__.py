"""`make fuzz`: every target for SECONDS, guided by coverage; each in a process of its own, so that
nothing, not even a crash of the interpreter, hides the others' results.

Prints one line a target, and exits with 1 when one failed; the input that did it is kept.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

NAMES = ("watch", "objects", "payloads", "answers", "configuration")
_DONE = re.compile(r"Done (\d+) runs|stat::number_of_executed_units: (\d+)")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", choices=[[], *NAMES], help="default: all")
    parser.add_argument("--seconds", type=int, default=300, help="of each target (default: 300)")
    parser.add_argument("--folder", type=Path, help="keeps what was found (default: a new one)")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="tohost-fuzz-"))
    print(f"{'target':<15} {'seconds':>7} {'inputs':>9}  result")
    results = [fuzz(name, options.seconds, folder) for name in options.targets or NAMES]
    return 0 if all(results) else 1


def fuzz(name: str, seconds: int, folder: Path) -> bool:
    place = folder / name
    (place / "corpus").mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.fuzz.guided", name, str(place / "corpus")]
    command += [f"-max_total_time={seconds}", f"-artifact_prefix={place}/", "-print_final_stats=1"]
    command += ["-timeout=20", "-rss_limit_mb=2048", "-max_len=512"]
    with (place / "log").open("wb") as log:
        code = subprocess.run(command, stdout=log, stderr=log, check=False).returncode
    text = (place / "log").read_text(errors="replace")
    runs = next((a or b for a, b in _DONE.findall(text)[-1:]), "?")
    found = [path.name for path in place.iterdir() if path.name not in {"corpus", "log"}]
    told = "nothing found" if code == 0 else f"FAILED, see {place}/log {' '.join(found)}"
    print(f"{name:<15} {seconds:>7} {runs:>9}  {told}", flush=True)
    return code == 0


if __name__ == "__main__":
    sys.exit(main())
