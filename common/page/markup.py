"""HTML that what it shows can't break: all text is escaped but what was made here.

Names and messages are tenants' words. So nothing else of this package writes a tag.
"""

from collections.abc import Iterable, Sequence
from html import escape
from urllib.parse import urlencode

_EMPTY = frozenset({"input", "link", "meta"})
_UNSEEN = "\N{REPLACEMENT CHARACTER}"


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def plain(words: str) -> str:
    """Without characters that can't be seen, or that turn the text around them."""
    return "".join(each if each.isprintable() or each == "\n" else _UNSEEN for each in words)


def escaped(words: str) -> Html:
    return words if isinstance(words, Html) else Html(escape(plain(words)))


def element(tag: str, *content: str, **attributes: str | None) -> Html:
    """`content` one after another; `class_` is the attribute `class`, `aria_label` is
    `aria-label`. An attribute that is None is left out."""
    given = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(plain(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    inner = "".join(escaped(each) for each in content)
    return Html(f"<{tag}{given}>" if tag in _EMPTY else f"<{tag}{given}>{inner}</{tag}>")


def joined(*content: str) -> Html:
    """One after another, without an element around them."""
    return Html("".join(escaped(each) for each in content))


def link(words: str, place: str, class_: str | None = None, /, **parameters: str) -> Html:
    """To a place of this page; parameters without a value are left out."""
    given = {name: value for name, value in parameters.items() if value}
    query = urlencode(given, errors="replace")
    return element("a", words, href=f"{place}?{query}" if query else place, class_=class_)


def listing(items: Iterable[str], class_: str | None = None) -> Html:
    """A list; nothing at all when it has no items."""
    made = [element("li", each) for each in items]
    return element("ul", *made, class_=class_) if made else Html()


def table(
    caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[str] = ()
) -> Html:
    """The first cell of a row is its head; columns of `numbers`, by head, are set to the right.
    It scrolls by itself where it's too wide, also by keys."""
    styles = ["number" if head in numbers else None for head in heads]
    top = [element("th", h, scope="col", class_=c) for h, c in zip(heads, styles, strict=True)]
    body = [_row(row, styles) for row in rows]
    whole = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *top)),
        element("tbody", *body),
    )
    return element("div", whole, class_="wide", role="region", aria_label=caption, tabindex="0")


def _row(cells: Sequence[str], styles: Sequence[str | None]) -> Html:
    first, *others = zip(cells, styles, strict=True)
    return element(
        "tr",
        element("th", first[0], scope="row", class_=first[1]),
        *(element("td", cell, class_=style) for cell, style in others),
    )
