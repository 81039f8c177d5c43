"""What else bears on one object: pure."""

from collections.abc import Iterator

from common.explain.facts import REFERRERS_SHOWN, Facts
from common.metadata import UID
from common.objects import annotations, is_deleting, uid


def agrees(facts: Facts) -> bool:
    """Both are there, and neither is on its way out."""
    pair = (facts.virtual.obj, facts.host.obj)
    return all(each is not None and not is_deleting(each) for each in pair)


def notes(facts: Facts) -> Iterator[str]:
    virtual, host = facts.virtual.obj, facts.host.obj
    for side, stored in (("virtual", facts.virtual), ("host", facts.host)):
        if stored.unreadable:
            yield f"what is stored of the {side} object can't be read; its stream is listed anew"
    if virtual and host and annotations(host).get(UID, uid(virtual)) != uid(virtual):
        yield "the host object was made for a deleted virtual object of the same name"
    if facts.state and not facts.tries.total and facts.words and agrees(facts):
        yield f"it's looked at again: {facts.words}"
    if facts.truce_s:
        yield (
            f"scans leave it alone for {facts.truce_s:.0f}s: one woke it before, or something keeps"
            " changing it back, which a Warning event then tells"
        )
    if facts.referrers > REFERRERS_SHOWN:
        yield f"{facts.referrers} objects refer to it; not all are named"
    yield from _around(facts)


def _around(facts: Facts) -> Iterator[str]:
    """What concerns the whole kind or virtual cluster."""
    for side, held in facts.held.items():
        yield f"the deletion brake holds {held.count} of {held.of} {side} objects"
    if missing := sorted(facts.streams - facts.listed):
        named = ", ".join(f"{side} {plural}" for side, plural in missing)
        yield f"not listed yet, so that some decisions wait: {named}"
    cluster, plural = facts.key.cluster, facts.key.plural
    for what, words in sorted(facts.said.items()):
        about = what.removeprefix(cluster).strip()
        if not about or about.partition(":")[2] == plural or about == plural:
            yield f"{about}: {words}" if about else words
