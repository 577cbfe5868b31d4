"""One row per link between a Zettle account and a BigCommerce store, from sign-in to disconnect.

Taken             C2: one account, one store
├─ StoreTaken     the store belongs to another active connection
└─ AccountTaken   the account is connected to another store
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from brygga.core.lifecycle import (
    Departure,
    Ended,
    Leaving,
    PricesChosen,
    ProductsChosen,
    Removing,
    Running,
    State,
    Watching,
    stage_of,
    state_of,
)
from brygga.core.model import Choices, Connection, Organization, Shop, Stage
from brygga.database import hook_keys, restoring
from brygga.database.engine import Tx
from brygga.database.tables import ACTIVE, connections
from brygga.database.values import from_plain, to_json, to_plain


class Taken(Exception):
    """C2: `connection` is the active one that already has the account or the store."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(f"connection {connection.id} stands in the way")
        self.connection = connection


class StoreTaken(Taken):
    """The store is connected to another Zettle account."""


class AccountTaken(Taken):
    """The Zettle account is connected to another store."""


@dataclass(frozen=True, slots=True)
class Health:
    """What the overview shows of a connection besides its set-up."""

    created_at: datetime
    left_at: datetime | None
    leaving: str
    unreachable_since: datetime | None
    zettle_cursor: str
    swept_at: datetime | None
    undo_until: datetime | None = None
    """A removal can be undone at least until then."""
    to_remove: int = 0
    """How many products there were to delete when the deletion began."""
    restored_at: datetime | None = None
    """Set while the connection comes from a backup and waits."""
    held_at: datetime | None = None
    """Set while an operator holds its work."""


_COLUMNS = (
    connections.c.id,
    connections.c.organization,
    connections.c.stage,
    connections.c.shop,
    connections.c.prices,
    connections.c.whole_library,
    connections.c.paused,
    connections.c.prices_paused,
    connections.c.products_paused,
    connections.c.hook_key,
    connections.c.hook_key_hash,
    connections.c.hook_key_sealed,
)


def named(table: str) -> str:
    """The columns that `read` needs, for a statement that reads more than a connection."""
    return ", ".join(f"{table}.{one.name}" for one in _COLUMNS)


def read(tx: Tx, row: Any) -> Connection:
    """The connection in a row with these columns."""
    return Connection(
        id=row.id,
        organization=from_plain(row.organization, Organization),
        stage=Stage(row.stage),
        shop=None if row.shop is None else from_plain(row.shop, Shop),
        choices=Choices(row.prices, row.whole_library),
        paused=row.paused,
        prices_paused=row.prices_paused,
        products_paused=row.products_paused,
        hook_key=hook_keys.opened(tx.sealer, row),
    )


async def start(tx: Tx, organization: Organization, hook_key: str, now: datetime) -> Connection:
    """The account's active connection, with its facts updated, or a new one when it has none."""
    facts = to_plain(organization)
    statement = (
        insert(connections)
        .values(
            organization_uuid=organization.uuid,
            organization=facts,
            stage=Stage.ZETTLE_CONNECTED.value,
            hook_key_hash=hook_keys.hashed(hook_key),
            hook_key_sealed=hook_keys.sealed(tx.sealer, hook_key),
            created_at=now,
        )
        .on_conflict_do_update(
            index_elements=["organization_uuid"], index_where=ACTIVE, set_={"organization": facts}
        )
        .returning(*_COLUMNS)
    )
    row = await tx.first(statement)
    assert row is not None
    return read(tx, row)


# This runs at every turn and for every webhook, so it is built once.
_BY_ID = sa.select(*_COLUMNS).where(connections.c.id == sa.bindparam("id"))
_BY_HOOK_KEY = sa.select(*_COLUMNS).where(connections.c.hook_key_hash == sa.bindparam("key"))
_STATE = (
    sa.select(*_COLUMNS, connections.c.leaving, connections.c.undo_until)
    .where(connections.c.id == sa.bindparam("id"))
    .with_for_update()
)
_SET_BUDGET = sa.text("""
    UPDATE connections SET budget = CAST(:budget AS jsonb),
        budget_seen = coalesce(CAST(:budget AS jsonb), budget_seen)
    WHERE id = :id
""")


async def by_id(tx: Tx, connection_id: int) -> Connection | None:
    row = await tx.first(_BY_ID, {"id": connection_id})
    return None if row is None else read(tx, row)


async def by_organization(tx: Tx, organization_uuid: str) -> Connection | None:
    """The active connection of this account."""
    return await _one(tx, connections.c.organization_uuid == organization_uuid, ACTIVE)


async def by_store(tx: Tx, store_hash: str) -> Connection | None:
    """The active connection of this store."""
    return await _one(tx, connections.c.store_hash == store_hash, ACTIVE)


