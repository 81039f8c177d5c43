"""What containers take over whole with `envFrom`: which names their variables will have.

To kubelets such a variable outdoes a service's of the same name, but not one in `env`, which is
where the host pod has the services'. So those must be left out there.
"""

from collections.abc import Iterator, Mapping

from common.context import Ref
from common.objects import Obj, namespace_of
from common.references import ENV_FROM_SOURCES, containers_of

# In a stored Secret: the names of its data, sorted.
DATA_KEYS = "dataKeys"
_HOLDERS = ("data", "stringData", DATA_KEYS)


def data_keys(obj: Obj) -> frozenset[str]:
    """The names in a ConfigMap or Secret, stored or whole, that become variables."""
    return frozenset(key for holder in _HOLDERS for key in obj.get(holder) or ())


def env_sources(pod: Obj, *, required: bool = False) -> tuple[Ref, ...]:
    """What the containers take over, each once; `required`: less what may be missing."""
    spec, namespace = pod.get("spec") or {}, namespace_of(pod)
    found = (
        Ref(plural, namespace, source["name"])
        for container in containers_of(spec)
        for plural, source, _ in _sources(container)
        if not (required and source.get("optional"))
    )
    return tuple(dict.fromkeys(found))


def env_from_names(
    container: Obj, namespace: str, keys: Mapping[str, frozenset[str]]
) -> frozenset[str]:
    """The variables that the container takes over; `keys`: `data_keys` by member."""
    return frozenset(
        prefix + key
        for plural, source, prefix in _sources(container)
        for key in keys.get(Ref(plural, namespace, source["name"]).member, ())
    )


def _sources(container: Obj) -> Iterator[tuple[str, Obj, str]]:
    """Plural, reference and prefix."""
    for each in container.get("envFrom") or ():
        for key, (_, plural) in ENV_FROM_SOURCES.items():
            if (each.get(key) or {}).get("name"):
                yield plural, each[key], each.get("prefix") or ""
