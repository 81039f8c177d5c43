"""How `tohost status` reads."""

import pytest

from common.ages import duration
from common.keys import Key
from common.status.standing import Everything, Row, Scan, Standing
from common.workqueue.overview import Load, Trouble
from tohost.status_text import LINE, SHOWN, as_data, as_text

KEY = Key("my-vcluster", "pods", "default", "web-0")


def failing(words: str = "Forbidden: exceeded quota", key: Key = KEY) -> Trouble:
    return Trouble(key, "failing", 7, 260.0, 21.5, words)


def standing(*troubles: Trouble, **fields: object) -> Standing:
    whole = {
        "name": "my-vcluster",
        "rows": [
            Row("configmaps", 4, 2, Load()),
            Row("pods", 1200, 1199, Load(2, 40, len(troubles), 260)),
        ],
        "troubles": troubles,
        "problems": [],
        "notes": [],
        "scan": None,
    }
    return Standing(**{**whole, **fields})  # type: ignore[arg-type]


def everything(*clusters: Standing) -> Everything:
    return Everything(clusters, 2, 1, [])


def test_a_page_of_text() -> None:
    lines = as_text(everything(standing(failing(), scan=Scan(70, 1204, 1)))).splitlines()
    assert lines == [
        "2 watchers, 1 worker",
        "",
        "my-vcluster: needs a look; scanned 70s ago (1204 pairs, 1 looked at again)",
        "  KIND        VIRTUAL  HOST  PENDING  LATER  FAILING  OLDEST",
        "  configmaps        4     2        0      0        0       -",
        "  pods           1200  1199        2     40        1      4m",
        "FAILING  my-vcluster pods default/web-0  Forbidden: exceeded quota"
        "  (7 failures for 4m, next in 21s)",
    ]


def test_problems_and_notes_stand_above_the_objects() -> None:
    told = standing(failing(), problems=["deletion brake: 30 of 40"], notes=["widgets: away"])
    lines = as_text(everything(told)).splitlines()
    assert lines[-3:-1] == [
        "PROBLEM  my-vcluster deletion brake: 30 of 40",
        "NOTE  my-vcluster widgets: away",
    ]


def test_servers_words_stay_on_one_line_and_move_no_cursor() -> None:
    text = as_text(everything(standing(failing("bad\n  worse\x1b[2J" + "x" * 500))))
    [line] = [each for each in text.splitlines() if each.startswith("FAILING")]
    assert "bad worse [2Jx" in line
    assert "\x1b" not in text
    assert len(line) < LINE + 100


def test_many_troubles_are_cut_in_text_and_whole_in_data() -> None:
    many = [failing(key=Key("my-vcluster", "pods", "default", f"p{n}")) for n in range(SHOWN + 5)]
    told = everything(standing(*many))
    assert as_text(told).splitlines()[-1] == "... and 5 more; -o json shows all"
    assert len(as_data(told)["virtualClusters"][0]["objects"]) == SHOWN + 5


@pytest.mark.parametrize(
    ("state", "fine"), [("failing", False), ("retrying", True), ("waiting", True)]
)
def test_only_what_fails_is_not_fine(state: str, fine: bool) -> None:
    trouble = Trouble(KEY, state, 3, 20, 0, "503")  # type: ignore[arg-type]
    assert everything(standing(trouble)).fine is fine


def test_a_cluster_in_trouble_is_not_fine() -> None:
    assert not everything(standing(problems=["replaced"])).fine
    assert not Everything([standing()], 0, 1, ["no watcher runs"]).fine


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0s"), (119, "119s"), (120, "2m"), (7200, "2h"), (3 * 86400, "3d")],
)
def test_durations_are_short(seconds: float, text: str) -> None:
    assert duration(seconds) == text
