"""`brygga log`: a merchant's sync log in words, or the details of a support id."""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from brygga.cli import arguments, logs, process
from brygga.cli.process import Runtime
from brygga.core.report import Severity, Topic
from brygga.database import connections, support, synclog
from brygga.database.synclog import Filter, Logged
from brygga.web.i18n import LANGUAGES, words
from brygga.web.lines import spoken

MARKS = {Severity.INFO: " ", Severity.WARNING: "?", Severity.ERROR: "!"}


def add(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "connection",
        type=arguments.connection,
        nargs="?",
        help="the number of a connection, as `brygga status` shows it",
    )
    what.add_argument(
        "--support-id",
        default="",
        metavar="ID",
        help="the report that a merchant's support id stands for",
    )
    parser.add_argument(
        "--product", default="", metavar="UUID", help="only lines about this Zettle product"
    )
    parser.add_argument("--topic", choices=[topic.value for topic in Topic])
    parser.add_argument("--severity", choices=[severity.value for severity in Severity])
    parser.add_argument(
        "--lines",
        type=arguments.between(1, 10_000),
        default=50,
        metavar="N",
        help="the newest N lines, 50 by default",
    )
    parser.add_argument("--language", choices=LANGUAGES, default="en")
    parser.add_argument("--json", action="store_true", help="print JSON, newest line first")


def run(asked: argparse.Namespace) -> int:
    logs.configure()
    return process.run(lambda runtime: _log(asked, runtime))


async def _log(asked: argparse.Namespace, runtime: Runtime) -> int:
    database = runtime.database()
    try:
        async with database.read() as tx:
            if asked.support_id:
                case = await support.by_id(tx, asked.support_id)
                return _case(case, asked.support_id)
            if await connections.by_id(tx, asked.connection) is None:
                return arguments.unknown(asked.connection)
            found = await synclog.page(tx, asked.connection, wanted(asked), limit=asked.lines)
    finally:
        await database.close()
    print(as_json(found, asked.language) if asked.json else reported(found, asked.language))
    return 0


def wanted(asked: argparse.Namespace) -> Filter:
    return Filter(
        Topic(asked.topic) if asked.topic else None,
        (Severity(asked.severity),) if asked.severity else (),
        asked.product,
    )


def reported(found: Sequence[Logged], language: Any) -> str:
    """Oldest first, in a terminal's reading order; warnings and errors with what to do."""
    return (
        "\n".join(line for logged in reversed(found) for line in _reported(logged, language))
        or "nothing yet"
    )


def _reported(logged: Logged, language: Any) -> list[str]:
    line = logged.line
    sentence, _, action = spoken(words(language), line.code.value, line.params)
    head = (
        f"{logged.at:%Y-%m-%d %H:%M:%S}Z {MARKS[line.severity]} {line.topic.value:<10} {sentence}"
    )
    return [head] if line.severity is Severity.INFO else [head, f"{'':>34}{action}"]


def as_json(found: Sequence[Logged], language: Any) -> str:
    return json.dumps(
        [_as_json(logged, language) for logged in found], indent=2, ensure_ascii=False
    )


def _as_json(logged: Logged, language: Any) -> dict[str, Any]:
    line = logged.line
    sentence, cause, action = spoken(words(language), line.code.value, line.params)
    return {
        "at": logged.at.isoformat(),
        "code": line.code.value,
        "topic": line.topic.value,
        "severity": line.severity.value,
        "product": line.subject,
        "params": dict(line.params),
        "sentence": sentence,
        "cause": cause,
        "action": action,
    }


def _case(case: support.Case | None, support_id: str) -> int:
    if case is None:
        print(f"there is no report for the support id {support_id}", file=sys.stderr)
        return 1
    whole = {
        "support_id": case.support_id,
        "connection": case.connection_id,
        "at": case.at.isoformat(),
        "about": case.subject,
    }
    print(json.dumps({**whole, **case.bundle}, indent=2, ensure_ascii=False))
    return 0
