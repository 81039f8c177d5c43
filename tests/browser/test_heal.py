"""A person's way with an object that fails: see it, read why, requeue it, see it heal."""

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from common.errors import ApiError
from common.kinds import REGISTRY
from sandbox.ports import free_port
from sandbox.redis import RedisServer
from tests.backends import sandbox_backend
from tests.browser.tab import Tab
from tests.e2e.waiting import eventually
from tests.e2e.webhooks import VALIDATING, WebhookServer, denial, rule, webhook_server
from tests.integration.pipeline import Pipeline, open_pipeline

pytestmark = pytest.mark.asyncio(loop_scope="session")

POLICY = "the label cost-center is missing, says the policy"
HOST_CONFIGMAPS = "/api/v1/namespaces/h/configmaps"
LONG_S = 15.0


@pytest_asyncio.fixture(loop_scope="session")
async def pipeline(tmp_path: Path, redis_server: RedisServer) -> AsyncIterator[Pipeline]:
    """A watcher and a worker, two clusters, and a host that refuses ConfigMaps."""
    async with (
        open_pipeline(tmp_path, redis_server, sandbox_backend) as opened,
        webhook_server() as webhooks,
    ):
        opened.switch(configMaps={"all": True})
        await refuse(opened, webhooks)
        async with opened.running():
            yield opened


async def refuse(pipeline: Pipeline, webhooks: WebhookServer) -> None:
    hook = webhooks.hook("policy", lambda _: denial(POLICY, 403), [rule("configmaps")])
    body = {"metadata": {"name": "policy"}, "webhooks": [hook]}
    await pipeline.host.request("POST", VALIDATING, body=body)
    await eventually(lambda: is_refused(pipeline, True))


async def allow(pipeline: Pipeline) -> None:
    await pipeline.host.request("DELETE", f"{VALIDATING}/policy")
    await eventually(lambda: is_refused(pipeline, False))


async def is_refused(pipeline: Pipeline, wanted: bool) -> bool:
    probe = {"metadata": {"name": "probe"}}
    try:
        await pipeline.host.request("POST", HOST_CONFIGMAPS, body=probe, params={"dryRun": "All"})
    except ApiError:
        return wanted
    return not wanted


@asynccontextmanager
async def dashboard(redis_server: RedisServer) -> AsyncIterator[str]:
    """rq-dashboard, as `tohost dashboard` starts it."""
    port = free_port()
    command = [sys.executable, "-m", "tohost", "dashboard", "--port", str(port)]
    command += ["--redis-url", redis_server.url, "--poll-interval", "500"]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ)
    )

    async def answers() -> bool:
        assert process.returncode is None
        try:
            async with aiohttp.ClientSession() as session, session.get(url) as response:
                return response.status == 200
        except aiohttp.ClientConnectionError:
            return False

    url = f"http://127.0.0.1:{port}/"
    try:
        await eventually(answers, 30)
        yield url
    finally:
        process.terminate()
        await process.wait()


async def fact(tab: Tab, name: str) -> str:
    """What the object's page says of it in its list of facts, "" when it doesn't."""
    found = re.search(rf"^{name}\n+(\S+)", await tab.text(), re.MULTILINE)
    return found[1] if found else ""


async def failures(tab: Tab) -> int:
    return int(await fact(tab, "Failures in a row") or 0)


async def press_requeue(queues: Tab, page: Tab) -> None:
    """And wait until the object's page tells of one more failure."""
    before, url = await failures(page), str(await page.evaluate("location.href"))
    await queues.click("Requeue")

    async def failed_again() -> bool:
        await page.go(url)
        return await failures(page) > before

    await eventually(failed_again)


async def next_try_s(page: Tab) -> float:
    told = await fact(page, "Looked at again in")
    assert told.endswith(("s", "m")), told
    return float(told[:-1]) * (60 if told.endswith("m") else 1)


async def requeue_until_it_waits_for_long(queues: Tab, page: Tab) -> float:
    """So that who heals it in the end is the button, and not the next try. Answers until when that
    is not due, on the monotonic clock."""
    for _ in range(8):
        await page.go(await page.evaluate("location.href"))
        if (wait_s := await next_try_s(page)) >= LONG_S:
            return time.monotonic() + wait_s - 1
        await press_requeue(queues, page)
    raise AssertionError("it never waits for long")


async def test_a_failing_object_is_seen_understood_requeued_and_heals(
    pipeline: Pipeline, redis_server: RedisServer, tab: Tab, other_tab: Tab
) -> None:
    page, queues = tab, other_tab
    settings = {"metadata": {"name": "settings"}, "data": {"colour": "green"}}
    await pipeline.virtual.create(REGISTRY["configmaps"], "default", settings)

    await eventually(lambda: pipeline_is_ready(pipeline))
    await page.go(f"http://127.0.0.1:{pipeline.port}/")
    await page.sees("1 of 1 virtual cluster needs a look", "configmaps default/settings", POLICY)
    await page.picture("heal-1-seen")
    await page.click("configmaps default/settings")
    await page.sees("failing", POLICY, "requeue job v__configmaps__default__settings")
    await page.picture("heal-2-why")

    async with dashboard(redis_server) as url:
        await queues.go(url)
        await queues.sees("v.configmaps")
        await queues.click('a[href*="v.configmaps/failed"]')
        await queues.sees("configmaps default/settings", POLICY)
        await queues.picture("heal-3-failed-job")
        not_due_until = await requeue_until_it_waits_for_long(queues, page)
        await allow(pipeline)
        await queues.click("Requeue")
        await page.sees("in sync")
        assert time.monotonic() < not_due_until, "it may have been tried again by itself"
        await queues.sees("No jobs.")
        await queues.picture("heal-4-no-jobs")
    await page.picture("heal-5-in-sync")
    assert await pipeline.on_host("configmaps", "settings")
    assert page.errors == []


async def pipeline_is_ready(pipeline: Pipeline) -> bool:
    return (await pipeline.readiness())[0] == 200
