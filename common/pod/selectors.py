"""Selectors of pods by pods: affinity, anti-affinity and topology spread.

All pods of a virtual cluster share one host namespace with others', so what selected by
namespace must select by label, and nothing may reach outside the virtual cluster.
"""

from common.cluster import Cluster
from common.metadata import NAMESPACE, own_labels, translate_selector
from common.naming import label_key
from common.objects import Obj

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_KEY_LISTS = ("matchLabelKeys", "mismatchLabelKeys")


def translate_affinity(affinity: Obj, namespace: str, cluster: Cluster) -> Obj:
    """The affinity with its pod terms translated; node affinity is the host's business."""
    result = dict(affinity)
    for key in ("podAffinity", "podAntiAffinity"):
        if affinity.get(key):
            result[key] = _pod_terms(affinity[key], namespace, cluster)
    return result


def translate_spread(constraint: Obj, namespace: str, cluster: Cluster) -> Obj:
    """A topology spread constraint, which counts pods of its own namespace."""
    result = dict(constraint)
    selector = constraint.get("labelSelector")
    if selector is not None:
        result["labelSelector"] = _confined(selector, namespace, cluster)
    _rename_keys(result, selector or {}, cluster)
    return result


def _pod_terms(affinity: Obj, namespace: str, cluster: Cluster) -> Obj:
    result = dict(affinity)
    if required := affinity.get(_REQUIRED):
        result[_REQUIRED] = [_term(each, namespace, cluster) for each in required]
    if preferred := affinity.get(_PREFERRED):
        result[_PREFERRED] = [
            {
                **each,
                "podAffinityTerm": _term(each.get("podAffinityTerm") or {}, namespace, cluster),
            }
            for each in preferred
        ]
    return result


def _term(term: Obj, namespace: str, cluster: Cluster) -> Obj:
    """One term. Without a labelSelector it matches no pod, and stays that way.

    `namespaces` beside a namespaceSelector is a union that one selector can't say: here only
    the listed ones count, unless the selector is empty, which matches every namespace anyway.
    """
    result = {
        key: value for key, value in term.items() if key not in ("namespaces", "namespaceSelector")
    }
    selector, of_namespaces = term.get("labelSelector"), term.get("namespaceSelector")
    if selector is not None:
        result["labelSelector"] = _within(
            selector, term.get("namespaces"), of_namespaces, namespace, cluster
        )
    _rename_keys(result, selector or {}, cluster)
    return result


def _within(
    selector: Obj, listed: list[str] | None, of_namespaces: Obj | None, own: str, cluster: Cluster
) -> Obj:
    if of_namespaces is None and not listed:
        return _confined(selector, own, cluster)
    result = _confined(selector, "", cluster)
    everywhere = of_namespaces is not None and not any(of_namespaces.values())
    if listed and not everywhere:
        _and(result, [{"key": NAMESPACE, "operator": "In", "values": list(listed)}])
    elif of_namespaces:
        _and_namespaces(result, of_namespaces, cluster)
    return result


def _confined(selector: Obj, namespace: str, cluster: Cluster) -> Obj:
    result = translate_selector(cluster, selector)
    matched = result.get("matchLabels") or {}
    result["matchLabels"] = {**matched, **own_labels(cluster, namespace)}
    return result


def _and_namespaces(selector: Obj, of_namespaces: Obj, cluster: Cluster) -> None:
    renamed = translate_selector(cluster, of_namespaces, of_namespaces=True)
    selector["matchLabels"] |= renamed.get("matchLabels") or {}
    _and(selector, renamed.get("matchExpressions") or [])


def _and(selector: Obj, expressions: list[Obj]) -> None:
    if expressions:
        selector["matchExpressions"] = [*(selector.get("matchExpressions") or []), *expressions]


def _rename_keys(term: Obj, selector: Obj, cluster: Cluster) -> None:
    """Rename match(mis)LabelKeys, in place, without those the selector already speaks of.

    The virtual API server has merged these into the selector; the host's would merge them a
    second time and then refuse the pod for naming a key twice.
    """
    merged = {each.get("key") for each in selector.get("matchExpressions") or ()}
    merged.update(selector.get("matchLabels") or ())
    for name in _KEY_LISTS:
        if name not in term:
            continue
        kept = [label_key(cluster, key) for key in term[name] or () if key not in merged]
        if kept:
            term[name] = kept
        else:
            del term[name]
