"""How the demo went, for people and for scripts."""

from common.objects import Obj
from tohost.demo.observer import Observer, percentile_ms
from tohost.demo.script import Script

_SCENES = {
    "application": "the application, at once",
    "calm": "one at a time",
    "burst": "burst, one worker killed",
    "deletion": "deletion of all of those",
}


def as_lines(observer: Observer, script: Script, wrong: list[str], played_s: float) -> list[str]:
    there = sum(row.host is not None for row in observer.rows.values())
    lines = [""]
    if wrong:
        lines += ["What both API servers say does not agree:", *(f"  {line}" for line in wrong)]
    else:
        lines += [
            f"✓ {there} objects are on the host, each exactly once, each for its virtual object",
            "✓ statuses, addresses and data agree on both sides",
            "✓ nothing on the host is orphaned",
        ]
    recovered = f"all pods Running {script.recovered_s:.1f} s after the kill"
    lines += [f"{len(observer.changes)} changes in {played_s:.0f} s, from virtual to host cluster:"]
    for scene, meaning in _SCENES.items():
        changes = [change for change in observer.changes if change.scene == scene]
        p50, p99 = percentile_ms(changes, 0.5), percentile_ms(changes, 0.99)
        times = f"p50 {p50:.0f} ms, p99 {p99:.0f} ms"
        lines.append(f"  {meaning:<25}{len(changes):4}   {times}")
    return [*lines, f"  {recovered}"]


def as_data(observer: Observer, script: Script, wrong: list[str], played_s: float) -> Obj:
    scenes = {}
    for scene in _SCENES:
        changes = [change for change in observer.changes if change.scene == scene]
        p50, p99 = percentile_ms(changes, 0.5), percentile_ms(changes, 0.99)
        scenes[scene] = {"changes": len(changes), "p50Ms": round(p50, 1), "p99Ms": round(p99, 1)}
    return {
        "ok": not wrong,
        "differences": wrong,
        "hostObjects": sum(row.host is not None for row in observer.rows.values()),
        "seconds": round(played_s, 1),
        "recoveredAfterKillSeconds": round(script.recovered_s, 1),
        "scenes": scenes,
    }
