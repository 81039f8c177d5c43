"""The page in a real browser: what a person can do with it, and what nobody can do to it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from redis import Redis

from common.page.views import views
from common.process.health import Readiness, serve
from common.process.views import Views
from common.store import Change, Store
from common.workqueue import Done, Terminal, WorkQueue
from tests.browser.tab import Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")

DENIED = 'pods "web-0" is forbidden: exceeded quota: compute, requested: cpu=2, used: cpu=8'
HOSTILE = '<img src="http://127.0.0.1:1/x" onerror="alert(1)"><script>alert(2)</script></main>'
PODS = [("team-a", "pods")]

# The least contrast of any text with what is behind it, by WCAG's formula, and that text.
CONTRAST = """(() => {
  const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = numbers(getComputedStyle(e).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const found = [...document.querySelectorAll('body *')]
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
    .map(e => {
      const both = [numbers(getComputedStyle(e).color), ground(e)].map(light).sort();
      return [(Math.max(...both) + 0.05) / (Math.min(...both) + 0.05), e.innerText];
    });
  return found.sort((a, b) => a[0] - b[0])[0];
})()"""


@pytest_asyncio.fixture(loop_scope="session")
async def url(redis: Redis) -> AsyncIterator[str]:
    """Two virtual clusters; of the first one pod fails."""
    store, queue = Store(redis), WorkQueue(redis, {"team-a": 1, "team-b": 1}, chance=lambda: 1.0)
    for cluster in ("team-a", "team-b"):
        store.claim_identity(cluster, "digest")
        for side in ("virtual", "host"):
            put(redis, cluster, side, "web-0", "web-1", "db-0")
            store.move_position(cluster, side, "pods", "", "5")
            store.set_synced(cluster, side, "pods")
    queue.heartbeat()
    redis.zadd("tohost:watchers", {"watcher-1": redis.time()[0] * 1000})
    fail(queue, "web-0", DENIED)
    pages = Views(views(redis, ["team-a", "team-b"]))
    async with serve(0, Readiness, {}, host="127.0.0.1", views=pages) as port:
        yield f"http://127.0.0.1:{port}"
    queue.close()


def put(redis: Redis, cluster: str, side: Any, *names: str) -> None:
    bodies = [
        {"metadata": {"name": n, "namespace": "default", "uid": f"{side}-{n}"}} for n in names
    ]
    changes = [Change(f"default/{n}", "7", b) for n, b in zip(names, bodies, strict=True)]
    Store(redis).put(cluster, side, "pods", changes, wake_own=False)


def fail(queue: WorkQueue, name: str, words: str) -> None:
    queue.add("team-a", [f"pods default/{name}"])
    [taken] = queue.take(1, PODS)
    queue.finish([(taken, Terminal(words, "Forbidden"))])


def heal(redis: Redis, name: str) -> None:
    queue = WorkQueue(redis, {"team-a": 1})
    queue.add("team-a", [f"pods default/{name}"])
    [taken] = queue.take(1, PODS)
    queue.finish([(taken, Done())])
    queue.close()


async def test_what_fails_is_two_clicks_away_and_says_why_without_any_script(
    tab: Tab, url: str
) -> None:
    await tab.without_scripts()
    await tab.go(f"{url}/")
    await tab.sees("1 of 2 virtual clusters needs a look", "team-b", DENIED)
    await tab.picture("overview")
    await tab.click("team-a")
    await tab.sees("Virtual cluster team-a", "Kinds", DENIED)
    await tab.picture("cluster")
    await tab.click("pods default/web-0")
    await tab.sees("failing", DENIED, "Failures in a row", "virtual-web-0", "What to do")
    await tab.picture("object-failing")
    assert tab.errors == []


async def test_an_object_is_found_by_a_part_of_its_host_name_with_keys_only(
    tab: Tab, url: str
) -> None:
    await tab.go(f"{url}/object")
    await tab.click("#q")
    await tab.write("team-b-default-db-0")
    await tab.press_enter()
    await tab.sees("Found", "pods default/db-0")
    await tab.picture("find")
    await tab.click("pods default/db-0")
    await tab.sees("Virtual cluster team-b", "in sync")
    await tab.picture("object-in-sync")


async def test_it_shows_what_changed_by_itself_until_told_to_stop(
    tab: Tab, url: str, redis: Redis
) -> None:
    await tab.go(f"{url}/object?cluster=team-a&kind=pods&namespace=default&name=web-0")
    await tab.sees("failing")
    heal(redis, "web-0")
    await tab.sees("in sync")
    await tab.click("Stop loading it again")
    await tab.sees("Load this page again every")
    assert await tab.evaluate("document.querySelector('meta[http-equiv]')") is None


async def test_hostile_words_are_only_words(tab: Tab, url: str, redis: Redis) -> None:
    fail(WorkQueue(redis, {"team-a": 1}), HOSTILE.replace("/", "|"), HOSTILE)
    await tab.go(f"{url}/")
    await tab.sees(HOSTILE)
    await tab.go(f"{url}/object?q=%3Cscript%3Ealert(3)%3C/script%3E")
    await tab.sees('has "<script>alert(3)</script>" in its name')
    assert await tab.evaluate("document.querySelectorAll('script, img, main').length") == 1
    assert tab.errors == []


async def test_nothing_is_loaded_from_anywhere_else(tab: Tab, url: str) -> None:
    for path in ("/", "/object?q=web", "/?cluster=team-a"):
        await tab.go(url + path)
    assert {each for each in tab.asked if not each.startswith(("data:", url))} == set()
    assert tab.errors == [], "such as a style that its own policy refuses"


@pytest.mark.parametrize(
    "path",
    ["/", "/?cluster=team-a", "/object?q=web", "/object?cluster=team-a&kind=pods&name=x"],
)
async def test_assistive_technology_is_told_of_everything(tab: Tab, url: str, path: str) -> None:
    await tab.go(url + path)
    tree = await tab.tree()
    roles = [role for role, _ in tree]
    for role in ("banner", "navigation", "main", "contentinfo"):
        assert roles.count(role) == 1, role
    headings = await tab.evaluate("[...document.querySelectorAll('h1,h2')].map(e => e.tagName)")
    assert headings.count("H1") == 1
    assert headings[0] == "H1"
    named = ("link", "button", "searchbox", "combobox", "table", "region", "heading")
    assert [role for role, name in tree if role in named and not name] == []
    if "table" in roles:
        assert {"columnheader", "rowheader"} <= set(roles)
    assert await tab.evaluate("document.documentElement.lang") == "en"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_all_words_stand_out_from_what_is_behind_them(
    tab: Tab, url: str, scheme: str
) -> None:
    await tab.colours(scheme)
    for path in ("/", "/object?cluster=team-a&kind=pods&namespace=default&name=web-0"):
        await tab.go(url + path)
        await tab.sees("failing")
        ratio, words = await tab.evaluate(CONTRAST)
        assert ratio >= 4.5, words
    await tab.picture(f"object-{scheme}")


@pytest.mark.parametrize("path", ["/", "/object?q=web", "/?cluster=team-a"])
async def test_a_narrow_screen_need_not_be_scrolled_sideways(tab: Tab, url: str, path: str) -> None:
    await tab.width(320)
    await tab.go(url + path)
    assert await tab.evaluate("document.documentElement.scrollWidth") <= 320
    await tab.picture(f"narrow{path.replace('/', '-').replace('?', '-')}")
