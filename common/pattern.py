"""Patterns of names with one `*`, which stands for any text, none included."""

WILDCARD = "*"


def star_of(pattern: str, name: str) -> str | None:
    """What the `*` stands for in this name; None when the name doesn't fit."""
    before, _, after = pattern.partition(WILDCARD)
    if len(name) < len(before) + len(after):
        return None
    if not (name.startswith(before) and name.endswith(after)):
        return None
    return name[len(before) : len(name) - len(after)]


def with_star(pattern: str, star: str) -> str:
    """The name that the pattern is when its `*` stands for that."""
    return pattern.replace(WILDCARD, star)


def translated(pattern: str, into: str, name: str) -> str | None:
    """The name that `into` makes of one that fits the pattern; None when it doesn't fit."""
    star = star_of(pattern, name)
    return None if star is None else with_star(into, star)


def common_name(one: str, other: str) -> str | None:
    """A text that fits both patterns, with `*` where more may stand; None when none does.

    Whatever fits both, the two take to the same name if they do so with this one.
    """
    before, after = zip(_ends(one), _ends(other), strict=True)
    start, end = max(before, key=len), max(after, key=len)
    meet = all(start.startswith(each) for each in before) and all(map(end.endswith, after))
    return f"{start}{WILDCARD}{end}" if meet else None


def _ends(pattern: str) -> tuple[str, str]:
    before, _, after = pattern.partition(WILDCARD)
    return before, after
