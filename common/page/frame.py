"""What every page has around it: head, ways to the other pages, when it was made."""

import base64
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from common.page.markup import Html, element, joined, link, listing
from common.page.style import CSS
from common.process.views import Answer

REFRESH_S: Final = 5
_DIGEST = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
HEADERS: Final = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_DIGEST}'; img-src data:;"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""Nothing on the page may run, load anything, or be shown inside another page."""


def answer(title: str, *content: str, status: int = 200) -> Answer:
    """A page that stays as it is, as while somebody types into it."""
    return _whole(title, content, _made(), None, status)


def living(
    title: str, *content: str, place: str, asked: Mapping[str, str], status: int = 200
) -> Answer:
    """A page that is loaded again now and then, unless what was asked for says no. `place` and
    `asked` lead to it."""
    others = {name: value for name, value in asked.items() if name != "refresh"}
    if asked.get("refresh") == "no":
        turn = link(f"Load this page again every {REFRESH_S} seconds", place, None, **others)
        return _whole(title, content, joined(_made(), " ", turn), None, status)
    turn = link("Stop loading it again", place, None, **others, refresh="no")
    told = f" This page is loaded again every {REFRESH_S} seconds. "
    return _whole(title, content, joined(_made(), told, turn), str(REFRESH_S), status)


def _whole(
    title: str, content: tuple[str, ...], foot: str, refresh: str | None, status: int
) -> Answer:
    body = element(
        "body",
        link("Skip to the content", "#content", "skip"),
        _header(),
        element("main", *content, id="content"),
        element("footer", foot),
    )
    whole = element("html", _head(title, refresh), body, lang="en")
    return Answer(f"<!doctype html>\n{whole}\n".encode(), status, HEADERS)


def _head(title: str, refresh: str | None) -> Html:
    again = element("meta", http_equiv="refresh", content=refresh) if refresh else Html()
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        again,
        element("title", f"{title} - tohost"),
        element("link", rel="icon", href="data:,"),
        element("style", Html(CSS)),
    )


def _header() -> Html:
    ways = [link("Overview", "./"), link("Find an object", "object")]
    return element(
        "header", element("strong", "tohost"), element("nav", listing(ways), aria_label="Pages")
    )


def _made() -> str:
    return f"As of {datetime.now(UTC):%H:%M:%S} UTC, by what Redis knows."
