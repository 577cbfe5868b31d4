"""The memory of stock: ledgers by variant, what is in the air, what was heard, what a birth was given.

A ledger is changed only under its row's lock (`lock`), because a page may split stock while a drain writes it. Rows are always
locked in the order of their variants, so that no two transactions wait for each other.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from brygga.core.stock import Flight, Hint, Ledger, Shelf, Side, Told
from brygga.store.database import Tx
from brygga.store.values import from_plain, to_json

BIRTHS_KEPT = timedelta(hours=1)
"""A level that was given longer ago belongs to a create that is long settled."""


@dataclass(frozen=True, slots=True)
class Book:
    """The ledger of one variant, and since when the merchant is asked to check it."""

    product_uuid: str
    variant_uuid: str
    ledger: Ledger
    check_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Departed:
    """One variant's part of a call."""

    product_uuid: str
    variant_uuid: str
    side: Side
    flight: Flight


@dataclass(frozen=True, slots=True)
class Doubt:
    """A write of which nobody knows what became, since when, and what it is taken for meanwhile."""

    departed: Departed
    since: datetime
    landed: bool


@dataclass(frozen=True, slots=True)
class Unasked:
    """A till write from before tracking was switched off, and since when nobody knows of it.

    `outlived`: it was given up for lost, so that only an echo that comes after all makes it a question.
    """

    departed: Departed
    since: datetime
    outlived: bool


DOUBTED, BELIEVED = "doubted", "believed"
ASKED_BEFORE = "asked"
Books = Mapping[str, Book]
"""By variant uuid."""

_COLUMNS = "product_uuid, variant_uuid, separate, zettle, shop, check_since"
_LOAD = f"SELECT {_COLUMNS} FROM ledgers WHERE connection_id = :id AND product_uuid = ANY (CAST(:uuids AS text[]))"  # noqa: S608 - our own
_LOAD_MANY = sa.text(f"{_LOAD} ORDER BY variant_uuid")
_LOCK_MANY = sa.text(f"{_LOAD} ORDER BY variant_uuid FOR UPDATE")
_SAVE = sa.text("""
    INSERT INTO ledgers (connection_id, variant_uuid, product_uuid, separate, zettle, shop, check_since, updated_at)
    SELECT :id, variant_uuid, product_uuid, separate, CAST(zettle AS jsonb), CAST(shop AS jsonb), check_since, :now
    FROM unnest(
        CAST(:variants AS text[]), CAST(:products AS text[]), CAST(:separate AS boolean[]), CAST(:zettle AS text[]),
        CAST(:shop AS text[]), CAST(:checks AS timestamptz[])
    ) AS n (variant_uuid, product_uuid, separate, zettle, shop, check_since)
    ORDER BY variant_uuid
    ON CONFLICT (connection_id, variant_uuid) DO UPDATE SET
        product_uuid = EXCLUDED.product_uuid, separate = EXCLUDED.separate, zettle = EXCLUDED.zettle, shop = EXCLUDED.shop,
        check_since = EXCLUDED.check_since, updated_at = EXCLUDED.updated_at
""")


# ---- Ledgers ---------------------------------------------------------------------------------------------------------


async def load(tx: Tx, connection_id: int, product_uuids: Collection[str]) -> dict[str, Book]:
    """The ledgers of these products, to look at."""
    rows = await tx.rows(_LOAD_MANY, {"id": connection_id, "uuids": list(product_uuids)})
    return {row.variant_uuid: _book(row) for row in rows}


async def lock(tx: Tx, connection_id: int, product_uuids: Collection[str]) -> dict[str, Book]:
    """The ledgers of these products, to change: nobody else does before this transaction ends."""
    rows = await tx.rows(_LOCK_MANY, {"id": connection_id, "uuids": list(product_uuids)})
    return {row.variant_uuid: _book(row) for row in rows}


