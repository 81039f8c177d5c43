"""What a process counts, for Prometheus; `common.health` serves it as /metrics."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

REGISTRY: Final = CollectorRegistry()
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
