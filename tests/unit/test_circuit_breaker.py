"""When an API server counts as away, and how it is found to be back."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from common.errors import RetryError, TohostError
from common.kinds import REGISTRY
from common.kube.circuit_breaker import FAILURES, LONGEST_S, PROBES, CircuitBreaker
from common.kube.client import KubeClient
from sandbox.run import Sandbox, sandbox
from tests.integration.workqueue import Clock

ANY = float("inf")


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker("host", clock)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def fail(breaker: CircuitBreaker, times: int = FAILURES) -> None:
    for _ in range(times):
        breaker.failed()


def probes(breaker: CircuitBreaker, clock: Clock, seconds: float, under_way: int) -> Iterator[int]:
    """How many are begun each time that some may be; each fails at once unless it's under way."""
    end_s = clock.now_s + seconds
    while clock.now_s < end_s:
        if room := breaker.room(under_way):
            breaker.begun()
            yield int(room)
            fail(breaker, 0 if under_way else int(room))
        clock.now_s += 0.01


def test_a_failure_now_and_then_opens_nothing(breaker: CircuitBreaker) -> None:
    for _ in range(10):
        fail(breaker, FAILURES - 1)
        breaker.heard(200)
    assert breaker.room(1000) == ANY


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_server_that_is_too_busy_or_not_reached_did_not_answer(
    breaker: CircuitBreaker, status: int
) -> None:
    for _ in range(FAILURES):
        breaker.heard(status)
    assert breaker.is_open


@pytest.mark.parametrize("status", [200, 201, 403, 404, 409, 422])
def test_whatever_else_a_server_says_it_is_there(breaker: CircuitBreaker, status: int) -> None:
    fail(breaker)
    breaker.heard(status)
    assert breaker.room(1000) == ANY


def test_a_webhook_that_fails_says_nothing_of_the_server(breaker: CircuitBreaker) -> None:
    for _ in range(100):
        breaker.heard(500)
    assert not breaker.is_open
    fail(breaker)
    breaker.heard(500)
    assert breaker.is_open


def test_while_a_server_is_away_it_is_asked_a_few_times_and_not_by_thousands(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    fail(breaker, 192)
    assert breaker.room(0) == 0
    begun = list(probes(breaker, clock, 60, 0))
    assert set(begun) == {PROBES}
    assert 60 / LONGEST_S <= len(begun) <= 60 / LONGEST_S + 8


def test_a_server_that_hangs_is_asked_again_though_the_last_probes_have_not_ended(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    fail(breaker)
    begun = list(probes(breaker, clock, 30, 128))
    assert set(begun) == {1}
    assert 30 / LONGEST_S <= len(begun) <= 30 / LONGEST_S + 8


def test_after_an_answer_the_next_outage_is_probed_quickly_again(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    fail(breaker)
    list(probes(breaker, clock, 60, 0))
    breaker.heard(200)
    fail(breaker)
    clock.now_s += 0.11
    assert breaker.room(0) == PROBES


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with sandbox(tmp_path, kubelet=False) as box:
        yield box


async def test_a_client_tells_its_breaker_what_became_of_requests(box: Sandbox) -> None:
    async with await KubeClient.connect(str(box.host_kubeconfig), name="host") as client:
        fault = box.host.faults.vanish(path="/pods")
        for _ in range(FAILURES):
            with pytest.raises(RetryError):
                await client.get(REGISTRY["pods"], "n", "p")
        assert client.breaker.is_open
        box.host.faults.remove(fault)
        with pytest.raises(TohostError):
            await client.get(REGISTRY["pods"], "n", "p")
        assert not client.breaker.is_open
