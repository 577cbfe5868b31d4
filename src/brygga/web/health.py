"""Whether this process lives, and whether it can do its work: for whoever starts and stops it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import sqlalchemy as sa
from litestar import Response, get
from litestar.datastructures import State

from brygga.database import migrating
from brygga.database.engine import (
    Database,
    DatabaseBusy,
    DatabaseGone,
    DatabaseUnfit,
    PoolExhausted,
)
from brygga.web.deps import WebDeps

Ready = Callable[[], Awaitable[Mapping[str, str]]]
"""Each check by its name: "ok", or what is wrong."""
OK: Final = "ok"
EXHAUSTED: Final = "no connection free"
"""All connections of this process to the database are in use. The database may be well."""
_QUEUE = sa.text("SELECT 1 FROM pgqueuer LIMIT 1")
_ANSWERS = sa.text("SELECT 1")


async def readiness(database: Database) -> Mapping[str, str]:
    """The database answers, has the schema of this version or of a newer one, and has the queue."""
    found = {"database": OK, "migrations": OK, "queue": OK}
    try:
        async with database.read() as tx:
            at = await migrating.revision(tx)
        if at in migrating.known() and at != migrating.newest():
            found["migrations"] = f"at {at}, needs {migrating.newest()}"
    except PoolExhausted:
        return dict.fromkeys(found, EXHAUSTED)
    except (DatabaseGone, DatabaseBusy):
        return dict.fromkeys(found, "unreachable")
    except DatabaseUnfit:
        return {**found, "migrations": "empty", "queue": "unknown"}
    try:
        async with database.read() as tx:
            await tx.rows(_QUEUE)
    except PoolExhausted:
        found["queue"] = EXHAUSTED
    except (DatabaseGone, DatabaseBusy):
        found["queue"] = "unreachable"
    except DatabaseUnfit:
        found["queue"] = "missing"
    return found


@get("/health", skip_session=True, exclude_from_csrf=True)
async def health(state: State) -> Response[dict[str, str]]:
    """200 while the database answers, 503 while it does not. It reads no table: anybody may ask."""
    deps: WebDeps = state.deps
    try:
        async with deps.database.read(once=True) as tx:
            await tx.scalar(_ANSWERS)
    except PoolExhausted:
        return Response({"status": EXHAUSTED}, status_code=503)
    except (DatabaseGone, DatabaseBusy):
        return Response({"status": "database unreachable"}, status_code=503)
    return Response({"status": OK})


@get("/healthz", skip_session=True, exclude_from_csrf=True)
async def alive(state: State) -> dict[str, str]:
    """200 while the process answers at all, whatever the database does."""
    return {"status": OK, "installation": state.installation}


@get("/readyz", skip_session=True, exclude_from_csrf=True)
async def ready(state: State) -> Response[dict[str, object]]:
    """200 when this process can do its work, 503 when it cannot. The checks say why."""
    checks: Mapping[str, str] = await state.ready()
    is_ready = all(found == OK for found in checks.values())
    body: dict[str, object] = {"status": "ready" if is_ready else "not ready", "checks": checks}
    return Response(body, status_code=200 if is_ready else 503)
