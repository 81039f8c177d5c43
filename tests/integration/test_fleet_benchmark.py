"""The fleet benchmark's parts with tiny sizes, on the sandbox: that they find what they look for,
not how fast anything is."""

import asyncio
from pathlib import Path

import pytest

from benchmarks.fleet import fairness, many, page, scale, scan, start
from benchmarks.fleet.delay import Delay
from benchmarks.fleet.part import Folders, Section


@pytest.fixture(autouse=True)
def _sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)


def _cells(section: Section, row: str) -> list[str]:
    """Of all rows of that name, without the name."""
    rows = [each for table in section.tables for each in table.rows]
    return [cell for each in rows if each[0] == row for cell in each[1:]]


@pytest.mark.slow
async def test_all_pods_of_many_virtual_clusters_arrive(tmp_path: Path) -> None:
    sizes = many.Sizes(clusters=3, pods=4, direct=4, idle_s=0.5, settle_s=0.1)
    section = await many.run(sizes, Folders(tmp_path, tmp_path))
    assert _cells(section, "pods a second") != [""]
    assert float(_cells(section, "JSON of an object, bytes")[2]) > 500
    assert (tmp_path / "fleet-many.png").stat().st_size > 1000


@pytest.mark.slow
async def test_regular_virtual_clusters_are_measured_in_both_directions(tmp_path: Path) -> None:
    sizes = fairness.Sizes(greedy=1, greedy_pods=20, regular=2, turns=2, repeats=1)
    section = await fairness.run(sizes, Folders(tmp_path, tmp_path))
    down, up = section.tables
    assert len(down.rows) == len(up.rows) == 7
    assert all(float(table.rows[0][1]) > 0 for table in (down, up))


@pytest.mark.slow
async def test_the_rate_of_each_number_of_workers_is_measured(tmp_path: Path) -> None:
    sizes = scale.Sizes(counts=(1, 2), pods=24, concurrency=1, clusters=2, repeats=1)
    section = await scale.run(sizes, Folders(tmp_path, tmp_path))
    rates = [float(row[1]) for row in section.tables[0].rows]
    assert 0 < rates[0] <= 1 / sizes.delay_s


@pytest.mark.slow
async def test_a_cold_start_writes_nothing(tmp_path: Path) -> None:
    sizes = start.Sizes(clusters=2, pods=3, repeats=1)
    section = await start.run(sizes, Folders(tmp_path, tmp_path))
    assert _cells(section, "writes to the host, the most of any run")[0] == "0"
    assert _cells(section, "host pods changed, the most of any run")[0] == "0"


async def test_the_scan_of_pairs_that_agree_is_reported(tmp_path: Path) -> None:
    section = await scan.run(scan.Sizes(pods=20, repeats=2), Folders(tmp_path, tmp_path))
    assert _cells(section, "API calls, the most of any run")[0] == "0"


async def test_the_longer_way_delays_requests_and_not_answers() -> None:
    arrived: list[float] = []
    loop = asyncio.get_running_loop()

    async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            arrived.append(loop.time())
            writer.write(data.upper())
        writer.close()

    upstream = await asyncio.start_server(server, "127.0.0.1", 0)
    delay = Delay("127.0.0.1", upstream.sockets[0].getsockname()[1], 0.1)
    front = await asyncio.start_server(delay.serve, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*front.sockets[0].getsockname())
    sent = loop.time()
    writer.write(b"one")
    await asyncio.sleep(0.05)
    writer.write(b"two")
    writer.write_eof()
    assert await reader.read() == b"ONETWO"
    assert arrived[0] - sent >= 0.1
    assert arrived[1] - sent >= 0.15
    writer.close()
    front.close()
    upstream.close()


def test_a_page_keeps_the_sections_that_were_not_run(tmp_path: Path) -> None:
    file, titles = tmp_path / "fleet.md", ["One", "Two"]
    page.write(file, titles, [Section("Two", ["old"], [])])
    page.write(file, titles, [Section("One", ["first"], [])])
    page.write(file, titles, [Section("Two", ["new"], [])])
    text = file.read_text()
    assert "old" not in text
    assert text.index("## One\n\nfirst") < text.index("## Two\n\nnew")
