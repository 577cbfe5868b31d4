"""Every night a statement: both sides' numbers are read once more, compared, and written down.

It writes to no platform and moves no ledger. What differs is looked at by the ordinary stock work,
and compared again after 15 minutes: what differs then is told (`sync.worker.alerting`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from brygga.core.guards import Effect
from brygga.core.model import Product
from brygga.core.statements import (
    LASTS,
    LISTED,
    Compared,
    Facts,
    Outcome,
    Row,
    Statement,
    compare,
    next_night,
    told,
)
from brygga.core.stock import LIMITS, Ledger, Side
from brygga.database import brakes, library, statements, work_items, zeroed
from brygga.database.engine import Tx
from brygga.database.library import Entry
from brygga.database.statements import AGAIN
from brygga.database.work_items import Kind, WorkItem
from brygga.sync.stock.gather import Till, World, gather
from brygga.sync.worker.session import Session

LATER: Final = timedelta(minutes=15)
"""What still differs is compared again after this time."""


@dataclass(frozen=True, slots=True)
class Statements:
    """The handler of statement work items."""

    till: Till = field(default_factory=Till)

    async def __call__(self, session: Session, items: Sequence[WorkItem]) -> None:
        whole = [item for item in items if item.subject != AGAIN]
        rest = [item for item in items if item.subject == AGAIN]
        if whole:
            await self._write(session, whole)
        if rest:
            await self._look_again(session, rest)

    async def _write(self, session: Session, items: Sequence[WorkItem]) -> None:
        outcome = await self._compare(session, await gather(session, self.till))
        now, connection = session.clock.now(), session.connection
        async with session.transaction() as tx:
            found = [*outcome.different, *outcome.unknown]
            entries = await library.get_many(
                tx, connection.id, {one.product_uuid for one in found[: 2 * LISTED]}
            )
            made = _statement(session, outcome, entries, now)
            await statements.add(tx, connection.id, made)
            await _follow(tx, session, told(outcome.different), now)
            await session.finish(*items, tx=tx)
            due_at = next_night(
                connection.organization.country, statements.share(connection.id), now
            )
            await work_items.add(tx, connection.id, Kind.STATEMENT, "", now, due_at=due_at)
        session.log.info(
            "statement made",
            equal=outcome.equal,
            different=len(outcome.different),
            unknown=len(outcome.unknown),
        )

    async def _look_again(self, session: Session, items: Sequence[WorkItem]) -> None:
        """Compares only what differed. What is equal by now is forgotten."""
        async with session.read() as tx:
            uuids = sorted(await statements.lasting(tx, session.connection.id))
        world = await gather(session, self.till, uuids) if uuids else None
        outcome = Outcome() if world is None else await self._compare(session, world)
        now, left = session.clock.now(), told(outcome.different)
        async with session.transaction() as tx:
            await statements.differ(tx, session.connection.id, left, now, uuids)
            await session.finish(*items, tx=tx)
            if left:
                await statements.look_again(tx, session.connection.id, now, LATER)

    async def _compare(self, session: Session, world: World) -> Outcome:
        connection_id = session.connection.id
        async with session.read() as tx:
            questions = await brakes.all_questions(tx, connection_id)
            asked = questions.get(Effect.ZEROED.value)
            left = {one.product_uuid for one in (await zeroed.all_of(tx, connection_id)).values()}
        held = left | set(asked.subjects if asked is not None and not asked.answer else ())
        return compare(_facts(world, held), world.reads)


def _facts(world: World, held: set[str]) -> Mapping[str, tuple[str, Facts]]:
    """Every variant of the products that are in the store now."""
    stored, found = world.stored, dict[str, tuple[str, Facts]]()
    products = {variant: uuid for variant, (uuid, _) in stored.variants.items()}
    products |= {variant: row.product_uuid for variant, row in stored.ledger_rows.items()}
    for variant, product in products.items():
        if product not in stored.bound and product not in stored.odd:
            continue
        row = stored.ledger_rows.get(variant)
        facts = Facts(
            ledger=row.ledger if row is not None else Ledger(),
            asked=row is not None and row.is_asked,
            held=product in held,
            there=variant in stored.variants,
            odd=product in stored.odd and variant not in stored.variants,
            highest=LIMITS[Side.ZETTLE].highest,
        )
        found[variant] = (product, facts)
    return found


async def _follow(tx: Tx, session: Session, found: Sequence[Compared], now: datetime) -> None:
    """What differs is read again by the ordinary work, and compared again when that is done."""
    connection_id = session.connection.id
    await statements.differ(tx, connection_id, found, now)
    if not found:
        return
    uuids = sorted({one.product_uuid for one in found})
    await work_items.add_many(tx, connection_id, Kind.STOCK, uuids, now)
    await statements.look_again(tx, connection_id, now, LASTS)


def _statement(
    session: Session, outcome: Outcome, entries: Mapping[str, Entry], now: datetime
) -> Statement:
    """Its number and what it is chained to are set when it is saved."""
    connection = session.connection
    return Statement(
        number=0,
        previous="",
        made_at=now,
        account=connection.organization.uuid,
        store=connection.shop.store_hash if connection.shop else "",
        equal=outcome.equal,
        different=len(outcome.different),
        unknown=len(outcome.unknown),
        separate=outcome.separate,
        rows_different=_rows(outcome.different, entries),
        rows_unknown=_rows(outcome.unknown, entries),
    )


def _rows(found: Sequence[Compared], entries: Mapping[str, Entry]) -> tuple[Row, ...]:
    return tuple(_row(one, entries.get(one.product_uuid)) for one in found[:LISTED])


def _row(one: Compared, entry: Entry | None) -> Row:
    name, sku = (entry.name, "") if entry is not None else ("", "")
    if entry is not None and entry.product is not None:
        label, sku = _variant(entry.product, one.variant_uuid)
        name = f"{name} – {label}" if label else name
    return Row(
        one.product_uuid, one.variant_uuid, name, sku, one.zettle, one.shop, one.reason.value
    )


def _variant(product: Product, variant_uuid: str) -> tuple[str, str]:
    """The label of a variant, "" where it is the only one, and its SKU."""
    for one in product.variants:
        if one.uuid == variant_uuid:
            return " / ".join(value for _, value in one.options) or one.name, one.sku
    return "", ""
