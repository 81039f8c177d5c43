from email.utils import formatdate

from common.clock import ServerClock, running_s

NOON_S = 1_700_000_000.0


class Machine:
    """Its date and how long it has been running; the date may be set."""

    def __init__(self) -> None:
        self.date_s, self.running_s = NOON_S, 50.0

    def runs(self, seconds: float) -> None:
        self.date_s += seconds
        self.running_s += seconds

    def clock(self) -> ServerClock:
        return ServerClock(lambda: self.date_s, lambda: self.running_s)


def date(seconds: float) -> str:
    return formatdate(seconds, usegmt=True)


def test_a_date_that_is_set_anew_changes_nothing() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.date_s += 7200
    machine.runs(3)
    assert clock() == NOON_S + 3


def test_a_server_whose_date_is_ours_but_for_rounding_is_not_followed() -> None:
    machine = Machine()
    clock = machine.clock()
    clock.hear(date(NOON_S - 1))
    assert clock() == NOON_S


def test_where_the_dates_differ_the_servers_counts() -> None:
    machine = Machine()
    clock = machine.clock()
    clock.hear(date(NOON_S - 7200))
    machine.runs(10)
    assert clock() == NOON_S - 7190
    clock.hear(date(NOON_S + 3600))
    assert clock() == NOON_S + 3600


def test_what_is_no_date_is_not_heard() -> None:
    clock = Machine().clock()
    for said in ("", "yesterday", "Mon, 99 Foo 2024"):
        clock.hear(said)
    assert clock() == NOON_S


def test_running_time_goes_on() -> None:
    before = running_s()
    assert running_s() >= before
