"""The one object that a command is about, as people write it.

`pods default/web-0`, `pod/web-0 -n default`, `my-vcluster pods default/web-0` as `tohost status`
prints it, or a part of a virtual or host name.
"""

import argparse
from collections.abc import Sequence

from redis import Redis

from common.errors import ConfigError, TohostError
from common.explain import find
from common.keys import Key
from common.kinds import REGISTRY
from common.store import Store
from tohost.kind_names import plural_of, plural_or_error

FORMS = """An object is KIND NAMESPACE/NAME, as tohost status prints it, also with its virtual
cluster in front; or KIND NAME, KIND/NAME, with -n for the namespace; or one word, which is looked
for in the names of both sides. Kinds may be written as for kubectl: pod, po, pods."""
_SHOWN = 10


def add_options(parser: argparse.ArgumentParser, nargs: str = "+") -> None:
    parser.add_argument("words", nargs=nargs, metavar="OBJECT", help="see below")
    parser.add_argument("-n", "--namespace", metavar="NAME", help="the virtual namespace")
    parser.add_argument(
        "-c", "--virtual-cluster", metavar="NAME", help="needed when the object is in several"
    )


def resolve(
    redis: Redis, clusters: Sequence[str], words: Sequence[str], namespace: str | None
) -> Key:
    """Raises ConfigError for what can't be meant or is ambiguous, TohostError when a word is found
    nowhere. An object that is told in full need not exist."""
    if len(words) == 3 and words[0] in clusters:
        clusters, words = [words[0]], words[1:]
    plurals = sorted(_plurals(redis, clusters))
    if len(words) == 1 and "/" in words[0] and plural_of(words[0].partition("/")[0], plurals):
        words = words[0].split("/", 1)
    if len(words) == 1:
        return _searched(redis, clusters, words[0], namespace)
    if len(words) != 2:
        raise ConfigError(f'"{" ".join(words)}" is no object; write for example: pods default/web')
    plural = plural_or_error(words[0], plurals)
    return _named(redis, clusters, plural, words[1], namespace)


def _plurals(redis: Redis, clusters: Sequence[str]) -> set[str]:
    store = Store(redis)
    return {plural for each in clusters for _, plural in store.stored_streams(each, ())}


def _named(
    redis: Redis, clusters: Sequence[str], plural: str, name: str, namespace: str | None
) -> Key:
    """What is known by that name; else what can be meant."""
    before, slash, after = name.partition("/")
    if slash and namespace and before != namespace:
        raise ConfigError(f"{name} is in namespace {before}, and -n says {namespace}; write one")
    namespace, name = (before, after) if slash else (namespace, name)
    found = [
        key
        for key in find(redis, clusters, f"{plural} {name}", limit=1000)
        if (key.plural, key.name) == (plural, name) and namespace in (None, key.namespace)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise _several(found)
    if len(clusters) != 1:
        raise ConfigError(f"no virtual cluster has {plural} {name}; write -c and one's name")
    if plural in REGISTRY and not REGISTRY[plural].namespaced:
        namespace = ""
    return Key(clusters[0], plural, "default" if namespace is None else namespace, name)


def _searched(redis: Redis, clusters: Sequence[str], word: str, namespace: str | None) -> Key:
    found = find(redis, clusters, word)
    found = [key for key in found if namespace in (None, key.namespace)]
    exact = [key for key in found if word in (key.name, key.field)]
    if len(exact or found) == 1:
        return (exact or found)[0]
    if not found and plural_of(word):
        raise ConfigError(f"which of the {plural_of(word)}? Write its name, too: {word} NAME")
    if not found:
        raise TohostError(f'nothing that was seen has "{word}" in its name, on either side')
    raise _several(exact or found)


def _several(found: Sequence[Key]) -> ConfigError:
    lines = [f"  {key}" for key in found[:_SHOWN]]
    if len(found) > _SHOWN:
        lines.append(f"  ... and {len(found) - _SHOWN} more")
    return ConfigError("\n".join(["there are several; write one of:", *lines]))
