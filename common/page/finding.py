"""The page on which an object is looked for, by a part of its virtual or host name."""

from collections.abc import Sequence

from common.keys import Key
from common.page.frame import answer
from common.page.markup import Html, element, joined, table
from common.page.words import cluster_link, object_link
from common.process.views import Answer

LIMIT = 50
_HEADS = ("Object", "Virtual cluster")


def finding(clusters: Sequence[str], words: str, cluster: str, found: Sequence[Key]) -> Answer:
    """`found`: what has the words in its name; one more than LIMIT when there are more. `cluster`:
    where it was looked for, "" for everywhere."""
    content = [element("h1", "Find an object"), _form(clusters, words, cluster)]
    if words:
        content += [element("h2", "Found", id="found"), _found(found, words)]
    return answer("Find an object", *content)


def _form(clusters: Sequence[str], words: str, cluster: str) -> Html:
    name = element("input", id="q", name="q", type="search", value=words, autocomplete="off")
    choices = [_choice("", "all", cluster), *(_choice(each, each, cluster) for each in clusters)]
    where = element("select", *choices, id="cluster", name="cluster")
    return element(
        "form",
        element("div", element("label", "Part of its virtual or host name", for_="q"), name),
        element("div", element("label", "Virtual cluster", for_="cluster"), where),
        element("button", "Find", type="submit"),
        action="object",
        method="get",
        role="search",
    )


def _choice(value: str, words: str, chosen: str) -> Html:
    selected = "selected" if value == chosen else None
    return element("option", words, value=value, selected=selected)


def _found(found: Sequence[Key], words: str) -> Html:
    if not found:
        return element("p", f'No object that is known of has "{words}" in its name.')
    rows = [(object_link(key), cluster_link(key.cluster)) for key in found[:LIMIT]]
    more = "There are more; write more of its name." if len(found) > LIMIT else ""
    whole = table("Objects with these words in their names", _HEADS, rows)
    return joined(whole, element("p", more, class_="soft") if more else "")