async def save(tx: Tx, connection_id: int, books: Iterable[Book], now: datetime) -> None:
    """Writes them as they are, in one statement."""
    rows = list(books)
    if not rows:
        return
    values = {
        "id": connection_id,
        "now": now,
        "variants": [book.variant_uuid for book in rows],
        "products": [book.product_uuid for book in rows],
        "separate": [book.ledger.separate for book in rows],
        "zettle": [to_json(book.ledger.zettle) for book in rows],
        "shop": [to_json(book.ledger.shop) for book in rows],
        "checks": [book.check_since for book in rows],
    }
    await tx.run(_SAVE, values)


async def products(tx: Tx, connection_id: int) -> Sequence[str]:
    """Every product that has a ledger."""
    statement = sa.text("SELECT DISTINCT product_uuid FROM ledgers WHERE connection_id = :id ORDER BY product_uuid")
    return [row.product_uuid for row in await tx.rows(statement, {"id": connection_id})]


async def earlier(tx: Tx, connection_id: int, *, here: bool) -> Sequence[Book]:
    """Ledgers of separate stock from the account's earlier connections: to the same store (`here`), or to any store.

    Of each product those of the last such connection that knew it.
    """
    statement = sa.text(f"""
        WITH before AS (
            SELECT b.id FROM connections b JOIN connections c ON c.organization_uuid = b.organization_uuid
            WHERE c.id = :id AND b.id < c.id AND (b.store_hash = c.store_hash OR NOT :here)
        ), last AS (
            SELECT product_uuid, max(connection_id) AS connection_id
            FROM ledgers WHERE connection_id IN (SELECT id FROM before) GROUP BY product_uuid
        )
        SELECT {_COLUMNS} FROM ledgers JOIN last USING (product_uuid, connection_id) WHERE separate ORDER BY variant_uuid
    """)  # noqa: S608 - our own
    return [_book(row) for row in await tx.rows(statement, {"id": connection_id, "here": here})]


async def in_doubt(
    tx: Tx, connection_id: int, product_uuids: Collection[str] | None = None, limit: int = 1_000
) -> Sequence[Book]:
    """What the merchant is asked to check, longest first; `product_uuids` narrows it to these."""
    statement = sa.text(f"""
        SELECT {_COLUMNS} FROM ledgers WHERE connection_id = :id AND check_since IS NOT NULL
            AND (CAST(:uuids AS text[]) IS NULL OR product_uuid = ANY (CAST(:uuids AS text[])))
        ORDER BY check_since, variant_uuid LIMIT :limit
    """)  # noqa: S608 - our own
    uuids = None if product_uuids is None else list(product_uuids)
    return [_book(row) for row in await tx.rows(statement, {"id": connection_id, "uuids": uuids, "limit": limit})]


def _book(row: Any) -> Book:
    ledger = Ledger(from_plain(row.zettle, Shelf), from_plain(row.shop, Shelf), row.separate)
    return Book(row.product_uuid, row.variant_uuid, ledger, row.check_since)


# ---- In the air ------------------------------------------------------------------------------------------------------


async def depart(tx: Tx, connection_id: int, departed: Collection[Departed], now: datetime) -> None:
    """These leave now. To be saved with their ledgers, before the request."""
    statement = sa.text("""
        INSERT INTO flights (connection_id, call, variant_uuid, product_uuid, side, state, flight, at)
        SELECT :id, call, variant_uuid, product_uuid, side, 'open', CAST(flight AS jsonb), :now
        FROM unnest(CAST(:calls AS text[]), CAST(:variants AS text[]), CAST(:products AS text[]), CAST(:sides AS text[]),
            CAST(:flights AS text[])) AS n (call, variant_uuid, product_uuid, side, flight)
    """)
    values = {
        "id": connection_id,
        "now": now,
        "calls": [one.flight.call for one in departed],
        "variants": [one.variant_uuid for one in departed],
        "products": [one.product_uuid for one in departed],
        "sides": [one.side.value for one in departed],
        "flights": [to_json(one.flight) for one in departed],
    }
    await tx.run(statement, values)


async def arrive(tx: Tx, connection_id: int, call: str, variant_uuids: Collection[str]) -> None:
    """What became of these is known for good."""
    statement = sa.text("""
        DELETE FROM flights WHERE connection_id = :id AND call = :call AND variant_uuid = ANY (CAST(:variants AS text[]))
    """)
    await tx.run(statement, {"id": connection_id, "call": call, "variants": list(variant_uuids)})


