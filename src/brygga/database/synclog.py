"""What happened, for the merchant: codes with parameters, newest first. The page that shows them
makes the sentences.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from brygga.core.report import Code, Line, Severity, Topic
from brygga.database import ageing
from brygga.database.engine import Tx
from brygga.database.tables import synclog
from brygga.database.values import to_json

KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Logged:
    """A line and when it was written. `id` grows with time within a connection and serves as the
    cursor of a page.
    """

    id: int
    at: datetime
    line: Line


@dataclass(frozen=True, slots=True)
class Filter:
    topic: Topic | None = None
    severities: tuple[Severity, ...] = ()
    """None: all."""
    subject: str = ""
    codes: tuple[Code, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    """Before this time."""
    subjects: tuple[str, ...] | None = None
    """Only lines about one of these products. None: about any, or about none."""


@dataclass(frozen=True, slots=True)
class Success:
    """A4: when product sync and stock sync last did what they should."""

    product: datetime | None
    stock: datetime | None


_ADD = sa.text("""
    INSERT INTO synclog (connection_id, at, code, topic, severity, subject, variant, params)
    SELECT :id, :now, code, topic, severity, subject, variant, params
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS n (place integer, code text, topic text,
        severity text, subject text, variant text, params jsonb)
    ORDER BY place
""")


async def add(tx: Tx, connection_id: int, lines: Line | Iterable[Line], now: datetime) -> None:
    """All in one statement, in this order."""
    written = [lines] if isinstance(lines, Line) else list(lines)
    if written:
        await tx.run(_ADD, {"id": connection_id, "now": now, "rows": added(written)})


def added(lines: Iterable[Line]) -> str:
    """These lines as JSON, numbered in this order by `place`."""
    rows = [
        {
            "place": place,
            "code": line.code,
            "topic": line.topic,
            "severity": line.severity,
            "subject": line.subject,
            "variant": line.variant,
            "params": dict(line.params),
        }
        for place, line in enumerate(lines)
    ]
    return to_json(rows)


async def page(
    tx: Tx,
    connection_id: int,
    wanted: Filter = Filter(),
    *,
    before: int | None = None,
    limit: int = 50,
) -> Sequence[Logged]:
    """The newest lines, or those older than the line `before`."""
    conditions = _conditions(connection_id, wanted)
    if before is not None:
        conditions.append(synclog.c.id < before)
    statement = sa.select(synclog).where(*conditions).order_by(synclog.c.id.desc()).limit(limit)
    return [_logged(row) for row in await tx.rows(statement)]


async def one(tx: Tx, connection_id: int, number: int) -> Logged | None:
    """The line with that id, if it is this connection's."""
    statement = sa.select(synclog).where(
        synclog.c.connection_id == connection_id, synclog.c.id == number
    )
    row = await tx.first(statement)
    return None if row is None else _logged(row)


async def codes(tx: Tx, connection_id: int) -> frozenset[str]:
    """The codes that the log has a line of. It reads one line for each, however long the log is."""
    statement = sa.text("""
        WITH RECURSIVE found AS (
            (SELECT code FROM synclog WHERE connection_id = :id ORDER BY code LIMIT 1)
            UNION ALL
            SELECT (SELECT s.code FROM synclog s WHERE s.connection_id = :id AND s.code > f.code
                ORDER BY s.code LIMIT 1)
            FROM found f WHERE f.code IS NOT NULL
        )
        SELECT code FROM found WHERE code IS NOT NULL
    """)
    return frozenset(row.code for row in await tx.rows(statement, {"id": connection_id}))


async def subjects(
    tx: Tx, connection_id: int, code: Code, between: tuple[int, int], limit: int = 5_000
) -> Sequence[str]:
    """The products that the lines of a code between two ids are about, both ends included."""
    first, last = between
    statement = sa.text("""
        SELECT DISTINCT subject FROM synclog
        WHERE connection_id = :id AND code = :code AND id BETWEEN :first AND :last
            AND subject <> ''
        LIMIT :limit
    """)
    values = {"id": connection_id, "code": code.value, "first": first, "last": last}
    return [row.subject for row in await tx.rows(statement, {**values, "limit": limit})]


async def since(tx: Tx, connection_id: int, after: int, limit: int = 200) -> Sequence[Logged]:
    """Lines newer than the line `after`, oldest first: what a live page adds."""
    c = synclog.c
    statement = (
        sa.select(synclog)
        .where(c.connection_id == connection_id, c.id > after)
        .order_by(c.id)
        .limit(limit)
    )
    return [_logged(row) for row in await tx.rows(statement)]


async def counts(
    tx: Tx, connection_id: int, since: datetime
) -> Mapping[tuple[Topic, Severity], int]:
    """How many lines there are since then, by topic and severity. Every pair is included."""
    c = synclog.c
    statement = (
        sa.select(c.topic, c.severity, sa.func.count().label("lines"))
        .where(c.connection_id == connection_id, c.at >= since)
        .group_by(c.topic, c.severity)
    )
    found = {
        (Topic(row.topic), Severity(row.severity)): row.lines for row in await tx.rows(statement)
    }
    return {**{(topic, severity): 0 for topic in Topic for severity in Severity}, **found}


MOST = 10_000
"""More lines than this are not counted: nobody needs the exact number, and every page would wait
for it.
"""


async def count(tx: Tx, connection_id: int, wanted: Filter = Filter()) -> int:
    """How many lines there are. `MOST` + 1 means more than `MOST`."""
    some = (
        sa.select(sa.literal(1))
        .select_from(synclog)
        .where(*_conditions(connection_id, wanted))
        .limit(MOST + 1)
    )
    return int(await tx.scalar(sa.select(sa.func.count()).select_from(some.subquery())))


async def last_success(tx: Tx, connection_id: int) -> Success:
    """The newest line that is no warning or error, for each of the two."""
    c = synclog.c

    async def newest(topic: Topic) -> datetime | None:
        statement = (
            sa.select(c.at)
            .where(
                c.connection_id == connection_id,
                c.topic == topic.value,
                c.severity == Severity.INFO.value,
            )
            .order_by(c.id.desc())
            .limit(1)
        )
        found: datetime | None = await tx.scalar(statement)
        return found

    return Success(await newest(Topic.PRODUCT), await newest(Topic.STOCK))


async def prune(tx: Tx, now: datetime) -> int:
    return await ageing.delete_older(tx, synclog.c.at, now - KEPT)


def _conditions(connection_id: int, wanted: Filter) -> list[Any]:
    c = synclog.c
    conditions: list[Any] = [c.connection_id == connection_id]
    if wanted.topic is not None:
        conditions.append(c.topic == wanted.topic.value)
    if wanted.severities:
        conditions.append(c.severity.in_([severity.value for severity in wanted.severities]))
    if wanted.subject:
        conditions.append(c.subject == wanted.subject)
    if wanted.codes:
        conditions.append(c.code.in_([code.value for code in wanted.codes]))
    if wanted.since is not None:
        conditions.append(c.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(c.at < wanted.until)
    if wanted.subjects is not None:
        conditions.append(c.subject.in_(wanted.subjects))
    return conditions


def _logged(row: Any) -> Logged:
    line = Line(
        Code(row.code),
        Topic(row.topic),
        Severity(row.severity),
        row.subject,
        row.variant,
        row.params,
    )
    return Logged(row.id, row.at, line)
