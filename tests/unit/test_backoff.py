import pytest

from common.backoff import BLOCKED, REFUSED, TRANSIENT, Curve, delay_s


def least(failures: int, after_s: float | None = None) -> float:
    return delay_s(failures, after_s, lambda: 0.0)


def most(failures: int, after_s: float | None = None, curve: Curve = TRANSIENT) -> float:
    return delay_s(failures, after_s, lambda: 1.0, curve)


def test_the_first_failure_waits_at_most_50_ms() -> None:
    assert most(1) == pytest.approx(0.05)


def test_each_further_failure_doubles_the_wait() -> None:
    assert [most(n) for n in (2, 3, 4)] == pytest.approx([0.1, 0.2, 0.4])


@pytest.mark.parametrize(("curve", "cap_s"), [(TRANSIENT, 10), (BLOCKED, 30), (REFUSED, 300)])
def test_the_wait_never_exceeds_its_cap(curve: Curve, cap_s: float) -> None:
    assert most(16, curve=curve) == most(1_000_000, curve=curve) == cap_s


def test_what_a_server_refused_is_tried_again_after_seconds_then_minutes() -> None:
    assert [most(n, curve=REFUSED) for n in (1, 2, 3, 7)] == [5, 10, 20, 300]


def test_jitter_spreads_three_quarters_of_the_wait() -> None:
    assert least(12) == pytest.approx(most(12) / 4)


def test_a_server_that_asks_for_a_wait_gets_at_least_that() -> None:
    assert least(1, after_s=30.0) == 30.0


def test_those_told_to_wait_equally_long_do_not_come_back_together() -> None:
    assert most(1, after_s=30.0) == pytest.approx(33.0)


def test_a_server_that_asks_for_no_wait_does_not_shorten_the_back_off() -> None:
    assert least(12, after_s=0.0) == least(12)
