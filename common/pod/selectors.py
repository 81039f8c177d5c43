"""Selectors of pods by pods: affinity, anti-affinity and topology spread.

Pods of several namespaces, and of several virtual clusters, may share one host namespace: what
selected by namespace must select by label, and nothing may reach outside the virtual cluster.
Where each virtual namespace has a host namespace of its own, the terms name those too.
"""

from collections.abc import Iterator

from common.cluster import Cluster
from common.confinement import confined, confined_by_labels
from common.context import Context
from common.following import certain_namespace
from common.metadata import MANAGED_BY, NAMESPACE
from common.naming import label_key, managed_by
from common.objects import Obj, labels, name_of
from common.selector import selects

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_POD_AFFINITIES = ("podAffinity", "podAntiAffinity")
_KEY_LISTS = ("matchLabelKeys", "mismatchLabelKeys")


def translate_affinity(affinity: Obj, namespace: str, context: Context) -> Obj:
    """The affinity with its pod terms translated; node affinity is the host's business."""
    result = dict(affinity)
    for key in _POD_AFFINITIES:
        if affinity.get(key):
            result[key] = _pod_terms(affinity[key], namespace, context)
    return result


def translate_spread(constraint: Obj, namespace: str, cluster: Cluster) -> Obj:
    """A topology spread constraint, which counts pods of its own namespace."""
    result = dict(constraint)
    selector = constraint.get("labelSelector")
    if selector is not None:
        result["labelSelector"] = confined(cluster, selector, namespace)
    _rename_keys(result, selector or {}, cluster)
    return result


def selects_namespaces(virtual: Obj) -> bool:
    """Whether a term has both a list of namespaces and a selector of more: a union, which one
    selector of pods can't say."""
    affinity = (virtual.get("spec") or {}).get("affinity") or {}
    return any(_is_union(term) for term in _terms(affinity))


def _terms(affinity: Obj) -> Iterator[Obj]:
    for key in _POD_AFFINITIES:
        found = affinity.get(key) or {}
        yield from found.get(_REQUIRED) or ()
        for each in found.get(_PREFERRED) or ():
            yield each.get("podAffinityTerm") or {}


def _is_union(term: Obj) -> bool:
    of_namespaces = term.get("namespaceSelector")
    return bool(term.get("namespaces") and of_namespaces and any(of_namespaces.values()))


def _pod_terms(affinity: Obj, namespace: str, context: Context) -> Obj:
    result = dict(affinity)
    if required := affinity.get(_REQUIRED):
        result[_REQUIRED] = [_term(each, namespace, context) for each in required]
    if preferred := affinity.get(_PREFERRED):
        result[_PREFERRED] = [
            {
                **each,
                "podAffinityTerm": _term(each.get("podAffinityTerm") or {}, namespace, context),
            }
            for each in preferred
        ]
    return result


def _term(term: Obj, namespace: str, context: Context) -> Obj:
    """One term. Without a labelSelector it matches no pod, and stays that way."""
    result = {
        key: value for key, value in term.items() if key not in ("namespaces", "namespaceSelector")
    }
    selector = term.get("labelSelector")
    if selector is not None:
        result |= _reach(selector, term, namespace, context)
    _rename_keys(result, selector or {}, context.cluster)
    return result


def _reach(selector: Obj, term: Obj, namespace: str, context: Context) -> Obj:
    """Which pods the term looks at, and in which host namespaces."""
    listed, of_namespaces = term.get("namespaces"), term.get("namespaceSelector")
    cluster = context.cluster
    if of_namespaces is None and not listed:
        return {"labelSelector": confined(cluster, selector, namespace)}
    if _is_union(term):
        found = (
            each
            for each in context.related.namespaces
            if selects(of_namespaces or {}, labels(each))
        )
        return _listed(selector, sorted({*(listed or ()), *map(name_of, found)}), cluster)
    if listed and of_namespaces is None:
        return _listed(selector, listed, cluster)
    result: Obj = {"labelSelector": confined_by_labels(cluster, selector, of_namespaces or {})}
    if cluster.namespaces is not None:
        ours = {MANAGED_BY: managed_by(cluster, namespaced=False)}
        result["namespaceSelector"] = {"matchLabels": ours}
    return result


def _listed(selector: Obj, namespaces: list[str], cluster: Cluster) -> Obj:
    result = confined(cluster, selector, "")
    listed = {"key": NAMESPACE, "operator": "In", "values": namespaces}
    result["matchExpressions"] = [*result.get("matchExpressions", ()), listed]
    if cluster.namespaces is None:
        return {"labelSelector": result}
    on_host = dict.fromkeys(certain_namespace(cluster, each) for each in namespaces)
    return {"labelSelector": result, "namespaces": list(on_host)}


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
