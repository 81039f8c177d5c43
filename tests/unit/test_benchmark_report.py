"""How the benchmarks tell their figures."""

from pathlib import Path

from benchmarks import known, tables
from benchmarks.load import PODS
from benchmarks.page import write
from benchmarks.report import Table, conditions, markdown, write_page
from benchmarks.samples import Burst, Idle, Memory, Samples, Waits, waits
from benchmarks.spread import number, percentile, spread

PNG = b"\x89PNG"
PHASES = ("pods create", "pods bind", "pods status", "pods delete")
CPU = {"watchers": 0.5, "workers": 1.0, "Redis": 0.25}


def burst(rate: float, direct: float = 1000.0) -> Burst:
    return Burst(rate, direct, rate - 10, Waits(30, 60), CPU)


def filled() -> Samples:
    samples = Samples()
    for phase in PHASES:
        samples.bursts[phase] += [burst(each) for each in (480, 400, 440)]
        samples.idle[phase].append(Idle(Waits(6, 12), 1.5))
    rss = {"watchers": 80.0, "workers": 90.0, "Redis": 20.0}
    samples.memory[PODS.plural].append(Memory(6000, 2000, 3000, rss, rss))
    return samples


def test_a_spread_is_the_median_with_the_lowest_and_the_highest() -> None:
    assert str(spread([481.4, 455, 470])) == "470 (455..481)"
    assert str(spread([400, 500])) == "450 (400..500)"


def test_a_spread_of_equal_or_of_one_is_one_figure() -> None:
    assert str(spread([0.371, 0.3701])) == "0.37"
    assert str(spread([12])) == "12.0"
    assert spread([]) is None


def test_numbers_have_no_digits_that_say_nothing() -> None:
    values = (1262.4, 99.96, 38.21, 9.996, 3.807, 0.371, 0)
    assert [number(each) for each in values] == "1262 100 38.2 10.0 3.81 0.37 0.00".split()


def test_percentiles_lie_between_the_nearest_values() -> None:
    assert percentile([1.0, 2.0], 50) == 1.5
    assert percentile(list(range(101)), 99) == 99
    assert percentile([7.0], 99) == 7.0


def test_waits_are_from_the_answer_until_it_was_seen() -> None:
    found = waits({"a": 1.0, "b": 2.0, "c": 3.0}, {"a": 1.002, "b": 2.004, "c": 3.006, "d": 9.0})
    assert round(found.p50_ms, 6) == 4.0
    assert 5.9 < found.p99_ms < 6.0


def test_a_table_is_markdown_with_figures_to_the_right() -> None:
    told = markdown(Table("Rates", ["", "a"], [["pods", "1"]]))
    assert told == "**Rates**\n\n|  | a |\n| --- | ---: |\n| pods | 1 |"


def test_a_page_says_what_wrote_it_and_keeps_the_order(tmp_path: Path) -> None:
    write_page(tmp_path / "new" / "page.md", "Title", "make it", ["one", "two"])
    lines = (tmp_path / "new" / "page.md").read_text().splitlines()
    assert lines[0] == "# Title"
    assert "`make it`" in lines[2]
    assert lines[4:] == ["one", "", "two"]


def test_the_conditions_name_the_servers_and_the_cores() -> None:
    told = conditions("some servers")
    assert "on some servers; " in told
    assert " cores" in told


def test_throughput_stands_beside_direct_writes_and_the_known_figures() -> None:
    row = tables.throughput(filled()).rows[1]
    ours = ["pods bind", "440 (400..480)", "1000", "0.44 (0.40..0.48)"]
    assert row == [*ours, "150", "1183", "0.13"]


def test_the_cost_of_a_life_is_the_sum_of_its_phases() -> None:
    row = tables.cost(filled()).rows[-1]
    assert row == ["pods, whole life", "2.00", "4.00", "1.00", "7.00", "17.3 to 39.8"]


def test_a_life_is_summed_run_by_run() -> None:
    samples = Samples()
    for first, second in ((1.0, 2.0), (3.0, 0.5)):
        samples.bursts["pods create"].append(Burst(1, 1, 1, Waits(1, 1), {"workers": first}))
        samples.bursts["pods bind"].append(Burst(1, 1, 1, Waits(1, 1), {"workers": second}))
    assert samples.life_ms("pods") == [{"workers": 3.0}, {"workers": 3.5}]


def test_redis_is_compared_with_the_json_of_both_objects() -> None:
    assert tables.memory(filled()).rows == [["pods", "6000", "2000", "3000", "1.20"]]


def test_all_rows_are_as_wide_as_their_head() -> None:
    for table in tables.tables(filled()):
        assert {len(row) for row in table.rows} == {len(table.columns)}, table.title


def test_the_page_shows_every_plot_that_was_drawn(tmp_path: Path) -> None:
    text = write(tmp_path, "single", ["Measured."], filled()).read_text()
    drawn = sorted(tmp_path.glob("*.png"))
    assert len(drawn) == 4
    assert all(each.read_bytes().startswith(PNG) for each in drawn)
    assert all(f"]({each.name})" in text for each in drawn)
    assert known.CONDITIONS in text
