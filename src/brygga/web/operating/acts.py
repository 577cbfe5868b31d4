"""What an operator does, in the caller's transaction. Each act leaves an audit line.

Acts only ask for work, as a merchant's buttons do: no platform is called here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from brygga.bigcommerce.events import MalformedError as ShopMalformed
from brygga.core.lifecycle import Departure, Ended, Leaving, Removing
from brygga.core.model import Connection, Stage
from brygga.core.report import Code, Line, Topic
from brygga.database import audit, connections, erasing, failed_work, library, synclog, work_items
from brygga.database.audit import Act, Actor, Entry
from brygga.database.engine import Tx
from brygga.database.erasing import Receipt
from brygga.database.kept_webhooks import Kept
from brygga.database.work_items import Kind
from brygga.sync.products.library import DUPLICATES
from brygga.web import replaying
from brygga.web.bundle import gathered
from brygga.web.troubles import APPROVE_AGAIN, SIGN_IN_AGAIN
from brygga.zettle.events import MalformedError as TillMalformed


class NotNow(Exception):
    """Nothing was done. `code` says why, for pages and tools; the text is one line that says what
    to do.
    """

    def __init__(self, code: str, line: str) -> None:
        super().__init__(line)
        self.code = code


@dataclass(frozen=True, slots=True)
class By:
    """Who acts, for the audit line. `secret` is the beginning of its hash, "" for a command."""

    source: str = ""
    request_id: str = ""
    secret: str = ""
    through: str = "command"

    async def note(self, tx: Tx, connection_id: int | None, now: datetime, **facts: str) -> None:
        said = {"through": self.through, "secret": self.secret}
        kept = {name: value for name, value in {**facts, **said}.items() if value}
        entry = Entry(
            Act.OPERATOR, Actor.OPERATOR, connection_id, self.source, self.request_id, kept
        )
        await audit.add(tx, entry, now)


COMMAND = By()


@dataclass(frozen=True, slots=True)
class Failed:
    """Which failed work: None means any."""

    connection: int | None = None
    kind: Kind | None = None
    support_id: str | None = None
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Erasure:
    """`receipt` is None while the connection is being disconnected first; `ticket` opens the
    receipt then.
    """

    receipt: Receipt | None
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class GoneOn:
    """What ended: an operator's hold, and a pause."""

    held: bool = False
    paused: str = field(default="")


async def known(tx: Tx, number: int) -> Connection:
    """Raises `NotNow`."""
    found = await connections.by_id(tx, number)
    if found is None:
        raise NotNow("unknown", f"there is no connection {number}; `brygga status` lists them")
    return found


async def pause(tx: Tx, number: int, by: By, now: datetime) -> bool:
    """Holds all work of a connection but what must not wait: the end of it, and its webhooks. False
    when it was held already.
    """
    connection = await known(tx, number)
    if connection.stage is Stage.DISCONNECTED:
        raise NotNow("ended", f"connection {number} has ended: there is nothing to pause")
    held = await connections.hold(tx, number, now)
    if held:
        await synclog.add(tx, number, Line(Code.HELD, Topic.CONNECTION), now)
        await by.note(tx, number, now, command="pause")
    return held


async def go_on(tx: Tx, number: int, by: By, now: datetime) -> GoneOn:
    """Ends the hold, and a pause whose cause an operator can have mended. Raises `NotNow` where
    only the merchant can help, or nothing is paused.
    """
    connection = await known(tx, number)
    held = await connections.let_go(tx, number)
    needs_merchant = connection.paused in SIGN_IN_AGAIN | APPROVE_AGAIN
    if connection.paused and needs_merchant and not held:
        raise NotNow(
            "merchant",
            f"connection {number} is paused ({connection.paused}): only its merchant can help",
        )
    resumed = not needs_merchant and await connections.resume(tx, number)
    if not held and not resumed:
        raise NotNow("not_paused", f"connection {number} is not paused")
    code = Code.LET_GO if held else Code.RESUMED
    await synclog.add(tx, number, Line(code, Topic.CONNECTION), now)
    for kind in (Kind.ACCOUNT, Kind.HOOKS, *([Kind.SWEEP] if connection.is_running else [])):
        await work_items.add(tx, number, kind, "", now)
    await by.note(tx, number, now, command="resume")
    return GoneOn(held, connection.paused if resumed else "")


async def sync(
    tx: Tx, number: int, product: str, by: By, now: datetime, *, webhooks: bool = False
) -> None:
    """Asks for a sync of everything, or of one product. Raises `NotNow`."""
    await add_sync(tx, number, product, now, webhooks=webhooks)
    await by.note(tx, number, now, command="sync --webhooks" if webhooks else "sync")


