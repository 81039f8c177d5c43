from workers.rates import Rates


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_a_burst_is_allowed_and_then_what_the_rate_gives() -> None:
    clock = Clock()
    rates = Rates[str](burst=3, per_s=0.5, clock=clock)
    for _ in range(3):
        assert rates.left("a") >= 1
        rates.take("a")
    assert rates.left("a") == 0
    clock.now_s += 2
    assert rates.left("a") == 1


def test_names_have_buckets_of_their_own() -> None:
    rates = Rates[str](burst=1, per_s=1, clock=Clock())
    rates.take("a")
    assert (rates.left("a"), rates.left("b")) == (0, 1)


def test_a_bucket_never_holds_more_than_the_burst() -> None:
    clock = Clock()
    rates = Rates[str](burst=2, per_s=1, clock=clock)
    rates.take("a")
    clock.now_s += 3600
    rates.take("a", -1)
    assert rates.left("a") == 2


def test_what_was_taken_too_much_has_to_be_earned_first() -> None:
    clock = Clock()
    rates = Rates[str](burst=1, per_s=1, clock=clock)
    rates.take("a", 5)
    clock.now_s += 4
    assert rates.left("a") == 0


def test_what_was_not_used_for_longest_is_forgotten() -> None:
    rates = Rates[int](burst=1, per_s=0, kept=2, clock=Clock())
    for name in (1, 2, 1, 3):
        rates.take(name)
    assert rates.left(2) == 1
    assert rates.left(1) == -1