async def lose(tx: Tx, connection_id: int, one: Departed, now: datetime) -> None:
    """Taken for not landed, as long as no late echo says otherwise."""
    statement = sa.text("""
        UPDATE flights SET state = 'lost', flight = CAST(:flight AS jsonb), at = :now
        WHERE connection_id = :id AND call = :call AND variant_uuid = :variant
    """)
    values = {"id": connection_id, "call": one.flight.call, "variant": one.variant_uuid, "flight": to_json(one.flight)}
    await tx.run(statement, {**values, "now": now})


async def doubt(tx: Tx, connection_id: int, one: Departed, now: datetime, *, landed: bool) -> None:
    """Nobody can know what became of it; it is taken for `landed` or not. A late echo may still tell."""
    statement = sa.text("""
        UPDATE flights SET state = :state, flight = CAST(:flight AS jsonb), at = :now
        WHERE connection_id = :id AND call = :call AND variant_uuid = :variant
    """)
    values = {"id": connection_id, "call": one.flight.call, "variant": one.variant_uuid, "flight": to_json(one.flight)}
    await tx.run(statement, {**values, "state": BELIEVED if landed else DOUBTED, "now": now})


async def retell(tx: Tx, connection_id: int, one: Departed) -> None:
    """More was told about a write that was given up; what it is taken for, and since when, stays."""
    statement = sa.text("""
        UPDATE flights SET flight = CAST(:flight AS jsonb)
        WHERE connection_id = :id AND call = :call AND variant_uuid = :variant
    """)
    values = {"id": connection_id, "call": one.flight.call, "variant": one.variant_uuid, "flight": to_json(one.flight)}
    await tx.run(statement, values)


async def doubts(tx: Tx, connection_id: int, product_uuids: Collection[str]) -> Sequence[Doubt]:
    """Writes to these products about which the merchant is to be asked, unless an echo comes."""
    statement = sa.text("""
        SELECT product_uuid, variant_uuid, side, flight, state, at FROM flights
        WHERE connection_id = :id AND state IN ('doubted', 'believed') AND product_uuid = ANY (CAST(:uuids AS text[]))
        ORDER BY at, call, variant_uuid
    """)
    rows = await tx.rows(statement, {"id": connection_id, "uuids": list(product_uuids)})
    return [Doubt(_departed(row), row.at, row.state == BELIEVED) for row in rows]


async def lost(tx: Tx, connection_id: int, product_uuids: Collection[str]) -> Sequence[Departed]:
    """Writes to these products that were given up for lost."""
    statement = sa.text("""
        SELECT product_uuid, variant_uuid, side, flight FROM flights
        WHERE connection_id = :id AND state IN ('lost', 'doubted') AND product_uuid = ANY (CAST(:uuids AS text[]))
        ORDER BY at, call, variant_uuid
    """)
    return [_departed(row) for row in await tx.rows(statement, {"id": connection_id, "uuids": list(product_uuids)})]


async def forget_writes(tx: Tx, connection_id: int, of: tuple[str, str], now: datetime, *, asked: bool) -> None:
    """Tracking `of` a product's variant (their uuids) was switched off: what became of earlier writes moves nothing any more.

    Whether Zettle's own number has a write that is open or in doubt, or once more one that was given up, may have to be asked when that
    number counts again; so is what the merchant was `asked` and has not answered.
    """
    values = {"id": connection_id, "product": of[0], "variant": of[1]}
    which = "connection_id = :id AND product_uuid = :product AND variant_uuid = :variant AND side"
    await tx.run(sa.text(f"DELETE FROM flights WHERE {which} = 'shop'"), values)  # noqa: S608 - our own
    became = "CASE state WHEN 'lost' THEN 'outlived' WHEN 'outlived' THEN 'outlived' ELSE 'unasked' END"
    statement = f"UPDATE flights SET state = {became} WHERE {which} = 'zettle'"  # noqa: S608 - our own
    await tx.run(sa.text(statement), values)
    if asked:
        statement = """
            INSERT INTO flights (connection_id, call, variant_uuid, product_uuid, side, state, flight, at)
            VALUES (:id, :call, :variant, :product, 'zettle', 'unasked', CAST(:flight AS jsonb), :now)
            ON CONFLICT DO NOTHING
        """
        flight = Flight(ASKED_BEFORE, 0, now)
        await tx.run(sa.text(statement), {**values, "call": flight.call, "flight": to_json(flight), "now": now})


