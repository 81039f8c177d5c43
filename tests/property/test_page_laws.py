"""Whatever tenants call things and servers say, a page keeps its form."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from common.explain import Explanation, Seen
from common.keys import Key
from common.page import finding, fleet, item
from common.page.glance import Glance
from common.page.markup import element, plain
from common.process.views import Answer
from common.status.running import Process
from common.status.standing import Everything, Row, Scan, Standing
from common.workqueue.depth import Backlog
from common.workqueue.overview import Load, Trouble

WORDS = st.text(min_size=1, max_size=40) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "</style></main><h1>",
        "&lt;b&gt;",
        "javascript:alert(1)",
        "a' onclick='x",
        "\u202eno\x00",
    ]
)
ANY = WORDS | st.text(st.characters(categories=["Cs", "Cc", "Cf", "L"]))


class Form(HTMLParser):
    """Elements and names of attributes in order, texts, and where links lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.form: list[tuple[str, ...]] = []
        self.text = ""
        self.places: set[str] = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.form.append((tag, *(name for name, _ in attrs)))
        self.places |= {(value or "").partition("?")[0] for name, value in attrs if name == "href"}

    def handle_endtag(self, tag: str) -> None:
        self.form.append((f"/{tag}",))

    def handle_data(self, data: str) -> None:
        self.text += data


def form(answer: Answer) -> Form:
    return Form(answer.body.decode())


def overview(words: str) -> Answer:
    key = Key(words, words, words, words)
    trouble = Trouble(key, "failing", 3, 70.0, 9.0, words)
    row = Row(words, 3, 2, Load(1, 1, 1, 9.0))
    standing = Standing(words, [row], [trouble], [words], [words], Scan(9.0, 3, 1))
    processes = [Process("watcher", words, 1.0), Process("worker", words, 1.0, words, 2, 1)]
    backlog = Backlog(1, 1, 1, 1, 9.0)
    glance = Glance(Everything([standing], 1, 1, [words]), {words: backlog}, processes)
    return fleet.overview(glance, {"cluster": words})


def of_object(words: str) -> Answer:
    seen = Seen(words, words, words, words, False)
    key = Key(words, words, words, words)
    members = [f"pods {words}"]
    told = Explanation(key, seen, seen, "failing", words, 3, 9.0, 9.0, members, members, [words])
    return item.item(told, {"cluster": words, "x": words})


def found(words: str) -> Answer:
    return finding.finding([words], words, "", [Key(words, words, words, words)])


@given(WORDS)
def test_no_words_change_the_form_of_a_page_or_where_it_leads(words: str) -> None:
    for page in (overview, of_object, found):
        told, usual = form(page(words)), form(page("web"))
        assert told.form == usual.form, page
        assert told.places == usual.places <= {"./", "object", "#content", "data:,"}, page


@given(ANY)
def test_words_are_shown_as_they_are(words: str) -> None:
    made = Form(element("p", words, title=words))
    assert made.text == plain(words)


@given(ANY)
def test_what_is_shown_can_always_be_sent(words: str) -> None:
    assert plain(words).encode().decode() == plain(words)
    assert all(each.isprintable() or each == "\n" for each in plain(words))
