"""The page of one object: how it stands, why, and what it hangs together with."""

from collections.abc import Mapping, Sequence

from common.ages import duration
from common.explain import Explanation, Seen
from common.keys import Key
from common.page.frame import answer, living
from common.page.markup import Html, element, joined, listing, table
from common.page.words import cluster_link, object_link, state
from common.process.views import Answer
from common.workqueue import jobs

_SIDES = ("Side", "Name", "Namespace", "Resource version", "UID", "Being deleted")


def item(told: Explanation, asked: Mapping[str, str]) -> Answer:
    key = told.key
    content = [
        element("h1", key.member),
        element("p", "Virtual cluster ", cluster_link(key.cluster), " ", state(told.state)),
        element("h2", "Why"),
        element("p", told.words or "Nothing is known of it.", class_="why"),
        _tries(told),
        _hint(told),
        _bullets("Notes", told.notes),
        element("h2", "As last seen"),
        table("Both sides", _SIDES, [_side("virtual", told.virtual), _side("host", told.host)]),
        _related("Refers to", key.cluster, told.refers_to),
        _related("Is referred to by", key.cluster, told.referred_by),
    ]
    title = f"{key.member} of {key.cluster}"
    return living(title, *content, place="object", asked=asked)


def _tries(told: Explanation) -> Html:
    """Failures so far and when it's looked at next, where there is something to tell."""
    facts = []
    if told.tries:
        facts += [("Failures in a row", str(told.tries))]
    if told.since_s >= 1:
        facts += [("For", duration(told.since_s))]
    if told.next_s >= 1:
        facts += [("Looked at again in", duration(told.next_s))]
    pairs = [joined(element("dt", name), element("dd", value)) for name, value in facts]
    return element("dl", *pairs) if pairs else Html()


def _side(name: str, seen: Seen | None) -> Sequence[str]:
    if seen is None:
        return (name, "not there", "-", "-", "-", "-")
    deleting = "yes" if seen.deleting else "no"
    return (name, seen.name, seen.namespace or "-", seen.resource_version, seen.uid, deleting)


def _bullets(heading: str, told: Sequence[str]) -> Html:
    return joined(element("h2", heading), listing(told)) if told else Html()


def _related(heading: str, cluster: str, members: Sequence[str]) -> Html:
    return _bullets(heading, [_linked(cluster, member) for member in members])


def _linked(cluster: str, member: str) -> str:
    """A link where it names an object."""
    try:
        return object_link(Key.from_member(cluster, member), member)
    except ValueError:
        return member


def _hint(told: Explanation) -> Html:
    """What can be done now."""
    if told.state not in ("failing", "waiting"):
        return Html()
    key = told.key
    job, queue = jobs.job_id(key), jobs.queue_name(key.cluster, key.plural)
    ways = [
        element("code", f"tohost requeue {key}"),
        joined(
            "in rq-dashboard: requeue job ", element("code", job), " of ", element("code", queue)
        ),
    ]
    words = "It is tried again by itself. To have it tried now, once the cause is gone:"
    return joined(element("h2", "What to do"), element("p", words), listing(ways))


def no_such_object(clusters: Sequence[str]) -> Answer:
    """What was asked for names none."""
    words = "The address must name a virtual cluster, a kind and an object. Virtual clusters are:"
    return answer(
        "Not found",
        element("h1", "No such object"),
        element("p", words),
        listing(map(cluster_link, clusters)),
        status=404,
    )
