"""Label patches: keys are renamed as in every selector, and what selects stays among its own."""

from typing import Any

from common.cluster import Cluster
from common.confinement import confined
from common.metadata import own_labels
from common.naming import label_key
from common.patches.path import Path

_PARTS = ("matchLabels", "matchExpressions")


def translate_label_value(value: Any, path: Path, namespace: str, cluster: Cluster) -> Any:
    """A map of labels, or a label selector, in the host's words.

    What selects is confined to the virtual cluster and the namespace: a selector by its form, a
    map by the name of its field (`matchLabels`, or something that ends in `selector`). An empty
    one selects everything, and is confined as well.
    """
    if not isinstance(value, dict):
        return value
    name = path[-1] if isinstance(path[-1], str) else ""
    selects = name.lower().endswith("selector")
    if any(part in value for part in _PARTS) or (selects and not value):
        return confined(cluster, value, namespace)
    renamed = {label_key(cluster, str(key)): text for key, text in value.items()}
    if selects or name == "matchLabels":
        return renamed | own_labels(cluster, namespace)
    return renamed
