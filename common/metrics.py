"""What a process counts, for Prometheus; `common.health` serves it as /metrics."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

REGISTRY: Final = CollectorRegistry()
FIGHTS: Final = Counter(
    "tohost_fights",
    "Objects left as they are because something else kept changing them back.",
    ("cluster", "plural"),
    registry=REGISTRY,
)


def page() -> tuple[str, bytes]:
    """Content type and body."""
    return CONTENT_TYPE_LATEST, generate_latest(REGISTRY)
