import aiohttp
import pytest

from common.errors import ConfigError
from common.process.health import Readiness, serve
from common.process.metrics import FIGHTS


async def get(port: int, path: str) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}{path}") as response,
    ):
        return response.status, await response.text()


async def test_a_process_that_waits_is_alive_but_not_ready_and_says_for_what() -> None:
    async with serve(0, lambda: Readiness({"v virtual:pods": "listing"}), host="127.0.0.1") as port:
        assert await get(port, "/healthz") == (200, "ok\n")
        status, body = await get(port, "/readyz")
    assert status == 503
    assert '"v virtual:pods": "listing"' in body


async def test_notes_do_not_make_it_unready() -> None:
    async with serve(
        0, lambda: Readiness(notes={"v": "another cluster"}), host="127.0.0.1"
    ) as port:
        status, body = await get(port, "/readyz")
    assert status == 200
    assert "another cluster" in body


async def test_what_is_counted_is_served_for_prometheus() -> None:
    FIGHTS.labels("of-a-test", "pods").inc(2)
    async with serve(0, Readiness, host="127.0.0.1") as port:
        status, body = await get(port, "/metrics")
    assert status == 200
    assert "# TYPE tohost_fights_total counter" in body
    assert 'tohost_fights_total{cluster="of-a-test",plural="pods"} 2.0' in body


async def test_pages_are_served_beside_the_probes() -> None:
    pages = {"/about": lambda: ("text/plain", b"tohost\n")}
    async with serve(0, Readiness, pages, host="127.0.0.1") as port:
        assert await get(port, "/about") == (200, "tohost\n")


async def test_a_taken_port_is_a_configuration_error() -> None:
    async with serve(0, Readiness, host="127.0.0.1") as port:
        with pytest.raises(ConfigError, match=f"health.port: 127.0.0.1:{port}"):
            async with serve(port, Readiness, host="127.0.0.1"):
                pass
