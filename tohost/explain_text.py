"""How `tohost explain` reads: pure."""

from collections.abc import Iterator, Sequence

from common.ages import duration
from common.explain import Explanation, Seen
from common.keys import Key
from common.objects import Obj
from tohost.output import plain

SHOWN = 20
"""So many referrers and references are named in text, and all in JSON and YAML."""
_INDENT = " " * 14


def as_text(found: Explanation) -> str:
    lines = [f"{plain(str(found.key))}: {found.state}", f"  {plain(found.words)}"]
    if when := _when(found):
        lines.append(f"  {when}")
    lines += ["", _side("virtual", found.virtual), _side("host", found.host)]
    lines += _listed("refers to", found.refers_to)
    lines += _listed("referred by", found.referred_by)
    lines += [f"NOTE  {plain(each)}" for each in found.notes]
    lines += _advice(found)
    return "\n".join(lines) + "\n"


def _when(found: Explanation) -> str:
    parts = []
    if found.tries:
        failures = "failure" if found.tries == 1 else "failures"
        parts.append(f"{found.tries} {failures} for {duration(found.since_s)}")
    elif found.since_s >= 1:
        parts.append(f"for {duration(found.since_s)}")
    if found.next_s > 0:
        parts.append(f"looked at again in {duration(found.next_s)}")
    return ", ".join(parts)


def _side(name: str, seen: Seen | None) -> str:
    if seen is None:
        return f"  {name:<12}-"
    where = f"{seen.namespace}/{seen.name}" if seen.namespace else seen.name
    going = "  being deleted" if seen.deleting else ""
    version = f"version {seen.resource_version}, uid {seen.uid}"
    return f"  {name:<12}{plain(where)}  ({plain(version)}){going}"


def _listed(title: str, members: Sequence[str]) -> Iterator[str]:
    for number, member in enumerate(members[:SHOWN]):
        yield f"  {'' if number else title:<12}{plain(member)}"
    if len(members) > SHOWN:
        yield f"{_INDENT}... and {len(members) - SHOWN} more; -o json shows all"


def _advice(found: Explanation) -> Iterator[str]:
    """What can be run next."""
    if found.state in ("failing", "waiting"):
        yield f"To have it tried now: tohost requeue {_arguments(found.key)}"
    if found.state == "unknown":
        yield "To see what there is: tohost status"


def _arguments(key: Key) -> str:
    return plain(str(key))


def as_data(found: Explanation) -> Obj:
    key = found.key
    return {
        "virtualCluster": key.cluster,
        "kind": key.plural,
        "namespace": key.namespace,
        "name": key.name,
        "state": found.state,
        "message": found.words,
        "failures": found.tries,
        "sinceSeconds": int(found.since_s),
        "nextTrySeconds": round(found.next_s, 1),
        "virtual": _seen_data(found.virtual),
        "host": _seen_data(found.host),
        "refersTo": list(found.refers_to),
        "referredBy": list(found.referred_by),
        "notes": list(found.notes),
    }


def _seen_data(seen: Seen | None) -> Obj | None:
    if seen is None:
        return None
    return {
        "namespace": seen.namespace,
        "name": seen.name,
        "resourceVersion": seen.resource_version,
        "uid": seen.uid,
        "deleting": seen.deleting,
    }
