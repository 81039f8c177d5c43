"""One tab of the browser, as a person uses it: read, click, type, wait."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from common.objects import Obj
from tests.browser.chromium import Browser, DevToolsError, Event
from tests.e2e.waiting import WITHIN_S, eventually

# The first link, button or summary that reads so, else whatever the selector finds.
_FIND = """(what => {
  const reads = e => e.innerText.trim() === what;
  const links = [...document.querySelectorAll('a, button')].filter(reads);
  let found = links[0];
  if (!found) { try { found = document.querySelector(what); } catch { } }
  if (!found) return null;
  found.scrollIntoView({block: 'center'});
  const box = found.getClientRects()[0];
  return box && {x: box.x + box.width / 2, y: box.y + box.height / 2};
})"""
_ENTER = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"}


class Tab:
    """`errors`: what the browser complained of; `asked`: the addresses that it loaded."""

    def __init__(self, browser: Browser, session: str, pictures: Path) -> None:
        self._browser = browser
        self._session = session
        self._pictures = pictures
        self.errors: list[str] = []
        self.asked: list[str] = []

    async def call(self, method: str, **parameters: Any) -> Obj:
        return await self._browser.call(method, self._session, **parameters)

    def notice(self, event: Event) -> None:
        method, told = event
        if method == "Log.entryAdded" and told["entry"]["level"] == "error":
            self.errors.append(told["entry"]["text"])
        elif method == "Runtime.exceptionThrown":
            self.errors.append(str(told["exceptionDetails"]))
        elif method == "Page.javascriptDialogOpening":
            self.errors.append(f"a dialog: {told['message']}")
        elif method == "Network.requestWillBeSent":
            self.asked.append(told["request"]["url"])

    async def go(self, url: str) -> None:
        """Returns when it's loaded."""
        told = await self.call("Page.navigate", url=url)
        if "errorText" in told:
            raise DevToolsError(f"{url}: {told['errorText']}")
        await self.loaded()

    async def loaded(self) -> None:
        async def complete() -> bool:
            return bool(await self.evaluate("document.readyState") == "complete")

        await eventually(complete)

    async def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression on the page. Raises DevToolsError."""
        told = await self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in told:
            raise DevToolsError(str(told["exceptionDetails"]))
        return told["result"].get("value")

    async def text(self) -> str:
        """What can be read on the page."""
        return str(await self.evaluate("document.body.innerText"))

    async def sees(self, *words: str, within_s: float = WITHIN_S) -> None:
        """Wait until all of these can be read on the page."""

        async def there() -> bool:
            text = await self.text()
            missing = [each for each in words if each not in text]
            assert not missing, f"{missing} not in:\n{text}"
            return True

        await eventually(there, within_s)

    async def click(self, what: str) -> None:
        """With the mouse, on the link or button that reads so, or the element of that selector."""

        async def place() -> Obj | None:
            found: Obj | None = await self.evaluate(f"{_FIND}({json.dumps(what)})")
            return found

        point = await eventually(place) or {}
        for type_ in ("mousePressed", "mouseReleased"):
            await self.call(
                "Input.dispatchMouseEvent", type=type_, button="left", clickCount=1, **point
            )

    async def write(self, words: str) -> None:
        """By keys, into what has the focus."""
        await self.call("Input.insertText", text=words)

    async def press_enter(self) -> None:
        for type_ in ("keyDown", "keyUp"):
            await self.call("Input.dispatchKeyEvent", type=type_, **_ENTER)

    async def tree(self) -> list[tuple[str, str]]:
        """Role and name of everything that assistive technology is told of."""
        await self.call("Accessibility.enable")
        nodes = (await self.call("Accessibility.getFullAXTree"))["nodes"]
        return [
            (node["role"]["value"], node.get("name", {}).get("value", ""))
            for node in nodes
            if not node.get("ignored")
        ]

    async def width(self, pixels: int) -> None:
        """As if the screen were so wide."""
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=pixels,
            height=900,
            deviceScaleFactor=1,
            mobile=False,
        )

    async def colours(self, scheme: str) -> None:
        """`light` or `dark`, as a person's system would ask for."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        await self.call("Emulation.setEmulatedMedia", features=[feature])

    async def without_scripts(self) -> None:
        await self.call("Emulation.setScriptExecutionDisabled", value=True)

    async def picture(self, name: str) -> Path:
        """Of the whole page, as a PNG."""
        told = await self.call("Page.captureScreenshot", captureBeyondViewport=True)
        path = self._pictures / f"{name}.png"
        path.write_bytes(base64.b64decode(told["data"]))
        return path


@asynccontextmanager
async def open_tab(browser: Browser, pictures: Path) -> AsyncIterator[Tab]:
    target = (await browser.call("Target.createTarget", url="about:blank"))["targetId"]
    attached = await browser.call("Target.attachToTarget", targetId=target, flatten=True)
    tab = Tab(browser, attached["sessionId"], pictures)
    browser.listen(attached["sessionId"], tab.notice)
    for domain in ("Page", "Runtime", "Log", "Network"):
        await tab.call(f"{domain}.enable")
    yield tab
    await browser.call("Target.closeTarget", targetId=target)
