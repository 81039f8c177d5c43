"""Every kind that is synced, one file each. `REGISTRY` finds them by itself."""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from common.cluster import Cluster
from common.context import Need
from common.custom.kind import bare, following
from common.kind import Kind
from common.patches.kind import patched
from common.pod.security.guarded import guarded


def _found() -> dict[str, Kind]:
    names = sorted(module.name for module in iter_modules(__path__))
    kinds = [import_module(f"{__name__}.{name}").KIND for name in names]
    return {kind.plural: kind for kind in kinds}


REGISTRY: Mapping[str, Kind] = _found()


def kinds_of(cluster: Cluster) -> Mapping[str, Kind]:
    """The kinds as this virtual cluster has them, by plural: with its custom resources, under its
    patches and its Pod Security Standard. Raises ConfigError for a patch that can't be followed."""
    custom = {rule.plural: bare(rule) for rule in cluster.custom}
    kinds = {**REGISTRY, **custom}
    for plural in kinds.keys() & cluster.patches.keys():
        kinds[plural] = patched(kinds[plural], cluster.patches[plural], kinds)
    kinds |= guarded(kinds, cluster)
    return {**kinds, **{plural: following(kinds[plural]) for plural in custom}}


def needing(need: Need) -> tuple[Kind, ...]:
    """The kinds that are planned again when what they need changes (a Namespace's labels, ...)."""
    return tuple(kind for kind in REGISTRY.values() if need in kind.needs)
