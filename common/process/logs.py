"""Structured logs, by structlog: a constant message and key=value fields, as JSON lines or as text.

    log = get_log(__name__)
    log.info("stream synced", stream=stream.name, objects=12)

A field is a plain value. Objects (dicts, lists, bytes) are not written, only their type: one of
them might be a Secret. What other libraries log comes out in the same form.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final, Literal, TextIO

import orjson
import structlog
from structlog.stdlib import BoundLogger, ProcessorFormatter
from structlog.typing import Processor

Style = Literal["text", "json"]
Fields = MutableMapping[str, Any]
_PLAIN: Final = (str, int, float, bool, type(None))
_OWN: Final = frozenset({"event", "exc_info", "_record", "_from_structlog"})


def get_log(name: str) -> BoundLogger:
    log: BoundLogger = structlog.stdlib.get_logger(name)
    return log


def set_up(style: Style = "text", level: str = "info", stream: TextIO | None = None) -> None:
    """Send every log of this process to `stream` (default: standard error)."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter(style, colors=handler.stream.isatty()))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)


def formatter(style: Style, *, colors: bool = False) -> logging.Formatter:
    """For records of ours and of others: time (UTC), level, message, logger and the fields."""
    renderers: list[Processor] = [structlog.processors.EventRenamer("message"), _json]
    if style == "text":
        renderers = [_console(colors)]
    return ProcessorFormatter(
        processors=[ProcessorFormatter.remove_processors_meta, *renderers],
        foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *_COMMON],
    )


def _plain_only(_logger: object, _method: str, fields: Fields) -> Fields:
    for key, value in fields.items():
        if key not in _OWN and not isinstance(value, _PLAIN):
            fields[key] = _shown(value)
    return fields


def _shown(value: object) -> str:
    if isinstance(value, dict | list | tuple | set | frozenset | bytes | bytearray):
        return f"<{type(value).__name__}>"
    return str(value)


def _console(colors: bool) -> Processor:
    return structlog.dev.ConsoleRenderer(
        colors=colors, timestamp_key="time", sort_keys=False, pad_event_to=0
    )


def _json(_logger: object, _method: str, fields: Fields) -> str:
    return orjson.dumps(fields).decode()


_COMMON: Final[list[Processor]] = [
    _plain_only,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    structlog.processors.format_exc_info,
]

structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_COMMON,
        ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=BoundLogger,
    cache_logger_on_first_use=True,
)
