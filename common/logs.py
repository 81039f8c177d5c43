"""Structured logs: a constant message and key=value fields, as JSON lines or as text.

    log = get_log(__name__)
    log.info("stream synced", stream=stream.name, objects=12)

A field is a plain value. Objects (dicts, lists, bytes) are not written, only their type: one of
them might be a Secret.
"""

import logging
import sys
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

import orjson

Style = Literal["text", "json"]
_PLAIN = (str, int, float, bool, type(None))
_STANDARD = {*logging.makeLogRecord({}).__dict__, "fields", "message", "asctime", "taskName"}


class Log:
    """A logger whose calls take fields by name."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger

    def debug(self, message: str, **fields: object) -> None:
        self._log(logging.DEBUG, message, fields)

    def info(self, message: str, **fields: object) -> None:
        self._log(logging.INFO, message, fields)

    def warning(self, message: str, **fields: object) -> None:
        self._log(logging.WARNING, message, fields)

    def error(self, message: str, **fields: object) -> None:
        self._log(logging.ERROR, message, fields)

    def exception(self, message: str, **fields: object) -> None:
        """An error with the traceback of the exception at hand: for bugs, not for outages."""
        self._log(logging.ERROR, message, fields, exc_info=True)

    def _log(
        self, level: int, message: str, fields: dict[str, object], exc_info: bool = False
    ) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, message, extra={"fields": fields}, exc_info=exc_info)


def get_log(name: str) -> Log:
    return Log(logging.getLogger(name))


def set_up(style: Style = "text", level: str = "info", stream: TextIO | None = None) -> None:
    """Send every log of this process to `stream` (default: standard error)."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter())
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, then the fields."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            **_fields(record),
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return orjson.dumps(line).decode()


class TextFormatter(logging.Formatter):
    """`12:00:00.000 info    watchers.supervisor stream synced  stream=x objects=12`."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created).astimezone()
        fields = " ".join(f"{key}={_shown(value)}" for key, value in _fields(record).items())
        line = (
            f"{time:%H:%M:%S}.{time.microsecond // 1000:03d} {record.levelname.lower():7} "
            f"{record.name} {record.getMessage()}"
        )
        if fields:
            line += f"  {fields}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """The fields of our own calls, and what others pass as `extra`."""
    given: dict[str, object] = getattr(record, "fields", {})
    extra = {key: value for key, value in record.__dict__.items() if key not in _STANDARD}
    return {key: _plain(value) for key, value in {**extra, **given}.items()}


def _plain(value: object) -> Any:
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, dict | list | tuple | set | frozenset | bytes | bytearray):
        return f"<{type(value).__name__}>"
    return str(value)


def _shown(value: object) -> str:
    text = str(value)
    return f'"{text}"' if not text or any(c in text for c in ' "=\n') else text