async def add_sync(
    tx: Tx, number: int, product: str, now: datetime, *, webhooks: bool = False
) -> None:
    """Adds work items to read the whole library, search for likely duplicates and compare
    everything; or to sync one product.

    With `webhooks`, both platforms' webhooks are created again first. Raises `NotNow`.
    """
    await _may_sync(tx, number)
    if webhooks:
        await work_items.add(tx, number, Kind.HOOKS, "", now, force=True)
    if product:
        entry = await library.get(tx, number, product)
        if entry is None or entry.removed_at is not None:
            raise NotNow("no_product", f"connection {number} has no product {product}")
        if not entry.assigned:
            raise NotNow(
                "not_assigned",
                f"product {product} is not assigned to BigCommerce: there is nothing to sync",
            )
        await work_items.add(tx, number, Kind.PRODUCT, product, now, force=True)
        return
    await work_items.add(tx, number, Kind.LIBRARY, "", now, force=True, detail=DUPLICATES)
    await work_items.add(tx, number, Kind.SWEEP, "", now, force=True)


async def _may_sync(tx: Tx, number: int) -> None:
    connection = await known(tx, number)
    if connection.stage is not Stage.RUNNING:
        raise NotNow(
            "not_running",
            f"connection {number} is {connection.stage.value}: nothing is synced until its set-up "
            "is finished",
        )
    if connection.paused:
        raise NotNow(
            "paused",
            f"connection {number} is paused ({connection.paused}): the merchant has to help first",
        )
    health = await connections.health(tx, number)
    if health.held_at is not None:
        raise NotNow("held", f"connection {number} is held: `brygga resume {number}` goes on")
    if health.restored_at is not None:
        raise NotNow(
            "restored",
            f"connection {number} waits after a restore: `brygga reconcile {number}` says for what",
        )


async def retry(tx: Tx, failed: Failed, by: By, now: datetime) -> Mapping[int, int]:
    """Failed work is tried now. Returns how much, by connection."""
    if failed.connection is not None:
        await known(tx, failed.connection)
    resumed = await failed_work.retry(
        tx,
        now,
        connection_id=failed.connection,
        kind=failed.kind,
        support_id=failed.support_id,
        cause=failed.cause,
    )
    for number in resumed:
        await by.note(tx, number, now, command="retry")
    return resumed


async def replay(tx: Tx, number: int, kept: Sequence[Kept], by: By, now: datetime) -> int:
    """Adds the work that follows from these webhooks, as for webhooks too old to be evidence: each
    costs a read of both sides. Returns how many pieces of work. Raises `NotNow`.
    """
    connection = await known(tx, number)
    if connection.stage is not Stage.RUNNING:
        raise NotNow("not_running", "only for a merchant whose set-up is finished")
    wanted: dict[tuple[Kind, str], set[str]] = {}
    for one in kept:
        if one.webhook is None:
            continue
        try:
            event = replaying.read(one.platform, one.webhook.body)
        except (ShopMalformed, TillMalformed):
            continue
        for changed in replaying.items(event):
            wanted.setdefault((changed.kind, changed.detail), set()).update(changed.subjects)
    for (kind, detail), subjects in sorted(wanted.items()):
        await work_items.add_many(tx, number, kind, sorted(subjects), now, detail=detail)
    await by.note(tx, number, now, command="replay", webhooks=str(len(kept)))
    return sum(map(len, wanted.values()))


async def erase(
    tx: Tx, number: int, by: By, now: datetime, ticket: str, *, disconnect: bool
) -> Erasure:
    """Erases everything of the merchant. A connection that has not ended is disconnected first,
    keeping its products, where `disconnect` says so: a worker erases then. Raises `NotNow`.
    """
    found = await known(tx, number)
    active = await connections.by_organization(tx, found.organization.uuid)
    if active is None:
        receipt = await erasing.erase(tx, found.organization.uuid, now, Actor.OPERATOR)
        if by != COMMAND:
            # Of no merchant: what belonged to this one is erased.
            await by.note(tx, None, now, command="erase", hash=receipt.hash)
        return Erasure(receipt)
    if not disconnect:
        raise NotNow("active", f"connection {active.id} has not ended: add --disconnect")
    match await connections.state(tx, active.id):
        case Removing() | Leaving() | Ended():
            pass
        case state:
            await connections.save(tx, active.id, state.leave(Departure.KEEP))
    await work_items.add(tx, active.id, Kind.LEAVE, "", now)
    await erasing.ask(tx, ticket, active.organization.uuid, now)
    await by.note(tx, None, now, command="erase", of=str(active.id))
    return Erasure(None, ticket)


async def moved_away(tx: Tx, number: int, now: datetime) -> None:
    """Ends a connection that an operator holds, without asking a platform: it works elsewhere.
    Raises `NotNow`.
    """
    health = await connections.health(tx, number)
    if health.held_at is None:
        raise NotNow("active", f"connection {number} goes on here: `brygga export` pauses it first")
    await connections.disconnect(tx, number, now)


async def support(tx: Tx, number: int, product: str, by: By, now: datetime) -> Mapping[str, Any]:
    """The support bundle: codes, ids, counts and times."""
    connection = await known(tx, number)
    bundle = await gathered(tx, connection, product, now)
    await by.note(tx, number, now, command="support")
    return bundle
