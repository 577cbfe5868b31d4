"""How many products were affected within the rolling hour, and the questions to the merchant when
there were too many (decision 9).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from brygga.database.engine import Tx
from brygga.database.tables import effects, questions
from brygga.database.values import unique


@dataclass(frozen=True, slots=True)
class Question:
    """`answer` is "" until the merchant has answered, then "go" or "stop"."""

    kind: str
    subjects: tuple[str, ...]
    asked_at: datetime
    answer: str = ""
    answered_at: datetime | None = None


async def note(
    tx: Tx, connection_id: int, kind: str, subjects: Collection[str], now: datetime
) -> None:
    """These subjects had this effect now. One that had it already within the hour counts once."""
    if not subjects:
        return
    statement = sa.text("""
        INSERT INTO effects (connection_id, kind, subject, at)
        SELECT :id, :kind, s.subject, :now FROM unnest(CAST(:subjects AS text[])) AS s (subject)
        ON CONFLICT (connection_id, kind, subject) DO UPDATE SET at = EXCLUDED.at
    """)
    await tx.run(
        statement, {"id": connection_id, "kind": kind, "now": now, "subjects": unique(subjects)}
    )


async def noted_since(tx: Tx, connection_id: int, kind: str, since: datetime) -> Sequence[str]:
    c = effects.c
    statement = sa.select(c.subject).where(
        c.connection_id == connection_id, c.kind == kind, c.at >= since
    )
    return [row.subject for row in await tx.rows(statement.order_by(c.subject))]


async def prune(tx: Tx, now: datetime) -> int:
    return await tx.run(sa.delete(effects).where(effects.c.at < now - timedelta(days=1)))


async def ask(tx: Tx, connection_id: int, question: Question) -> bool:
    """Asks the question, or adds to the one that waits. True when it is new, so that the merchant
    is notified once.
    """
    before = await open_question(tx, connection_id, question.kind)
    subjects = unique([*(before.subjects if before else ()), *question.subjects])
    values: dict[str, Any] = {
        "subjects": subjects,
        "asked_at": before.asked_at if before else question.asked_at,
        "answer": "",
        "answered_at": None,
    }
    statement = insert(questions).values(connection_id=connection_id, kind=question.kind, **values)
    await tx.run(
        statement.on_conflict_do_update(index_elements=["connection_id", "kind"], set_=values)
    )

    return before is None


async def answer(tx: Tx, connection_id: int, kind: str, go: bool, now: datetime) -> bool:
    """True when a question waited for this answer."""
    c = questions.c
    statement = sa.update(questions).where(
        c.connection_id == connection_id, c.kind == kind, c.answer == ""
    )
    return await tx.run(statement.values(answer="go" if go else "stop", answered_at=now)) == 1


async def open_question(tx: Tx, connection_id: int, kind: str) -> Question | None:
    found = (await all_questions(tx, connection_id)).get(kind)
    return found if found is not None and not found.answer else None


async def locked(tx: Tx, connection_id: int, kind: str) -> Question | None:
    """The question, locked until this transaction ends: an answer given meanwhile waits."""
    c = questions.c
    statement = (
        sa.select(c.kind).where(c.connection_id == connection_id, c.kind == kind).with_for_update()
    )
    await tx.rows(statement)
    return (await all_questions(tx, connection_id)).get(kind)


async def narrow(tx: Tx, connection_id: int, kind: str, subjects: Collection[str]) -> None:
    """The open question is about these subjects only, from now on."""
    c = questions.c
    statement = sa.update(questions).where(
        c.connection_id == connection_id, c.kind == kind, c.answer == ""
    )
    await tx.run(statement.values(subjects=unique(subjects)))


async def all_questions(tx: Tx, connection_id: int) -> Mapping[str, Question]:
    """Open and answered ones, by kind."""
    rows = await tx.rows(
        sa.select(questions)
        .where(questions.c.connection_id == connection_id)
        .order_by(questions.c.kind)
    )
    return {
        row.kind: Question(row.kind, tuple(row.subjects), row.asked_at, row.answer, row.answered_at)
        for row in rows
    }


async def close(tx: Tx, connection_id: int, kind: str) -> None:
    """The answer was carried out, or the question no longer matters."""
    c = questions.c
    await tx.run(sa.delete(questions).where(c.connection_id == connection_id, c.kind == kind))
