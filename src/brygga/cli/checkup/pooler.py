"""Where a pooler in transaction mode stands before PostgreSQL: both addresses lead to one database,
and the role says what our sessions cannot say.
"""

from typing import Any, Final

import psycopg

from brygga.cli.checkup.findings import Finding, well, wrong
from brygga.database.engine import Database, DatabaseGone
from brygga.database.rights import Session, session

_HERE: Final = """
    SELECT current_database(), pg_postmaster_start_time(), current_setting('TimeZone')
"""


async def pooler(opened: Database) -> list[Finding]:
    """What is wrong with the two addresses. []: there is no pooler that Brygga knows of."""
    if opened.direct_url is None:
        return []
    try:
        async with opened.read() as tx:
            through = await session(tx)
    except DatabaseGone as gone:
        return [wrong(str(gone), "start the pooler, or mend BRYGGA_DATABASE_URL")]
    try:
        async with await psycopg.AsyncConnection.connect(
            opened.direct_url, autocommit=True, connect_timeout=10
        ) as own:
            row = await (await own.execute(_HERE)).fetchone()
    except (psycopg.Error, OSError) as gone:
        first = (str(gone).strip().splitlines() or [""])[0]
        return [
            wrong(
                f"PostgreSQL does not answer beside its pooler: {first}",
                "see that BRYGGA_DATABASE_DIRECT_URL names PostgreSQL itself",
            )
        ]
    return judged(through, row)


def judged(through: Session, own: Any) -> list[Finding]:
    """`own`: the name, the start and the time zone of the database at its own address."""
    if own is None or (own[0], own[1]) != (through.database, through.started_at):
        return [
            wrong(
                "BRYGGA_DATABASE_URL and BRYGGA_DATABASE_DIRECT_URL lead to two databases",
                "both must name the same one: the pooler's address and PostgreSQL's own",
            )
        ]
    lacking = [
        name
        for name, lacks in (
            ("statement_timeout = '30s'", through.statement_timeout in {"0", ""}),
            ("timezone = 'UTC'", through.timezone not in {"UTC", "Etc/UTC"}),
        )
        if lacks
    ]
    if lacking:
        mend = "; ".join(f"ALTER ROLE {through.role} SET {one}" for one in lacking)
        return [wrong("the pooler's sessions lack what Brygga counts on", mend)]
    return [well("the pooler and PostgreSQL's own address lead to one database")]
