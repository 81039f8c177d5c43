"""What tohost must be allowed to do on each side for a kind: the least that works.

Watchers read, workers write; the rules here are what both need together.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from common.kind import Kind

_READ = ("get", "list", "watch")
_WRITE = ("create", "patch", "delete")
_PROOF = "customresourcedefinitions.apiextensions.k8s.io: get"
"""Shows that a server has no objects of a kind which it doesn't serve."""


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """One entry of a Role; `resource` with its subresource, such as `pods/status`."""

    group: str
    resource: str
    verbs: tuple[str, ...]


def virtual_rules(kind: Kind) -> tuple[Rule, ...]:
    own = [Rule(kind.group, kind.resource, _READ)] if kind.virtual_watched else []
    proof = [_parsed(_PROOF)] if kind.discovered else []
    return merged([*own, *proof, *map(_parsed, kind.virtual_access)])


def host_rules(kind: Kind) -> tuple[Rule, ...]:
    verbs = () if not kind.host_watched else _READ if kind.host_read_only else _READ + _WRITE
    own = [Rule(kind.group, kind.resource, verbs)] if verbs else []
    proof = [_parsed(_PROOF)] if kind.discovered and verbs else []
    return merged([*own, *proof, *map(_parsed, kind.host_access)])


def merged(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """One rule for each resource, sorted; its verbs in the usual order."""
    verbs: dict[tuple[str, str], set[str]] = {}
    for rule in rules:
        verbs.setdefault((rule.group, rule.resource), set()).update(rule.verbs)
    return tuple(
        Rule(group, resource, tuple(_in_order(found)))
        for (group, resource), found in sorted(verbs.items())
    )


def _parsed(text: str) -> Rule:
    """From `<resource>[.<group>][/<subresource>]: <verb> <verb>`."""
    what, _, verbs = text.partition(":")
    name, slash, subresource = what.partition("/")
    resource, _, group = name.partition(".")
    return Rule(group, f"{resource}{slash}{subresource}", tuple(verbs.split()))


def _in_order(verbs: set[str]) -> Iterator[str]:
    usual = (*_READ, "create", "update", "patch", "delete")
    yield from (verb for verb in usual if verb in verbs)
    yield from sorted(verbs - set(usual))
