"""What a process counts, for Prometheus; `common.process.health` serves it as /metrics.

Each process has a registry and a port of its own. Labels name virtual clusters, kinds and the like,
never objects. docs/metrics.md tells of each metric, and a test sees to that.
"""

from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from common.process.durations import Durations

# Else each counter comes with a second series that nobody asks for.
disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY: Final = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
SYNC: Final = Durations(
    "tohost_sync_seconds",
    "From when a key was queued until a run of it was over, in all.",
    ("cluster",),
)
SYNC_STAGES: Final = Durations(
    "tohost_sync_stage_seconds",
    "The stages of that: queue, read, plan, api, store.",
    ("cluster", "stage"),
)
REGISTRY.register(SYNC)
REGISTRY.register(SYNC_STAGES)
RECONCILES: Final = Counter(
    "tohost_reconciles",
    "Runs that are over, by outcome: done, again, retry, blocked, terminal.",
    ("cluster", "plural", "outcome"),
    registry=REGISTRY,
)
REQUESTS: Final = Counter(
    "tohost_requests",
    "Requests to API servers by HTTP method, or WATCH, and status; code none: no answer came.",
    ("side", "cluster", "verb", "code"),
    registry=REGISTRY,
)
INTERNAL_ERRORS: Final = Counter(
    "tohost_internal_errors",
    "Runs that a bug in tohost ended; the log names the place.",
    ("cluster", "plural"),
    registry=REGISTRY,
)
FIGHTS: Final = Counter(
    "tohost_fights",
    "Objects left as they are because something else kept changing them back.",
    ("cluster", "plural"),
    registry=REGISTRY,
)
ODD_OBJECTS: Final = Counter(
    "tohost_odd_objects",
    "Objects that a server showed and that were passed over, as they can't be understood.",
    ("cluster", "side", "plural"),
    registry=REGISTRY,
)
SCAN_PAIRS: Final = Counter(
    "tohost_scan_pairs",
    "Pairs of objects that periodic scans compared.",
    ("cluster",),
    registry=REGISTRY,
)
SCAN_WOKEN: Final = Counter(
    "tohost_scan_woken",
    "Pairs that a periodic scan found different, and had reconciled again.",
    ("cluster",),
    registry=REGISTRY,
)
SCAN_SECONDS: Final = Counter(
    "tohost_scan_cpu_seconds",
    "CPU time of periodic scans.",
    ("cluster",),
    registry=REGISTRY,
)
SCAN_AT: Final = Gauge(
    "tohost_scan_last_timestamp_seconds",
    "Unix time of the last scan by this process.",
    ("cluster",),
    registry=REGISTRY,
)
SCAN_EVERY: Final = Gauge(
    "tohost_scan_every_seconds",
    "How often each virtual cluster is to be scanned; 0: never, or this is no worker.",
    registry=REGISTRY,
)
INGRESS_HOST_CONFLICTS: Final = Counter(
    "tohost_ingress_host_conflicts",
    "Ingresses found to claim a host name that an older one of another virtual cluster has.",
    ("cluster",),
    registry=REGISTRY,
)
BRAKE: Final = Gauge(
    "tohost_brake",
    "Deletions that the brake holds; 0 while it is open.",
    ("cluster",),
    registry=REGISTRY,
)


def page(*measured: Collector) -> tuple[str, bytes]:
    """Content type and body: all that's counted, and what is measured only now."""
    measuring = CollectorRegistry()
    for each in measured:
        measuring.register(each)
    return CONTENT_TYPE_LATEST, generate_latest(REGISTRY) + generate_latest(measuring)
