import io
import logging
from collections.abc import Iterator

import orjson
import pytest

from common.process.logs import Style, get_log, set_up


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


def logged(style: Style, **fields: object) -> str:
    stream = io.StringIO()
    set_up(style, "info", stream)
    get_log("watchers.x").info("stream synced", **fields)
    return stream.getvalue()


def test_json_has_the_message_and_the_fields_side_by_side() -> None:
    line = orjson.loads(logged("json", stream="a pods", objects=3))
    assert (line["message"], line["level"], line["logger"]) == (
        "stream synced",
        "info",
        "watchers.x",
    )
    assert (line["stream"], line["objects"]) == ("a pods", 3)


def test_text_puts_the_fields_behind_the_message() -> None:
    line = logged("text", stream="a pods", objects=3)
    assert line.endswith("[info     ] stream synced [watchers.x] stream='a pods' objects=3\n")


def test_an_object_is_never_written_for_it_might_be_a_secret() -> None:
    secret = {"data": {"password": "hunter2"}}
    assert "hunter2" not in logged("json", obj=secret, raw=b"hunter2", all=[secret])
    assert "obj=<dict>" in logged("text", obj=secret)


def test_a_field_cannot_replace_the_message() -> None:
    stream = io.StringIO()
    set_up("json", "info", stream)
    get_log("x").info("real", level="forged", time="never")
    line = orjson.loads(stream.getvalue())
    assert (line["message"], line["level"]) == ("real", "info")


def test_extra_of_other_libraries_is_kept() -> None:
    stream = io.StringIO()
    set_up("json", "info", stream)
    logging.getLogger("other").warning("job %s refused", "j1", extra={"queue": "v.pods"})
    line = orjson.loads(stream.getvalue())
    assert (line["message"], line["queue"]) == ("job j1 refused", "v.pods")


def test_an_exception_comes_with_its_traceback() -> None:
    stream = io.StringIO()
    set_up("json", "info", stream)
    try:
        raise ValueError("broken")
    except ValueError:
        get_log("x").exception("it failed")
    assert "ValueError: broken" in orjson.loads(stream.getvalue())["exception"]


def test_what_is_below_the_level_is_not_written() -> None:
    stream = io.StringIO()
    set_up("text", "warning", stream)
    get_log("x").info("quiet")
    assert stream.getvalue() == ""
