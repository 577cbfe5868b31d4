"""What this version would write for products that webhooks of the past were about, held against
what was written then (`brygga replay`).

It reads the database only, so it can be asked on a copy, and sends nothing. Stock: the movements
that we keep are taken through the ledger once more. Products: what this version makes of Zettle's
product is compared with what was last written of that very version of it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from brygga.bigcommerce import bodies
from brygga.core.fingerprints import fingerprint
from brygga.core.mapping import desired
from brygga.core.model import CatalogProduct, Connection
from brygga.core.operations import Create
from brygga.core.stock import Side
from brygga.core.stock.rerun import Rerun
from brygga.core.terms import Terms, terms_of
from brygga.database import bindings, exchanges, ledgers, library, movements
from brygga.database.bindings import Binding
from brygga.database.engine import Tx
from brygga.database.exchanges import Exchange
from brygga.database.ledgers import LedgerRow
from brygga.database.library import Entry
from brygga.sync.worker.recording import shown

SIDES: Final = {Side.ZETTLE: "zettle", Side.SHOP: "bigcommerce"}
OTHER: Final = "options, variants or pictures"
MOST: Final = 1_000
"""Movements of one variant, and calls about one product, that are read."""


@dataclass(frozen=True, slots=True)
class Write:
    """A write of then, and what this version would write instead. `then` is "" where nothing was
    written, or the log has it no more; `now` is "" where this version writes nothing.
    """

    product: str
    name: str
    what: str
    then: str
    now: str


@dataclass(frozen=True, slots=True)
class Writes:
    """`unknown`: products, and numbers of variants, of which nothing can be said, because they are
    in the middle of a change, or somebody typed a number.
    """

    same: int
    unknown: tuple[str, ...]
    differing: tuple[Write, ...]


async def writes_again(
    tx: Tx, connection: Connection, uuids: Collection[str], between: tuple[datetime, datetime]
) -> Writes:
    """Of these products of Zettle's, and of webhooks between two times."""
    wanted, terms = sorted(uuids), terms_of(connection)
    entries = await library.get_many(tx, connection.id, wanted)
    bound = await bindings.get_many(tx, connection.id, wanted)
    rows = await ledgers.load(tx, connection.id, wanted)
    same, unknown, differing = 0, list[str](), list[Write]()
    for uuid in wanted:
        name = entries[uuid].name if uuid in entries else uuid
        if uuid in entries and uuid in bound:
            found = await _product(tx, connection, (entries[uuid], bound[uuid]), terms, between)
            unknown += [name] if found is None else []
            same += found == []
            differing += found or ()
        for row in (one for one in rows.values() if one.product_uuid == uuid):
            rerun = await _stock(tx, connection.id, row, between)
            unknown += [f"{name}: stock {row.variant_uuid}"] if rerun.is_open else []
            same += not rerun.is_open and not rerun.differs
            if rerun.differs:
                differing.append(_stock_write(row, name, rerun))
    return Writes(same, tuple(unknown), tuple(differing))


# ---- Stock ---------------------------------------------------------------------------------------


async def _stock(
    tx: Tx, connection_id: int, row: LedgerRow, between: tuple[datetime, datetime]
) -> Rerun:
    since, until = between
    found = await movements.between(
        tx,
        connection_id,
        row.variant_uuid,
        since,
        datetime.max.replace(tzinfo=since.tzinfo),
        limit=MOST,
    )
    rerun = Rerun(row.ledger.shop.floor)
    if row.ledger.separate:
        return rerun
    moves = [move for _, move in found]
    if any(move.at < until for move in moves):
        rerun.run(moves, until)
    return rerun


def _stock_write(row: LedgerRow, name: str, rerun: Rerun) -> Write:
    then, now = _units(rerun.then), _units(rerun.now)
    return Write(row.product_uuid, name, f"stock {row.variant_uuid}", then, now)


def _units(written: Mapping[Side, int]) -> str:
    return ", ".join(f"{change:+d} to {SIDES[side]}" for side, change in written.items() if change)


# ---- Products ------------------------------------------------------------------------------------


async def _product(
    tx: Tx,
    connection: Connection,
    of: tuple[Entry, Binding],
    terms: Terms,
    between: tuple[datetime, datetime],
) -> list[Write] | None:
    """None where Zettle's product was saved since, or the last sync of it did not end well."""
    entry, synced = of[0], of[1].synced
    if entry.product is None or entry.removed_at is not None:
        return None
    if not synced.fingerprint or synced.etag != entry.product.etag:
        return None
    uuid, mapped = entry.product_uuid, desired(entry.product, terms)
    if mapped.product is None:
        why = "" if mapped.refusal is None else str(mapped.refusal.code)
        return [Write(uuid, entry.name, "product", "written", f"left out: {why}")]
    if fingerprint(mapped.product) == synced.fingerprint:
        return []
    since, _ = between
    until = datetime.max.replace(tzinfo=since.tzinfo)
    calls = await exchanges.about(tx, connection.id, [str(synced.product_id)], (since, until), MOST)
    then, now = _sent(calls, synced.product_id), _fields(mapped.product)
    found = [
        Write(uuid, entry.name, field, str(then[field]), str(now[field]))
        for field in sorted(now.keys() & then.keys())
        if str(then[field]) != str(now[field])
    ]
    return found or [Write(uuid, entry.name, OTHER, "", "written anew")]


def _fields(product: CatalogProduct) -> Mapping[str, Any]:
    """What this version writes of a product, as the log would show it."""
    body = bodies.product_body(product, Create(0), images=False, videos=False)
    once = bodies.create_body(product, Create(0)).keys() - {"price", "custom_url"}
    left = {"type", "variants", *once, *(("price",) if product.price is None else ())}
    return {name: shown(value, name) for name, value in body.items() if name not in left}


def _sent(calls: Iterable[Exchange], product_id: int) -> Mapping[str, Any]:
    """The last value that was sent of each field, of calls that were accepted."""
    found = dict[str, Any]()
    for one in calls:
        if one.status is None or one.status >= 300 or "/catalog/products" not in one.path:
            continue
        rows: Sequence[Any] = one.sent if isinstance(one.sent, list) else [one.sent]
        for row in rows:
            is_new = one.method == "POST" and one.path.endswith("/catalog/products")
            is_own = is_new or one.path.endswith(f"/catalog/products/{product_id}")
            if isinstance(row, Mapping) and (is_own or row.get("id") == product_id):
                found |= row
    return found
