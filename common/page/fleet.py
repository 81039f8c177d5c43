"""The overview: all virtual clusters, or one of them."""

from collections.abc import Mapping, Sequence
from typing import Final

from common.page.frame import answer, living
from common.page.glance import Glance
from common.page.markup import Html, element, joined, listing
from common.page.parts import cluster_table, kind_table, process_table, trouble_table
from common.page.words import cluster_link, count, problems, shortened, state
from common.process.views import Answer
from common.status.standing import Everything, Standing
from common.workqueue.overview import Trouble

SHOWN: Final = 50
"""So many objects that don't get on are named for all virtual clusters together."""
SHOWN_OF_ONE: Final = 200


def overview(glance: Glance, asked: Mapping[str, str]) -> Answer:
    everything = glance.everything
    content = [element("h1", "Virtual clusters"), element("p", *_summary(everything))]
    content += [problems(_all_problems(everything)), cluster_table(glance)]
    content += [element("h2", "Objects that don't get on")]
    content += [trouble_table(_troubles(everything), SHOWN, several=True)]
    if len(everything.clusters) == 1:
        content += [element("h2", "Kinds"), kind_table(everything.clusters[0])]
        content += [_notes(everything.clusters[0])]
    content += [element("h2", "Watchers and workers"), process_table(glance.processes)]
    return living("Virtual clusters", *content, place="./", asked=_kept(asked))


def one(glance: Glance, standing: Standing, asked: Mapping[str, str]) -> Answer:
    """One virtual cluster."""
    content = [element("h1", "Virtual cluster ", standing.name), element("p", *_words(standing))]
    lag_s = glance.lag_s(standing.name)
    waits = f"The next object has waited for a worker for {lag_s:.0f} s." if lag_s >= 1 else ""
    content += [
        element("p", waits) if waits else Html(),
        problems(list(map(shortened, standing.problems))),
    ]
    content += [element("h2", "Objects that don't get on")]
    content += [trouble_table(standing.troubles, SHOWN_OF_ONE, several=False)]
    content += [element("h2", "Kinds"), kind_table(standing), _notes(standing)]
    title = f"Virtual cluster {standing.name}"
    return living(title, *content, place="./", asked=_kept(asked))


def unknown(name: str, names: Sequence[str]) -> Answer:
    heading = element("h1", "No such virtual cluster")
    words = element("p", f'There is no virtual cluster "{name}". There are:')
    return answer("Not found", heading, words, listing(map(cluster_link, names)), status=404)


def _summary(everything: Everything) -> Sequence[str]:
    clusters = everything.clusters
    ill = sum(not each.fine for each in clusters)
    own = f"{ill} of {count(len(clusters), 'virtual cluster')} {'needs' if ill == 1 else 'need'}"
    told = f"{own} a look." if ill else f"{count(len(clusters), 'virtual cluster')}."
    running = (
        f"{count(everything.watchers, 'watcher')} and {count(everything.workers, 'worker')} run."
    )
    return state("fine" if everything.fine else "needs a look"), f" {told} {running}"


def _words(standing: Standing) -> Sequence[str]:
    scan = standing.scan
    told = f" The last scan compared {count(scan.pairs, 'pair')} of objects" if scan else ""
    woken = f" and had {scan.woken} looked at again" if scan and scan.woken else ""
    return state("fine" if standing.fine else "needs a look"), f"{told}{woken}." if told else ""


def _all_problems(everything: Everything) -> list[str]:
    of_all = list(everything.problems)
    for each in everything.clusters:
        name = cluster_link(each.name)
        of_all += [joined(name, ": ", shortened(words)) for words in each.problems]
    return of_all


def _troubles(everything: Everything) -> list[Trouble]:
    """What fails comes before what waits, whatever its virtual cluster."""
    found = [trouble for each in everything.clusters for trouble in each.troubles]
    return sorted(found, key=lambda each: each.state)


def _notes(standing: Standing) -> Html:
    return problems(list(map(shortened, standing.notes)), "Notes")


def _kept(asked: Mapping[str, str]) -> Mapping[str, str]:
    """What of the address a page goes on with."""
    return {name: asked[name] for name in ("cluster", "refresh") if name in asked}
