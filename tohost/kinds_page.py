"""Prints the kinds page of the documentation, told from the kinds themselves: `make docs`."""

from collections.abc import Iterable, Iterator

from common.access import Rule, host_rules, virtual_rules
from common.kind import Kind
from common.kinds import REGISTRY

_HEAD = """\
# Kinds

<!-- Made by `make docs` from the kinds; a test fails when it differs. -->

What is synced, in which direction, and what tohost must be allowed to do for it. A kind is
switched on and off by `sync.toHost.<option>.enabled`. *Down* is from the virtual cluster to the
host, *up* is back. Every host object gets a translated name, the labels and annotations of the
virtual one, and tohost's own below `vcluster.loft.sh/`.
"""
_ACCESS = """\
## Permissions

The least that works, for watchers and workers together; a kind that is off needs none of its own.
On the host these go into a Role in the host namespace, cluster-scoped resources into a ClusterRole;
with `namespaces` on, all of them. On the virtual side they go into a ClusterRole.
"""


def page() -> str:
    """The whole page, as Markdown."""
    kinds = sorted(REGISTRY.values(), key=lambda kind: (not kind.default, kind.plural))
    switched = [kind for kind in kinds if kind.option]
    following = [kind for kind in kinds if not kind.option]
    parts = [
        _HEAD,
        *_table(("Option", "API", "Default", "Down", "Translated", "Up"), map(_row, switched)),
        "\nBeside these, without a switch of their own:\n",
        *_table(("Kind", "API", "What happens"), map(_following, following)),
        "",
        _ACCESS,
        *_table(("Kind", "Virtual side", "Host"), map(_access, kinds)),
    ]
    return "\n".join(parts) + "\n"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for cells in (head, tuple("---" for _ in head), *rows):
        yield f"| {' | '.join(cells)} |"


def _row(kind: Kind) -> tuple[str, ...]:
    doc = kind.doc
    default = "on" if kind.default else "off"
    return (f"`{kind.option}`", _api(kind), default, doc.down, doc.translated, doc.up or "-")


def _following(kind: Kind) -> tuple[str, ...]:
    doc = kind.doc
    return (kind.kind, _api(kind), doc.up or doc.down)


def _access(kind: Kind) -> tuple[str, ...]:
    return (kind.kind, _rules(virtual_rules(kind)), _rules(host_rules(kind)))


def _api(kind: Kind) -> str:
    return f"`{kind.api_version}`"


def _rules(rules: Iterable[Rule]) -> str:
    texts = [f"`{_name(rule)}`: {', '.join(rule.verbs)}" for rule in rules]
    return "<br>".join(texts) or "-"


def _name(rule: Rule) -> str:
    resource, slash, subresource = rule.resource.partition("/")
    whole = (f"{resource}.{rule.group}" if rule.group else resource) + slash + subresource
    return " ".join((whole, *rule.names))


if __name__ == "__main__":
    print(page(), end="")
