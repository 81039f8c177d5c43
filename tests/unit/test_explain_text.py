"""How `tohost explain` reads."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from common.explain import Explanation, Seen
from common.keys import Key
from tohost.explain_text import SHOWN, as_data, as_text

HOST_NAME = "my-vcluster-default-web-0-x-default-x-my-vcluster"
FINE = Explanation(
    key=Key("my-vcluster", "pods", "default", "web-0"),
    virtual=Seen("web-0", "default", "1234", "4b1d", False),
    host=Seen(HOST_NAME, "vc-my-vcluster", "99", "77aa", True),
    state="in sync",
    words="both are there and nothing is to be done",
    tries=0,
    since_s=0.0,
    next_s=3000.0,
    referred_by=[],
    refers_to=["configmaps default/settings", "secrets default/tls"],
    notes=["it's looked at again: a token ends"],
)


def test_a_page_of_text() -> None:
    assert as_text(FINE).splitlines() == [
        "my-vcluster pods default/web-0: in sync",
        "  both are there and nothing is to be done",
        "  looked at again in 50m",
        "",
        "  virtual     default/web-0  (version 1234, uid 4b1d)",
        f"  host        vc-my-vcluster/{HOST_NAME}  (version 99, uid 77aa)  being deleted",
        "  refers to   configmaps default/settings",
        "              secrets default/tls",
        "NOTE  it's looked at again: a token ends",
    ]


def test_failures_come_with_what_can_be_done() -> None:
    told = replace(FINE, state="failing", words="no", tries=17, since_s=250, next_s=21, host=None)
    lines = as_text(told).splitlines()
    assert lines[2] == "  17 failures for 4m, looked at again in 21s"
    assert "  host        -" in lines
    assert lines[-1] == "To have it tried now: tohost requeue my-vcluster pods default/web-0"


def test_many_referrers_are_cut_in_text_and_whole_in_data() -> None:
    many = [f"pods default/p{n:03}" for n in range(SHOWN + 5)]
    told = replace(FINE, referred_by=many)
    assert "... and 5 more; -o json shows all" in as_text(told)
    assert as_data(told)["referredBy"] == many


@given(st.text(), st.text(), st.text())
def test_nobodys_words_add_lines_or_move_a_cursor(words: str, note: str, name: str) -> None:
    host = Seen(name, "h", "1", "u", False)
    told = replace(FINE, words=words, notes=[note], host=host)
    text = as_text(told)
    assert text.count("\n") == as_text(FINE).count("\n")
    assert all(each.isprintable() for each in text.split("\n"))
