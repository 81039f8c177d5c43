"""What the demo's observer owes to whoever waits for it."""

import asyncio

import pytest

from sandbox.client import Client
from sandbox.kubeconfig import Access
from tohost.demo.observer import Observer


async def test_a_cancellation_that_meets_news_is_not_lost() -> None:
    client = Client(Access("http://127.0.0.1:1", "token", verify=False))
    observer = Observer(client, client, "host")
    waiting = asyncio.create_task(observer.until(lambda: False, 5))
    for _ in range(2):
        await asyncio.sleep(0)
    observer._moved.set()
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(waiting, 1)
