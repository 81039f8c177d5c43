"""How long runs took, in all and by stage, and how they ended, for Prometheus.

A run's stages follow one another, and what they took adds up to the whole:

queue   from when the key was queued until this worker took it
read    until the run began: both objects, and what else the plan looks at, for a batch at once
plan    what to do, in all rounds of the run
api     the rest of the run: requests to both API servers, and waiting for them
store   until the answers were stored and the key was given back, again for a batch at once
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from common.clock import running_s
from common.process.metrics import RECONCILES, SYNC, SYNC_STAGES
from common.workqueue import Again, Blocked, Done, Retry, Terminal
from workers.ending import Ending

OUTCOMES: Final[Mapping[type, str]] = {
    Done: "done",
    Again: "again",
    Retry: "retry",
    Blocked: "blocked",
    Terminal: "terminal",
}


def tell(endings: Sequence[Ending]) -> None:
    """Of runs that were given back just now; in the event loop."""
    now_s = running_s()
    for each in endings:
        taken, cluster = each.taken, each.taken.key.cluster
        observe = SYNC_STAGES.observe
        observe((cluster, "queue"), taken.waited_s)
        observe((cluster, "read"), each.began_s - taken.started)
        observe((cluster, "plan"), each.plan_s)
        observe((cluster, "api"), each.ended_s - each.began_s - each.plan_s)
        observe((cluster, "store"), now_s - each.ended_s)
        SYNC.observe((cluster,), taken.waited_s + now_s - taken.started)
    for labels, count in Counter(map(_labels, endings)).items():
        RECONCILES.labels(*labels).inc(count)


def _labels(ending: Ending) -> tuple[str, str, str]:
    key = ending.taken.key
    return key.cluster, key.plural, OUTCOMES[type(ending.outcome)]
