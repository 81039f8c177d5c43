"""Pod selectors, confined: virtual clusters may share a host namespace, and no selector of one may
reach the pods of another."""

from common.cluster import Cluster
from common.metadata import own_labels, translate_selector
from common.objects import Obj


def confined(cluster: Cluster, selector: Obj | None, namespace: str) -> Obj:
    """The selector of the same pods on the host: those of one virtual namespace, or of all of the
    virtual cluster when `namespace` is "". An empty or missing one selects them all."""
    renamed = translate_selector(cluster, selector or {})
    matched = {**(renamed.get("matchLabels") or {}), **own_labels(cluster, namespace)}
    result: Obj = {"matchLabels": matched}
    if expressions := renamed.get("matchExpressions"):
        result["matchExpressions"] = expressions
    return result


def confined_by_labels(cluster: Cluster, selector: Obj | None, of_namespaces: Obj) -> Obj:
    """The same for pods of all virtual namespaces that `of_namespaces` selects."""
    result = confined(cluster, selector, "")
    renamed = translate_selector(cluster, of_namespaces, of_namespaces=True)
    result["matchLabels"] |= renamed.get("matchLabels") or {}
    if expressions := renamed.get("matchExpressions"):
        result["matchExpressions"] = [*result.get("matchExpressions", ()), *expressions]
    return result
