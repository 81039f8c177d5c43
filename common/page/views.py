"""Which page answers an address."""

from collections.abc import Callable, Mapping, Sequence

from redis import Redis, RedisError

from common.explain import explain, find
from common.page import finding, fleet, item
from common.page.frame import living
from common.page.glance import Glances
from common.page.markup import element
from common.process.views import Answer, View
from common.redis import trouble

_LONGEST = 512
"""Longer names there aren't, so longer words aren't looked for."""


def views(redis: Redis, clusters: Sequence[str]) -> Mapping[str, View]:
    """The pages by path. `clusters`: the virtual clusters that are configured, by name."""
    glances = Glances(redis, clusters)

    def overview(asked: Mapping[str, str]) -> Answer:
        name = asked.get("cluster", "")
        if name and name not in clusters:
            return fleet.unknown(name, clusters)
        glance = glances.look()
        standing = glance.cluster(name)
        return fleet.one(glance, standing, asked) if standing else fleet.overview(glance, asked)

    def object_(asked: Mapping[str, str]) -> Answer:
        return _object(redis, clusters, asked)

    return {"/": _safe("./", overview), "/object": _safe("object", object_)}


def _object(redis: Redis, clusters: Sequence[str], asked: Mapping[str, str]) -> Answer:
    cluster, kind, name = (asked.get(each, "") for each in ("cluster", "kind", "name"))
    if not name and not kind:
        return _find(redis, clusters, asked)
    if cluster not in clusters or not kind or not name:
        return item.no_such_object(clusters)
    return item.item(explain(redis, cluster, kind, asked.get("namespace", ""), name), asked)


def _find(redis: Redis, clusters: Sequence[str], asked: Mapping[str, str]) -> Answer:
    """The form, and what was found. A single find still is a list: its link says what it is."""
    words, cluster = asked.get("q", "").strip()[:_LONGEST], asked.get("cluster", "")
    places = [cluster] if cluster in clusters else clusters
    found = find(redis, places, words, finding.LIMIT + 1) if words else []
    return finding.finding(clusters, words, cluster, found)


def _safe(place: str, view: View) -> Callable[[Mapping[str, str]], Answer]:
    """While Redis is away that is what the page says."""

    def answer(asked: Mapping[str, str]) -> Answer:
        try:
            return view(asked)
        except RedisError as error:
            heading = element("h1", "Redis can't be read")
            why = element("p", trouble.explain(error).words, class_="why")
            return living("Redis", heading, why, place=place, asked=asked, status=503)

    return answer
