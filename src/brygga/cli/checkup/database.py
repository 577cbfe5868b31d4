"""The database: whether it answers, fits this version, and what it says about the work in it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from brygga.bigcommerce import oauth as shop_oauth
from brygga.cli.checkup.findings import Finding, look, well, wrong
from brygga.cli.checkup.mail import undelivered
from brygga.cli.checkup.pooler import pooler
from brygga.cli.checkup.webhooks import webhooks
from brygga.cli.process import Runtime
from brygga.core.model import Connection, Stage
from brygga.database import (
    alert_messages,
    connections,
    deliveries,
    migrating,
    resealing,
    restoring,
    rights,
    service_health,
    subscriptions,
    tokens,
    waiting_work,
)
from brygga.database.engine import Database, DatabaseGone, DatabaseUnfit, Tx
from brygga.database.restoring import Restored
from brygga.database.rights import Rights
from brygga.database.service_health import ServiceHealth
from brygga.database.waiting_work import Parked
from brygga.system import SystemClock

STOCK_LATE_S: Final = 120.0
"""Stock is synced within seconds: what has been due for longer does not move."""
WORK_LATE_S: Final = 3600.0
"""A first import of a large library takes long, and goes on all the while."""
CLOCK_S: Final = 5.0
"""The queue uses the database's clock, everything else this machine's."""
REASONS: Final = {
    "password authentication failed": "the password or the user in BRYGGA_DATABASE_URL is wrong",
    "does not exist": "create the role and the database, or mend BRYGGA_DATABASE_URL",
    "no pg_hba.conf entry": "let PostgreSQL accept this machine and user (pg_hba.conf)",
    "Connection refused": "start PostgreSQL, or mend host and port in BRYGGA_DATABASE_URL",
    "resolve host": "the host in BRYGGA_DATABASE_URL has no address",
    "remaining connection slots": "raise max_connections, or run fewer processes",
    "No space left": "free some room on the disk of the database",
    "SSL": "see that PostgreSQL speaks TLS as `sslmode` in BRYGGA_DATABASE_URL asks",
}


async def database(runtime: Runtime) -> list[Finding]:
    opened = runtime.database()
    try:
        return await _examined(opened, runtime)
    except DatabaseGone as gone:
        return [wrong(str(gone), _mend(str(gone)))]
    except DatabaseUnfit as unfit:
        return [wrong(unfit.what, unfit.mend)]
    finally:
        await opened.close()


def _mend(said: str) -> str:
    known = (mend for words, mend in REASONS.items() if words in said)
    return next(known, "start it, or mend BRYGGA_DATABASE_URL")


async def _examined(opened: Database, runtime: Runtime) -> list[Finding]:
    async with opened.read() as tx:
        granted = await rights.read(tx)
    found = [*may(granted), *await pooler(opened)]
    if granted.closed or not granted.schema:
        return found
    at, newest = await migrating.current(opened), migrating.newest()
    if at is not None and at not in migrating.known():
        unfit = migrating.is_newer(at)
        return [wrong(unfit.what, unfit.mend)]
    if at != newest:
        what = f"the database is at {at or 'nothing'}, this version needs {newest}"
        mend = "run `brygga migrate`, or start serve or worker, which do it"
        return [*found, wrong(what, mend)]
    async with opened.read() as tx:
        seen = await _read(tx, runtime)
    kind = "embedded PostgreSQL" if runtime.server else "PostgreSQL"
    facts = f"{len(seen.active)} connections, {seen.pending} work items wait"
    return [*found, well(f"{kind} at {newest}: {facts}"), *_judged(seen)]


# ---- What our role may do ------------------------------------------------------------------------


def may(granted: Rights) -> Iterator[Finding]:
    if granted.is_standby:
        yield wrong(
            "the database is a standby, which takes no writes",
            "BRYGGA_DATABASE_URL must name the primary server",
        )
    if not granted.schema:
        yield wrong(
            f"the database role {granted.role} may use no schema",
            f"as the owner: GRANT USAGE, CREATE ON SCHEMA public TO {granted.role}",
        )
    elif not granted.creates:
        yield wrong(
            f"the database role {granted.role} may not create tables in schema {granted.schema}: "
            "the next upgrade fails",
            f"as the owner: GRANT CREATE ON SCHEMA {granted.schema} TO {granted.role}",
        )
    if granted.closed:
        yield wrong(
            f"the database role {granted.role} may not read and write {_some(granted.closed)}",
            f"as the owner: GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "
            f"{granted.schema} TO {granted.role}; better, let it own them",
        )
    elif granted.foreign:
        yield wrong(
            f"the database role {granted.role} does not own {_some(granted.foreign)}: "
            "the next upgrade fails",
            f"as the owner: ALTER TABLE ... OWNER TO {granted.role}",
        )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more tables" if len(names) > 3 else "")


# ---- What is in it -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Seen:
    active: Sequence[Connection]
    pending: int
    health: ServiceHealth
    workers: int
    clock_s: float
    """By how many seconds this machine's clock is ahead of the database's."""
    lost: int
    old: int
    scopes: dict[int, frozenset[str]]
    parked: dict[int, Sequence[Parked]]
    restored: Sequence[tuple[int, Restored]]
    messages: Sequence[Finding]


async def _read(tx: Tx, runtime: Runtime) -> _Seen:
    clock = SystemClock()
    active = await connections.active(tx)
    there: datetime = await rights.clock(tx)
    received = await deliveries.of_last_day(tx, clock.now())
    elsewhere = await subscriptions.elsewhere(tx, runtime.settings.public_url)
    return _Seen(
        active=active,
        pending=await waiting_work.pending(tx),
        health=await service_health.read(tx, clock.now()),
        workers=await rights.workers(tx),
        clock_s=(clock.now() - there).total_seconds(),
        lost=await resealing.lost(tx),
        old=await resealing.outdated(tx),
        scopes={
            one.id: frozenset(scopes.split())
            for one in active
            if one.shop and (scopes := await tokens.scopes(tx, one.id, tokens.Platform.BIGCOMMERCE))
        },
        restored=[
            (number, found)
            for number in await restoring.waiting(tx)
            if (found := await restoring.state(tx, number)) is not None
        ],
        parked={one.id: await waiting_work.parked(tx, one.id) for one in active},
        messages=[
            *webhooks(received, elsewhere),
            *undelivered(await alert_messages.waiting(tx)),
        ],
    )


def _judged(seen: _Seen) -> Iterator[Finding]:
    if abs(seen.clock_s) > CLOCK_S:
        yield look(
            f"the database's clock and this machine's differ by {abs(seen.clock_s):.0f} s",
            "let both follow a time server: the queue waits by the database's clock",
        )
    if seen.lost:
        yield wrong(
            f"{seen.lost} secrets cannot be opened with BRYGGA_SECRET_KEYS",
            "put the key that they were encrypted with behind the first one, and restart; if it "
            "is lost, those merchants must connect again",
        )
    if seen.old > seen.lost:
        yield look(
            f"{seen.old - seen.lost} secrets are encrypted with an older key than the first",
            "once every process has the new key, run `brygga migrate`, and only then take the "
            "older key away",
        )
    yield from stuck(seen.health, seen.workers)
    for connection in seen.active:
        yield from _access(connection, seen.scopes.get(connection.id, frozenset()))
        yield from _failed(connection, seen.parked[connection.id])
    yield from map(_waits, seen.restored)
    yield from seen.messages


def stuck(health: ServiceHealth, workers: int) -> Iterator[Finding]:
    """Work that is due and does not move."""
    late = health.stock_late_s > STOCK_LATE_S or health.late_s > WORK_LATE_S
    age = f"{max(health.stock_late_s, health.late_s) / 60:.0f} min"
    if workers == 0 and (late or health.waiting):
        what = f"no worker is connected, and {health.waiting} work items are due"
        yield wrong(what, "start `brygga worker`, or `brygga serve --work`")
    elif workers == 0:
        yield look("no worker is connected", "start `brygga worker`, or `brygga serve --work`")
    elif late:
        yield wrong(
            f"the queue is stuck: {health.waiting} work items are due, the oldest for {age}, and "
            f"{workers} workers are connected",
            "read the workers' log; restart them; `brygga status` names the merchants; if all of "
            "them are busy, start more workers",
        )
    else:
        yield well(f"{workers} workers are connected, and the queue moves")


def _failed(connection: Connection, failing: Sequence[Parked]) -> Iterator[Finding]:
    """Work of a merchant that fails by a bug of ours."""
    if not failing:
        return
    kinds = ", ".join(sorted({one.kind.value for one in failing}))
    since = failing[0].failing_since.isoformat(timespec="seconds")
    yield wrong(
        f"connection {connection.id}: {len(failing)} failed by a fault of ours since {since} "
        f"({kinds})",
        f"`brygga log --support-id {failing[0].support_id}` shows where: tell us, or take a newer "
        f"version, which tries by itself; `brygga retry {connection.id}` tries now",
    )


def _waits(one: tuple[int, Restored]) -> Finding:
    """A connection that comes from a backup or another installation, and writes nothing yet."""
    number, restored = one
    since = restored.at.isoformat(timespec="seconds")
    what = f"connection {number} waits since it was restored {since}"
    if restored.compared_at is None:
        mend = "a worker compares both; one that was being disconnected goes on with"
        return look(
            f"{what}: nothing is compared yet", f"{mend} `brygga reconcile {number} --go-on`"
        )
    return look(
        f"{what}: {restored.questions} numbers to check",
        f"its merchant checks them; `brygga reconcile {number}` lists them, and `--take lower` "
        "answers all of them",
    )


def _access(connection: Connection, granted: frozenset[str]) -> Iterator[Finding]:
    """Problems of a merchant's connection that keep it from working."""
    if connection.paused and connection.stage is not Stage.LEAVING:
        mend = "the merchant reads on the integration page what to do"
        yield look(f"connection {connection.id} is paused: {connection.paused}", mend)
    missing = shop_oauth.Grant("", "", granted).missing_scopes if granted else frozenset()
    if missing:
        mend = "add them to the app at BigCommerce and let the merchant approve it again"
        lacking = " ".join(sorted(missing))
        yield wrong(f"connection {connection.id} lacks scopes: {lacking}", mend)
