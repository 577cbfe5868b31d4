"""What an operator reads: one line per event, on standard error, without the values involved in an
error.
"""

import logging
import re
import sys
from typing import Any, Final

import structlog

CHATTY = ("httpx2", "httpcore2", "pgqueuer", "uvicorn", "uvicorn.error", "asyncio")


HOOK_KEY: Final = re.compile(r"(/hooks/(?:zettle|bigcommerce)/)[^/\s\"'?#\\<>]+")
"""Whoever knows the address of a merchant's webhooks can send some: it stands in no line."""


def without_keys(text: str) -> str:
    return HOOK_KEY.sub(r"\1…", text)


def masked(_: Any, __: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The line without the keys of webhook addresses, wherever they stand: also in a traceback."""
    return {
        name: without_keys(value) if isinstance(value, str) else value
        for name, value in line.items()
    }


class MaskedFormatter(logging.Formatter):
    """The same for lines of the packages that we use."""

    def format(self, record: logging.LogRecord) -> str:
        return without_keys(super().format(record))


def configure(level: int = logging.INFO) -> None:
    """Lines for a person on a terminal, JSON elsewhere. Tracebacks never show variables: they hold
    tokens and merchants' data.
    """
    person = sys.stderr.isatty()
    render: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if person
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            masked,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(
        level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    for handler in logging.getLogger().handlers:
        handler.setFormatter(MaskedFormatter("%(levelname)s %(name)s: %(message)s"))
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