async def by_hook_key(tx: Tx, hook_key: str) -> Connection | None:
    """Returns a disconnected connection too: its platforms may still call."""
    row = await tx.first(_BY_HOOK_KEY, {"key": hook_keys.hashed(hook_key)})
    return None if row is None else read(tx, row)


async def active(tx: Tx) -> Sequence[Connection]:
    return [
        read(tx, row)
        for row in await tx.rows(sa.select(*_COLUMNS).where(ACTIVE).order_by(connections.c.id))
    ]


_c = connections.c
_HEALTH = sa.select(
    _c.created_at,
    _c.left_at,
    _c.leaving,
    _c.unreachable_since,
    _c.zettle_cursor,
    _c.swept_at,
    _c.undo_until,
    _c.to_remove,
    _c.restored_at,
    _c.held_at,
).where(_c.id == sa.bindparam("id"))


async def health(tx: Tx, connection_id: int) -> Health:
    row = await tx.first(_HEALTH, {"id": connection_id})
    assert row is not None
    return Health(*row)


async def _one(tx: Tx, *conditions: Any) -> Connection | None:
    row = await tx.first(sa.select(*_COLUMNS).where(*conditions))
    return None if row is None else read(tx, row)


# ---- Set-up --------------------------------------------------------------------------------------


async def set_organization(tx: Tx, connection_id: int, organization: Organization) -> None:
    await _set(tx, connection_id, organization=to_plain(organization))


async def set_shop(tx: Tx, connection_id: int, shop: Shop) -> None:
    """Raises `AccountTaken` when this account already has another store, `StoreTaken` when the
    store belongs to another account (C2).
    """
    mine = await by_id(tx, connection_id)
    assert mine is not None
    if mine.shop is not None and mine.shop.store_hash != shop.store_hash:
        raise AccountTaken(mine)
    try:
        async with tx.connection.begin_nested():
            await _set(tx, connection_id, store_hash=shop.store_hash, shop=to_plain(shop))
    except IntegrityError:
        other = await by_store(tx, shop.store_hash)
        if other is None:
            raise
        raise StoreTaken(other) from None


async def state(tx: Tx, connection_id: int) -> State:
    """The state, which stays the same until the transaction ends. Of two that change it at once,
    the second sees the change of the first (C11).
    """
    row = await tx.first(_STATE, {"id": connection_id})
    assert row is not None
    return state_of(read(tx, row), row.leaving, undoable=row.undo_until is not None)


async def save(
    tx: Tx, connection_id: int, state: State, *, undo_until: datetime | None = None
) -> None:
    """Saves a state that the previous state allows (`core/lifecycle.py`). `undo_until` is the time
    until which a removal can at least be undone.
    """
    values: dict[str, Any] = {"stage": stage_of(state).value, "undo_until": undo_until}
    match state:
        case Removing():
            assert undo_until is not None
            values |= {"leaving": Departure.REMOVE.value}
        case PricesChosen(prices=prices):
            values |= {"prices": prices}
        case ProductsChosen(choices=choices) | Watching(choices=choices) | Running(choices=choices):
            values |= {
                "prices": choices.prices,
                "whole_library": choices.whole_library,
                "leaving": "",
            }
        case Leaving(departure=departure):
            values |= {"leaving": departure.value}
        case _:
            pass
    await _set(tx, connection_id, **values)


async def set_choices(tx: Tx, connection_id: int, choices: Choices) -> None:
    await _set(tx, connection_id, prices=choices.prices, whole_library=choices.whole_library)


async def set_stage(
    tx: Tx, connection_id: int, stage: Stage, only_from: Collection[Stage] = tuple(Stage)
) -> bool:
    """Sets any stage, for tests. The program uses `state` and `save`, which allow only valid
    transitions. True when the connection was in one of `only_from`.
    """
    statement = (
        sa.update(connections)
        .where(
            connections.c.id == connection_id,
            connections.c.stage.in_([origin.value for origin in only_from]),
        )
        .values(stage=stage.value)
    )
    tx.touch(connection_id)
    return await tx.run(statement) == 1


# ---- While connected -----------------------------------------------------------------------------


async def pause(tx: Tx, connection_id: int, code: str) -> bool:
    """True when work was running until now, so that the merchant is notified once."""
    c = connections.c
    tx.touch(connection_id)
    return (
        await tx.run(
            sa.update(connections).where(c.id == connection_id, c.paused == "").values(paused=code)
        )
        == 1
    )


async def resume(tx: Tx, connection_id: int) -> bool:
    """True when work was paused until now."""
    c = connections.c
    tx.touch(connection_id)
    return (
        await tx.run(
            sa.update(connections).where(c.id == connection_id, c.paused != "").values(paused="")
        )
        == 1
    )


