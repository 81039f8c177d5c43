from common.backoff import TRANSIENT
from common.errors import ApiError, RetryError
from watchers.machine import List, Machine, Watch

EXPIRED = ApiError("too old", 410, "Expired")


def machine(position: str = "") -> Machine:
    return Machine(position, random=lambda: 0.5)


def watching(position: str = "7") -> Machine:
    it = machine(position)
    it.start()
    return it


def test_a_new_stream_lists_first() -> None:
    assert machine().start() == List()


def test_a_stream_with_a_position_watches_from_there() -> None:
    assert machine("7").start() == Watch("7", 1500)


def test_the_server_is_asked_to_end_a_watch_after_twenty_to_thirty_minutes() -> None:
    shortest, longest = Machine("7", lambda: 0.0).start(), Machine("7", lambda: 0.999).start()
    assert isinstance(shortest, Watch)
    assert isinstance(longest, Watch)
    assert (shortest.timeout_s, longest.timeout_s) == (1200, 1799)


def test_a_list_goes_on_from_page_to_page_and_stands_at_the_first_ones_version() -> None:
    it = machine()
    it.start()
    assert it.page("5", "t1") == List("t1")
    assert it.page("6", "") is None
    assert it.listed() == Watch("5", 1500)


def test_a_list_that_is_not_stored_yet_gives_no_position() -> None:
    it = machine()
    it.start()
    it.page("5", "")
    assert it.position == ""
    assert isinstance(it.failed(RetryError("away")), List)


def test_a_list_that_is_not_believed_is_begun_anew_after_more_and_more_time() -> None:
    it = machine()
    it.start()
    delays = []
    for _ in range(4):
        it.page("5", "t1")
        it.page("5", "")
        again = it.failed(RetryError("a lie"))
        assert (again.token, again.limit) == ("", 200) if isinstance(again, List) else False
        delays.append(again.delay_s)
    assert delays == sorted(set(delays))


def test_a_token_that_expired_starts_the_list_again_and_then_all_in_one() -> None:
    it = machine()
    it.start()
    it.page("5", "t1")
    again = it.failed(EXPIRED)
    assert (again.token, again.limit) == ("", 200) if isinstance(again, List) else False
    it.page("6", "t2")
    whole = it.failed(EXPIRED)
    assert (whole.token, whole.limit) == ("", 0) if isinstance(whole, List) else False


def test_an_outage_within_a_list_asks_for_the_same_page_again() -> None:
    it = machine()
    it.start()
    it.page("5", "t1")
    again = it.failed(RetryError("away"))
    assert isinstance(again, List)
    assert again.token == "t1"
    assert again.delay_s > 0


def test_a_forgotten_version_leads_to_a_list() -> None:
    assert isinstance(watching().failed(EXPIRED), List)


def test_an_outage_resumes_the_watch_at_the_last_version_seen() -> None:
    it = watching("7")
    it.seen("9")
    step = it.failed(RetryError("away"))
    assert isinstance(step, Watch)
    assert step.position == "9"


def test_the_delay_grows_to_seconds_and_falls_back_when_something_comes() -> None:
    it = watching()
    delays = [it.failed(RetryError("away")).delay_s for _ in range(12)]
    assert delays == sorted(delays)
    assert delays[0] < 0.1
    assert 2.5 <= delays[-1] <= TRANSIENT.cap_s
    it.seen("8")
    assert it.failed(RetryError("away")).delay_s == delays[0]


def test_the_server_may_ask_for_a_longer_wait() -> None:
    assert watching().failed(RetryError("busy", after_s=120)).delay_s >= 120


def test_a_watch_that_the_server_ended_in_time_goes_on_at_once() -> None:
    assert watching().closed(lasted_s=1250).delay_s == 0


def test_a_watch_that_ends_at_once_is_not_hammered() -> None:
    it = watching()
    assert 0 < it.closed(lasted_s=0.01).delay_s < it.closed(lasted_s=0.01).delay_s


def test_a_silent_watch_is_opened_again_where_it_was() -> None:
    step = watching("7").silent()
    assert isinstance(step, Watch)
    assert step.position == "7"


def test_what_we_may_not_see_is_asked_for_again_later() -> None:
    it = watching()
    step = it.failed(ApiError("forbidden", 403, "Forbidden"))
    assert isinstance(step, Watch)
    assert step.delay_s > 0


def test_a_watch_that_broke_or_ended_early_may_be_another_servers_now() -> None:
    for step in (
        watching().failed(RetryError("away")),
        watching().closed(lasted_s=100),
        watching().silent(),
    ):
        assert isinstance(step, Watch)
        assert step.doubtful


def test_what_is_known_of_the_server_is_not_doubted() -> None:
    first, in_time = machine("7").start(), watching().closed(lasted_s=1250)
    for step in (first, in_time):
        assert isinstance(step, Watch)
        assert not step.doubtful


def test_a_server_that_is_not_behind_is_watched_on() -> None:
    it = watching("7")
    it.failed(RetryError("away"))
    assert it.stands_at("7", ["3"]) is None
    step = it.closed(lasted_s=1250)
    assert step == Watch("7", 1500)


def test_a_server_that_is_behind_is_listed() -> None:
    it = watching("10")
    it.failed(RetryError("away"))
    assert it.stands_at("9", ["3"]) == List()


def test_events_that_a_server_repeats_are_no_way_back() -> None:
    it = watching("7")
    for version in ("9", "8", "", "none"):
        it.seen(version)
    assert it.position == "9"


def first_list(*, empty: bool) -> Machine:
    it = machine()
    it.start()
    it.page("5", "")
    it.listed(empty=empty)
    return it


def test_after_an_empty_first_list_the_server_is_soon_asked_once_more() -> None:
    it = machine()
    it.start()
    it.page("5", "")
    assert it.listed(empty=True) == Watch("5", 12)
    step = it.closed(lasted_s=10)
    assert isinstance(step, Watch)
    assert step.doubtful
    assert it.stands_at("9", []) is None
    assert it.closed(lasted_s=1250) == Watch("5", 1500)


def test_an_empty_first_list_of_a_server_that_had_something_is_fetched_anew() -> None:
    it = first_list(empty=True)
    it.closed(lasted_s=10)
    assert it.stands_at("9", ["7", "5"]) == List()


def test_what_came_after_an_empty_first_list_makes_it_no_lie() -> None:
    it = first_list(empty=True)
    it.closed(lasted_s=10)
    assert it.stands_at("9", ["6", "9"]) is None


def test_a_first_list_with_something_in_it_is_enough() -> None:
    assert first_list(empty=False).closed(lasted_s=1250) == Watch("5", 1500)
    later = machine("3")
    later.failed(EXPIRED)
    later.page("5", "")
    assert later.listed(empty=True) == Watch("5", 1500)