async def unasked(tx: Tx, connection_id: int, product_uuids: Collection[str]) -> Sequence[Unasked]:
    """What may be asked once the till's number counts again; a question from before (`ASKED_BEFORE`) has no change of its own."""
    statement = sa.text("""
        SELECT product_uuid, variant_uuid, side, flight, at, state FROM flights
        WHERE connection_id = :id AND state IN ('unasked', 'outlived') AND product_uuid = ANY (CAST(:uuids AS text[]))
        ORDER BY at, call, variant_uuid
    """)
    rows = await tx.rows(statement, {"id": connection_id, "uuids": list(product_uuids)})
    return [Unasked(_departed(row), row.at, row.state == "outlived") for row in rows]


async def in_the_air(tx: Tx, connection_id: int) -> Sequence[str]:
    """Products with a write whose outcome is open: what a dead drain left behind, too."""
    statement = sa.text("""
        SELECT DISTINCT product_uuid FROM flights WHERE connection_id = :id AND state = 'open' ORDER BY product_uuid
    """)
    return [row.product_uuid for row in await tx.rows(statement, {"id": connection_id})]


async def of_call(tx: Tx, connection_id: int, call: str) -> Sequence[Departed]:
    """The parts of a call of ours that are open or were given up for lost."""
    statement = sa.text("""
        SELECT product_uuid, variant_uuid, side, flight FROM flights
        WHERE connection_id = :id AND call = :call ORDER BY variant_uuid
    """)
    return [_departed(row) for row in await tx.rows(statement, {"id": connection_id, "call": call})]


def _departed(row: Any) -> Departed:
    return Departed(row.product_uuid, row.variant_uuid, Side(row.side), from_plain(row.flight, Flight))


# ---- Births ----------------------------------------------------------------------------------------------------------


async def begin_births(tx: Tx, connection_id: int, product_uuid: str, levels: Mapping[str, int], now: datetime) -> None:
    """The levels that are about to ride in a create, by variant. They replace those of an earlier try."""
    statement = sa.text("""
        INSERT INTO births (connection_id, product_uuid, variant_uuid, level, begun_at)
        SELECT :id, :product, variant_uuid, level, :now
        FROM unnest(CAST(:variants AS text[]), CAST(:levels AS integer[])) AS n (variant_uuid, level)
        ON CONFLICT (connection_id, product_uuid, variant_uuid) DO UPDATE SET level = EXCLUDED.level, begun_at = EXCLUDED.begun_at
    """)
    values = {
        "id": connection_id,
        "product": product_uuid,
        "variants": list(levels),
        "levels": list(levels.values()),
        "now": now,
    }
    await tx.run(statement, values)


async def take_births(
    tx: Tx, connection_id: int, product_uuid: str, variant_uuids: Collection[str], now: datetime
) -> Mapping[str, int]:
    """The levels that these variants were created with; each is told once."""
    statement = sa.text("""
        DELETE FROM births WHERE connection_id = :id AND product_uuid = :product AND variant_uuid = ANY (CAST(:variants AS text[]))
        RETURNING variant_uuid, level, begun_at
    """)
    values = {"id": connection_id, "product": product_uuid, "variants": list(variant_uuids)}
    rows = await tx.rows(statement, values)
    return {row.variant_uuid: row.level for row in rows if row.begun_at > now - BIRTHS_KEPT}


async def end_births(tx: Tx, connection_id: int, product_uuid: str) -> None:
    """Nothing of this product was born."""
    statement = sa.text("DELETE FROM births WHERE connection_id = :id AND product_uuid = :product")
    await tx.run(statement, {"id": connection_id, "product": product_uuid})


