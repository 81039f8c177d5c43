"""Small parts that several pages show: states, ages, objects, problems."""

from collections.abc import Sequence

from common.ages import duration
from common.keys import Key
from common.page.markup import Html, element, joined, link, listing
from common.workqueue.overview import Trouble

LONGEST = 1000
"""So much of a server's words is shown in a table."""
_LOOKS = {
    "fine": "good",
    "in sync": "good",
    "idle": "good",
    "busy": "good",
    "alive": "good",
    "needs a look": "bad",
    "failing": "bad",
    "queued": "due",
    "running": "due",
    "waiting": "due",
    "retrying": "due",
}


def state(words: str) -> Html:
    """A word that also has a colour; what is not known has none."""
    return element("span", words, class_=f"state {_LOOKS.get(words, '')}".strip())


def age(seconds: float) -> str:
    """ "-" when it's nothing worth telling."""
    return duration(seconds) if seconds >= 1 else "-"


def count(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")


def object_link(key: Key, words: str = "") -> Html:
    """To what is known of an object; its kind and name unless other words are given."""
    return link(
        words or key.member,
        "object",
        None,
        cluster=key.cluster,
        kind=key.plural,
        namespace=key.namespace,
        name=key.name,
    )


def cluster_link(name: str) -> Html:
    return link(name, "./", None, cluster=name)


def next_try(trouble: Trouble) -> str:
    if trouble.state == "waiting":
        return "when a worker takes it"
    return f"in {duration(trouble.next_s)}" if trouble.next_s >= 1 else "now"


def shortened(words: str) -> str:
    return words if len(words) <= LONGEST else f"{words[:LONGEST]}..."


def problems(told: Sequence[str], heading: str = "Problems") -> Html:
    """What somebody should see to; nothing when there's none."""
    if not told:
        return Html()
    return joined(element("h2", heading), listing(told))
