"""A real browser, where there is one.

Pictures of what it showed are kept below $PICTURES, else with pytest's temporary files.
"""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.browser.chromium import Browser, find_chromium, open_browser
from tests.browser.tab import Tab, open_tab
from tests.integration.conftest import redis, redis_server

__all__ = ["redis", "redis_server"]
_WANTED = (
    "no Chromium on PATH: install one (apt install chromium-headless-shell) or name it by CHROMIUM"
)


@pytest.fixture(scope="package")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    given = os.environ.get("PICTURES")
    folder = Path(given) if given else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    chromium = find_chromium()
    if not chromium:
        pytest.skip(_WANTED)
    async with open_browser(tmp_path_factory.mktemp("chromium"), chromium) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def tab(browser: Browser, pictures: Path) -> AsyncIterator[Tab]:
    async with open_tab(browser, pictures) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def other_tab(browser: Browser, pictures: Path) -> AsyncIterator[Tab]:
    async with open_tab(browser, pictures) as opened:
        yield opened