# ---- What was heard --------------------------------------------------------------------------------------------------


async def hear_echo(tx: Tx, connection_id: int, identifier: str, now: datetime) -> None:
    """Zettle told of a movement that bears this identifier. Whether it is ours, the flights know."""
    statement = sa.text("""
        INSERT INTO echoes (connection_id, identifier, heard_at) VALUES (:id, :identifier, :now)
        ON CONFLICT (connection_id, identifier) DO NOTHING
    """)
    await tx.run(statement, {"id": connection_id, "identifier": identifier, "now": now})


async def echoes(tx: Tx, connection_id: int, calls: Collection[str]) -> Mapping[str, datetime]:
    """Which of these calls were echoed, and when first."""
    statement = sa.text("""
        SELECT identifier, heard_at FROM echoes WHERE connection_id = :id AND identifier = ANY (CAST(:calls AS text[]))
    """)
    rows = await tx.rows(statement, {"id": connection_id, "calls": list(calls)})
    return {row.identifier: row.heard_at for row in rows}


async def hear_hint(tx: Tx, connection_id: int, side: Side, subject: str, hint: Hint) -> None:
    """A platform said that this product's stock moved: Zettle's product uuid, or BigCommerce's product id (and its variant's, if it said).

    Only appended, so that a webhook never waits for a drain.
    """
    statement = sa.text("""
        INSERT INTO stock_hints (connection_id, side, subject, at, edited, by_order, told)
        VALUES (:id, :side, :subject, :at, :edited, :by_order, CAST(:told AS jsonb))
    """)
    of = f"{subject}/{hint.variant_id}" if hint.variant_id else subject
    values = {"id": connection_id, "side": side.value, "subject": of, "at": hint.at}
    told = None if hint.told is None else to_json(hint.told)
    await tx.run(statement, {**values, "edited": hint.edited, "by_order": hint.by_order, "told": told})


async def ordered(tx: Tx, connection_id: int, subjects: Collection[str]) -> Collection[str]:
    """Those of these BigCommerce products of which a hint that waits tells of an order."""
    statement = sa.text("""
        SELECT DISTINCT split_part(subject, '/', 1) AS subject FROM stock_hints
        WHERE connection_id = :id AND side = :side AND by_order
            AND split_part(subject, '/', 1) = ANY (CAST(:subjects AS text[]))
    """)
    values = {"id": connection_id, "side": Side.SHOP.value, "subjects": list(subjects)}
    return {row.subject for row in await tx.rows(statement, values)}


async def waiting(tx: Tx, connection_id: int, side: Side, subjects: Collection[str]) -> bool:
    """Whether something was said of these that nobody has listened to yet."""
    statement = sa.text("""
        SELECT 1 FROM stock_hints
        WHERE connection_id = :id AND side = :side AND split_part(subject, '/', 1) = ANY (CAST(:subjects AS text[])) LIMIT 1
    """)
    values = {"id": connection_id, "side": side.value, "subjects": list(subjects)}
    return await tx.first(statement, values) is not None


async def take_hints(tx: Tx, connection_id: int, side: Side, subjects: Collection[str]) -> Mapping[str, Sequence[Hint]]:
    """What was said of these since the last time, in order; each is told once."""
    statement = sa.text("""
        DELETE FROM stock_hints
        WHERE connection_id = :id AND side = :side AND split_part(subject, '/', 1) = ANY (CAST(:subjects AS text[]))
        RETURNING id, subject, at, edited, by_order, told
    """)
    values = {"id": connection_id, "side": side.value, "subjects": list(subjects)}
    found: dict[str, list[Hint]] = {}
    for row in sorted(await tx.rows(statement, values), key=lambda row: row.id):
        subject, _, variant_id = row.subject.partition("/")
        told = None if row.told is None else from_plain(row.told, Told)
        found.setdefault(subject, []).append(Hint(row.at, row.edited, row.by_order, int(variant_id or 0), told))
    return found
