"""The tables of the overview: virtual clusters, kinds, objects that don't get on, processes."""

from collections.abc import Sequence

from common.ages import duration
from common.page.glance import Glance
from common.page.markup import Html, element, joined, table
from common.page.words import age, cluster_link, next_try, object_link, shortened, state
from common.status.running import Process
from common.status.standing import Row, Scan, Standing
from common.workqueue.overview import Trouble

LEGEND = (
    "Pending are queued, running, or tried again soon; later are fine and looked at again at a time"
    " of their own; failing were refused, and are tried again by themselves. Lag is how long the"
    " next object has waited for a worker."
)
_CLUSTERS = ("Virtual cluster", "State", "In sync", "Pending", "Later", "Failing", "Lag", "Scanned")
_KINDS = ("Kind", "Virtual", "Host", "In sync", "Pending", "Later", "Failing", "Oldest")
_TROUBLES = ("Object", "State", "Why", "Failures", "For", "Next try")
_PROCESSES = ("Process", "State", "Heard of", "Runs", "Failed runs")


def cluster_table(glance: Glance) -> Html:
    rows = [_cluster(each, glance.lag_s(each.name)) for each in glance.everything.clusters]
    whole = table("Objects by what is to be done for them", _CLUSTERS, rows, _CLUSTERS[2:])
    return joined(whole, element("p", LEGEND, class_="soft"))


def _cluster(standing: Standing, lag_s: float) -> Sequence[str]:
    loads = [row.load for row in standing.rows]
    numbers = (
        sum(row.in_sync for row in standing.rows),
        sum(load.pending for load in loads),
        sum(load.later for load in loads),
        sum(load.failing for load in loads),
    )
    return (
        cluster_link(standing.name),
        state("fine" if standing.fine else "needs a look"),
        *map(str, numbers),
        age(lag_s),
        scanned(standing.scan),
    )


def scanned(scan: Scan | None) -> str:
    return f"{duration(scan.ago_s)} ago" if scan else "-"


def kind_table(standing: Standing) -> Html:
    if not standing.rows:
        return element("p", "No objects are known of yet.")
    rows = map(_kind, standing.rows)
    return table("Objects by kind, as last seen", _KINDS, rows, _KINDS[1:])


def _kind(row: Row) -> Sequence[str]:
    load = row.load
    numbers = (row.virtual, row.host, row.in_sync, load.pending, load.later, load.failing)
    return (row.plural, *map(str, numbers), age(load.oldest_s))


def trouble_table(troubles: Sequence[Trouble], shown: int, several: bool) -> Html:
    """`several`: they are of several virtual clusters, which are named then."""
    if not troubles:
        return element("p", "No object waits for long, and none fails.")
    heads = ("Virtual cluster", *_TROUBLES) if several else _TROUBLES
    rows = [_trouble(each, several) for each in troubles[:shown]]
    whole = table("Objects that don't get on", heads, rows, ("Failures", "For"))
    rest = len(troubles) - shown
    more = f"{rest} more are not shown here; tohost status -o json names all of them."
    return joined(whole, element("p", more, class_="soft") if rest > 0 else "")


def _trouble(trouble: Trouble, several: bool) -> Sequence[str]:
    own = (
        object_link(trouble.key),
        state(trouble.state),
        element("div", shortened(trouble.words) or "-", class_="words"),
        str(trouble.tries),
        duration(trouble.since_s),
        next_try(trouble),
    )
    return (cluster_link(trouble.key.cluster), *own) if several else own


def process_table(processes: Sequence[Process]) -> Html:
    if not processes:
        return element("p", "None runs.")
    rows = map(_process, processes)
    return table("Watchers and workers that run", _PROCESSES, rows, _PROCESSES[2:])


def _process(process: Process) -> Sequence[str]:
    heard = f"{duration(process.heard_s)} ago"
    name = f"{process.role} {process.name}"
    if process.role == "watcher":
        return (name, state("alive"), heard, "-", "-")
    known = state(process.state or "alive")
    return (name, known, heard, str(process.done + process.failed), str(process.failed))
