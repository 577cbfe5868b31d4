"""What an operator reads: one line per event, on standard error, without the values involved in an
error.
"""

import logging
import sys

import structlog

CHATTY = ("httpx2", "httpcore2", "pgqueuer", "uvicorn", "uvicorn.error", "asyncio")


def configure(level: int = logging.INFO) -> None:
    """Lines for a person on a terminal, JSON elsewhere. Tracebacks never show variables: they hold
    tokens and merchants' data.
    """
    person = sys.stderr.isatty()
    render: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if person
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(
        level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
