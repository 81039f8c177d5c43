"""What the CEL libraries for Python cost, each in a process of its own: CPU time and peak memory.

    python -m benchmarks.expressions

Those that aren't installed are left out; to see them all begin with
`uv run --with cel-python --with common-expression-language`.
"""

import importlib.util
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

Run = Callable[[], Any]
Prepare = Callable[[str, Any], Run]
_ROUNDS = 2000
_CONTEXT = {"vcluster": {"name": "my-vcluster"}, "virtual": {"name": "web", "namespace": "default"}}
_LONG = list(range(9000))
_CASES: dict[str, tuple[str, Any]] = {
    "'x-' + context.vcluster.name + value": ("'x-' + context.vcluster.name + value", "nginx"),
    "value * 2": ("value * 2", 3),
    "value.replace(...)": ("value.replace('docker.io/', 'mirror/')", "docker.io/nginx"),
    "50 entries: value.map(v, v + 'x')": ("value.map(v, v + 'x')", ["a"] * 50),
}
_LONG_CASES: dict[str, tuple[str, Any]] = {
    "1000 entries: value.map(v, v)": ("value.map(v, v).size()", _LONG[:1000]),
    "9000 entries: value.map(v, v)": ("value.map(v, v).size()", _LONG),
    "100 entries, two loops": ("value.map(a, value.map(b, b)).size()", _LONG[:100]),
    "1000 entries, two loops": ("value.map(a, value.map(b, b)).size()", _LONG[:1000]),
}
_LIMIT_S = 20.0


def _google(text: str, value: Any) -> Run:
    environment = _google_environment()
    program = environment.compile(text)
    error = import_module("cel_expr_python.cel").Type.ERROR

    def run() -> Any:
        result = program.eval(data={"value": value, "context": _CONTEXT})
        if result.type() == error:
            raise ValueError(result.plain_value())
        return result.plain_value()

    return run


def _google_environment() -> Any:
    cel, strings = (
        import_module("cel_expr_python.cel"),
        import_module("cel_expr_python.ext.ext_strings"),
    )
    variables = {"value": cel.Type.DYN, "context": cel.Type.DYN}
    return cel.NewEnv(variables=variables, extensions=[strings.ExtStrings()])


def _pure(text: str, value: Any) -> Run:
    celpy = import_module("celpy")
    environment = celpy.Environment()
    program = environment.program(environment.compile(text))
    return lambda: program.evaluate(
        {"value": celpy.json_to_cel(value), "context": celpy.json_to_cel(_CONTEXT)}
    )


def _rust(text: str, value: Any) -> Run:
    program = import_module("cel").compile(text)
    return lambda: program.execute({"value": value, "context": _CONTEXT})


_LIBRARIES: dict[str, tuple[str, Prepare]] = {
    "cel-expr-python": ("cel_expr_python", _google),
    "cel-python": ("celpy", _pure),
    "common-expression-language": ("cel", _rust),
}


def _measure(library: str) -> None:
    """In a fresh process."""
    prepare = _LIBRARIES[library][1]
    before, started = _peak_mb(), time.process_time()
    prepare("value", 1)()
    took_ms = (time.process_time() - started) * 1e3
    print(f"  first expression, with import: {took_ms:.0f} ms, {_peak_mb() - before:.0f} MB")
    for name, (text, value) in _CASES.items():
        print(f"  {name}: {_told(_per_run, prepare, text, value)}")
    for name, (text, value) in _LONG_CASES.items():
        print(f"  {name}: {_told(_once, prepare, text, value)}", flush=True)


def _told(measure: Callable[[Run], str], prepare: Prepare, text: str, value: Any) -> str:
    try:
        return measure(prepare(text, value))
    except Exception as error:  # each library has its own errors
        return f"refused: {str(error).splitlines()[0][:70]}"


def _per_run(run: Run) -> str:
    run()
    started = time.process_time()
    for _ in range(_ROUNDS):
        run()
    return f"{(time.process_time() - started) / _ROUNDS * 1e6:.1f} us"


def _once(run: Run) -> str:
    before, started = _peak_mb(), time.process_time()
    run()
    took_ms = (time.process_time() - started) * 1e3
    return f"{took_ms:.0f} ms, {_peak_mb() - before:.0f} MB"


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def main() -> None:
    if len(sys.argv) > 1:
        _measure(sys.argv[1])
        return
    for library, (module, _) in _LIBRARIES.items():
        if importlib.util.find_spec(module) is None:
            print(f"{library}: not installed")
            continue
        print(f"{library}:", flush=True)
        command = [sys.executable, "-m", "benchmarks.expressions", library]
        try:
            ended = subprocess.run(command, timeout=_LIMIT_S * len(_LONG_CASES), check=False)
        except subprocess.TimeoutExpired:
            print(f"  the next one: more than {_LIMIT_S:.0f} s")
            continue
        if ended.returncode:
            print(f"  the next one: the process died ({ended.returncode})")


if __name__ == "__main__":
    main()
