"""What tohost must be allowed to do on each side for a kind: the least that works.

Watchers read, workers write; the rules here are what both need together.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from common.kind import Kind

_READ = ("get", "list", "watch")
_WRITE = ("create", "patch", "delete")


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """One entry of a Role; `resource` with its subresource, such as `pods/status`. `names`: of
    the only objects that it is about, () for all."""

    group: str
    resource: str
    verbs: tuple[str, ...]
    names: tuple[str, ...] = ()


def virtual_rules(kind: Kind) -> tuple[Rule, ...]:
    """All that the kind needs in a virtual cluster."""
    own = [Rule(kind.group, kind.resource, _READ)] if kind.virtual_watched else []
    return merged([*own, *proof(kind), *map(parsed, kind.virtual_access)])


def host_rules(kind: Kind) -> tuple[Rule, ...]:
    """All that the kind needs on the host."""
    return merged([*host_reading(kind), *host_writing(kind)])


def host_reading(kind: Kind) -> tuple[Rule, ...]:
    """What watchers need of the kind on the host."""
    own = [Rule(kind.group, kind.resource, _READ)] if kind.host_watched else []
    return merged([*own, *(proof(kind) if kind.host_watched else ())])


def host_writing(kind: Kind, *, draining: bool = False) -> tuple[Rule, ...]:
    """What workers need of the kind on the host; `draining`: only to remove it there."""
    written = kind.host_watched and not kind.host_read_only
    verbs = ("get", *(verb for verb in _WRITE if not draining or verb != "create"))
    own = [Rule(kind.group, kind.resource, verbs), *proof(kind)] if written else []
    return merged([*own, *(() if draining else map(parsed, kind.host_access))])


def proof(kind: Kind) -> tuple[Rule, ...]:
    """What shows that a server has no objects of a kind which it doesn't serve."""
    if not kind.discovered:
        return ()
    name = f"{kind.resource}.{kind.group}"
    return (Rule("apiextensions.k8s.io", "customresourcedefinitions", ("get",), (name,)),)


def merged(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """One rule for each resource, sorted; its verbs in the usual order. What may be done to all
    objects isn't said again of some."""
    verbs: dict[tuple[str, str, tuple[str, ...]], set[str]] = {}
    for rule in rules:
        verbs.setdefault((rule.group, rule.resource, rule.names), set()).update(rule.verbs)
    return tuple(
        Rule(group, resource, tuple(_in_order(found)), names)
        for (group, resource, names), found in sorted(verbs.items())
        if not names or not found <= verbs.get((group, resource, ()), set())
    )


def parsed(text: str) -> Rule:
    """From `<resource>[.<group>][/<subresource>] [<name>]: <verb> <verb>`."""
    what, _, verbs = text.partition(":")
    what, *names = what.split()
    name, slash, subresource = what.partition("/")
    resource, _, group = name.partition(".")
    return Rule(group, f"{resource}{slash}{subresource}", tuple(verbs.split()), tuple(names))


def _in_order(verbs: set[str]) -> Iterator[str]:
    usual = (*_READ, "create", "update", "patch", "delete")
    yield from (verb for verb in usual if verb in verbs)
    yield from sorted(verbs - set(usual))