async def hold(tx: Tx, connection_id: int, now: datetime) -> bool:
    """An operator holds the work of a connection that has not ended. True when this changed
    anything.
    """
    c = connections.c
    statement = sa.update(connections).where(
        c.id == connection_id, c.held_at.is_(None), c.stage != Stage.DISCONNECTED.value
    )
    tx.touch(connection_id)
    return await tx.run(statement.values(held_at=now)) == 1


async def let_go(tx: Tx, connection_id: int) -> bool:
    """Ends that. True when it was held until now."""
    c = connections.c
    statement = sa.update(connections).where(c.id == connection_id, c.held_at.is_not(None))
    tx.touch(connection_id)
    return await tx.run(statement.values(held_at=None)) == 1


async def set_prices_paused(tx: Tx, connection_id: int, paused: bool) -> bool:
    """Decision 10. True when this changed anything."""
    c = connections.c
    statement = (
        sa.update(connections)
        .where(c.id == connection_id, c.prices_paused != paused)
        .values(prices_paused=paused)
    )
    tx.touch(connection_id)
    return await tx.run(statement) == 1


async def set_products_paused(tx: Tx, connection_id: int, paused: bool) -> bool:
    """The merchant pauses product sync, or continues it. True when this changed anything. Only a
    connection whose set-up is finished can be paused.
    """
    c = connections.c
    statement = (
        sa.update(connections)
        .where(
            c.id == connection_id,
            c.products_paused != paused,
            c.stage == Stage.RUNNING.value,
        )
        .values(products_paused=paused)
    )
    tx.touch(connection_id)
    return await tx.run(statement) == 1


async def unreachable(tx: Tx, connection_id: int, now: datetime) -> bool:
    """True the first time, so that an outage is logged once."""
    c = connections.c
    statement = (
        sa.update(connections)
        .where(c.id == connection_id, c.unreachable_since.is_(None))
        .values(unreachable_since=now)
    )
    return await tx.run(statement) == 1


async def reachable(tx: Tx, connection_id: int) -> bool:
    """True when this ends an outage."""
    c = connections.c
    statement = (
        sa.update(connections)
        .where(c.id == connection_id, c.unreachable_since.is_not(None))
        .values(unreachable_since=None)
    )
    return await tx.run(statement) == 1


async def budget_seen(tx: Tx, connection_id: int) -> Mapping[str, int] | None:
    """The store's request budget as it was last seen. None before the store was first asked."""
    found: Mapping[str, int] | None = await tx.scalar(
        sa.select(connections.c.budget_seen).where(connections.c.id == connection_id)
    )
    return found


async def set_budget(tx: Tx, connection_id: int, snapshot: Mapping[str, Any] | None) -> None:
    await tx.run(
        _SET_BUDGET,
        {"id": connection_id, "budget": None if snapshot is None else to_json(dict(snapshot))},
    )


async def set_cursor(tx: Tx, connection_id: int, cursor: str) -> None:
    """How far Zettle's library feed has been read."""
    await _set(tx, connection_id, zettle_cursor=cursor)


async def set_swept(tx: Tx, connection_id: int, now: datetime) -> None:
    await _set(tx, connection_id, swept_at=now)


# ---- Disconnecting -------------------------------------------------------------------------------


async def leave(tx: Tx, connection_id: int, keep: bool, *, uninstalled: bool = False) -> bool:
    """D1: the merchant has decided, here or by uninstalling the app (D3). True when this call made
    the decision.
    """
    how = Departure.UNINSTALLED if uninstalled else Departure.KEEP if keep else Departure.REMOVE
    match await state(tx, connection_id):
        case Removing() | Leaving() | Ended():
            return False
        case now:
            await save(tx, connection_id, now.leave(how))
            # Who disconnects has answered what a restore asks.
            await restoring.end(tx, connection_id)
            return True


async def set_to_remove(tx: Tx, connection_id: int, count: int) -> None:
    """The total that the progress of a removal shows."""
    await _set(tx, connection_id, to_remove=count)


async def disconnect(tx: Tx, connection_id: int, now: datetime) -> bool:
    """The connection has ended: account and store are free for others. True when this call ended
    it.
    """
    c = connections.c
    statement = (
        sa.update(connections)
        .where(c.id == connection_id, c.stage != Stage.DISCONNECTED.value)
        .values(stage=Stage.DISCONNECTED.value, left_at=now, paused="", unreachable_since=None)
    )
    tx.touch(connection_id)
    return await tx.run(statement) == 1


async def _set(tx: Tx, connection_id: int, **values: Any) -> None:
    tx.touch(connection_id)
    await tx.run(sa.update(connections).where(connections.c.id == connection_id).values(**values))
