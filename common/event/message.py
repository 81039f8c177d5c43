"""An event's message in the virtual cluster's words: host names and namespaces become virtual.

Only whole words count, and of the host namespace only what stands where a namespace stands: it may
also be the name of an image's folder or of a container. Names of other virtual clusters' objects
are left out, as far as their form shows what they are.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from common.cluster import Cluster
from common.event.names import virtual_cluster_name, virtual_names
from common.naming import own_start, virtual_namespace

OTHERS = "(another cluster's object)"

_EDGE = r"[A-Za-z0-9]"
_WORD = rf"{_EDGE}(?:[A-Za-z0-9.-]*{_EDGE})?"
_OTHERS_NAME = re.compile(r"[a-z0-9.-]+-x-[a-z0-9-]+-x-[a-z0-9-]+")


@dataclass(frozen=True, slots=True)
class Words:
    """What the words of a message about an object in `host_namespace` mean; that is "" for a
    cluster-scoped object.

    names: virtual namespace and name, by host name, of objects that may be mentioned; what a host
    name's form tells is known without. others: words that stand for one other word, such as uids.
    """

    cluster: Cluster
    host_namespace: str
    namespace: str
    names: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    others: Mapping[str, str] = field(default_factory=dict)

    def virtual(self, name: str) -> tuple[str, str] | None:
        """Namespace and name of the virtual object that a host name stands for, if any."""
        if found := self.names.get(name):
            return found
        if own := virtual_cluster_name(self.cluster, name):
            return "", own
        possible = virtual_names(self.cluster, name)
        near = [each for each in possible if each[0] == self.namespace]
        chosen = near or possible
        return chosen[0] if len(chosen) == 1 else None

    def translated(self, word: str) -> str:
        """A word that may be a name, or start with one as a Service's DNS name does."""
        if word in self.others:
            return self.others[word]
        if found := self.virtual(word):
            return found[1]
        service, dns, rest = word.partition(f".{self.host_namespace}.svc")
        if dns and (found := self.virtual(service)):
            return f"{found[1]}.{found[0]}.svc{rest}"
        if word.startswith(own_start(self.cluster.name)):
            return virtual_namespace(self.cluster, word) or word
        return OTHERS if self._is_anothers(word) else word

    def _is_anothers(self, word: str) -> bool:
        ours = f"-x-{self.cluster.name}"
        if self.cluster.namespaces is not None or word.endswith(ours) or f"{ours}-" in word:
            return False
        return _OTHERS_NAME.fullmatch(word) is not None


def translate_message(message: str, words: Words) -> str:
    """The message with every name that is known replaced, in one pass."""

    def replaced(match: re.Match[str]) -> str:
        match match.lastgroup:
            case "place":
                return f"{match['before']}{words.namespace}"
            case "path":
                return _path(match, words)
            case "joined":
                found = words.virtual(match["owner"])
                return f"{found[1]}_{found[0]}" if found else match.group()
        return words.translated(match.group())

    return _pattern(words.host_namespace).sub(replaced, message)


def _path(match: re.Match[str], words: Words) -> str:
    """`H/name`, with quotes or without: only a name that is known shows that H is a namespace."""
    quote, inner = match["quote"], match["inner"]
    if found := words.virtual(match["named"]):
        return f"{quote}{found[0]}{quote}/{inner}{found[1]}{inner}"
    name = words.translated(match["named"])
    return f"{quote}{words.host_namespace}{quote}/{inner}{name}{inner}"


@lru_cache(maxsize=256)
def _pattern(namespace: str) -> re.Pattern[str]:
    """What may have to be replaced; with a host namespace also where that stands.

    place: `namespace "H"`, `NAMESPACE=H`. path: `H/name`, `"H"/"name"`. joined: `name_H(uid)`, as
    the kubelet names pods.
    """
    word = rf"(?P<word>{_WORD})"
    if not namespace:
        return re.compile(word)
    host, after = re.escape(namespace), rf"(?!{_EDGE}|[.-]+{_EDGE})"
    place = rf"(?P<place>(?P<before>(?i:namespaces?)[ =:]+[\"']?){host}{after})"
    path = (
        rf"(?P<path>(?<![A-Za-z0-9./-])(?P<quote>[\"']?){host}(?P=quote)/"
        rf"(?P<inner>[\"']?)(?P<named>{_WORD})(?P=inner))"
    )
    joined = rf"(?P<joined>(?P<owner>{_WORD})_{host}(?=\())"
    return re.compile(f"{place}|{path}|{joined}|{word}")
