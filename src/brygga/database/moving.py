"""The rows of one merchant, on their way from one installation to another.

Secrets are not among them. What was under way is not either: both platforms show what became of it,
and a connection that was moved reads both before it writes (`restoring`).
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import sqlalchemy as sa

from brygga.core.model import Stage
from brygga.database import hook_keys
from brygga.database.all_tables import metadata
from brygga.database.engine import Tx
from brygga.database.tables import ACTIVE, connections

MOVED: Final = frozenset(
    {
        "additions",
        "addition_pictures",
        "alert_settings",
        "binding_children",
        "bindings",
        "duplicates",
        "gone_products",
        "hidden_products",
        "intents",
        "ledgers",
        "library",
        "movements",
        "questions",
        "shown_products",
        "statements",
        "subscriptions",
        "suffixes",
        "synclog",
        "ticks",
        "zeroed_levels",
    }
)
LEFT: Final[Mapping[str, str]] = {
    "alert_messages": "sent, or to be told anew",
    "alerts": "to be told anew",
    "audit": "acts at the other installation",
    "deliveries": "counts of the other installation's webhooks",
    "differences": "compared anew",
    "echoes": "both sides are read",
    "effects": "counts of the last hour",
    "exchanges": "calls of the other installation",
    "inbox": "messages to the other installation",
    "initial_levels": "both sides are read",
    "kept_webhooks": "sealed with the other installation's keys",
    "marker_products": "found again in the store, with its levels of now",
    "marker_slots": "the same",
    "outages": "seen anew",
    "pending_writes": "both sides are read",
    "plan_steps": "of a set-up",
    "predictions": "of a time beside another app",
    "planned": "of a set-up",
    "plans": "of a set-up",
    "sessions": "everybody signs in at the new address",
    "shop_claims": "of a set-up",
    "stock_hints": "both sides are read",
    "support": "reports for the other installation's operator",
    "tokens": "sealed anew, or approved again",
    "watched_products": "of a time beside another app",
    "work_items": "begins with the comparison",
}
"""Tables that stay, and why."""
UNMOVED: Final[Mapping[str, frozenset[str]]] = {
    "connections": frozenset(
        {
            "id",
            "hook_key",
            "hook_key_hash",
            "hook_key_sealed",
            "lease_epoch",
            "lease_holder",
            "lease_until",
            "budget",
            "budget_seen",
            "unreachable_since",
            "zettle_cursor",
            "restored_at",
            "compared_at",
            "held_at",
        }
    ),
    "alert_settings": frozenset(
        {"ticket", "ticket_at", "hook_url", "hook_secret", "hook_secret_before", "renewed_at"}
    ),
    "subscriptions": frozenset({"signing_key"}),
}
"""Columns that stay: secrets, and what belongs to the other installation."""
OWNER: Final = "connection_id"


class Strange(Exception):
    """The file holds what this version cannot take. One line for an operator."""


@dataclass(frozen=True, slots=True)
class Contents:
    """One merchant's rows: the connection's own, and those of each table, as JSON can hold them."""

    connection: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)

    @property
    def counts(self) -> Mapping[str, int]:
        return {name: len(rows) for name, rows in sorted(self.tables.items()) if rows}


async def read(tx: Tx, connection_id: int) -> Contents:
    """Everything that is moved."""
    own = await tx.first(sa.select(connections).where(connections.c.id == connection_id))
    assert own is not None
    found = {}
    for table in _tables():
        rows = await tx.rows(
            sa.select(*_columns(table))
            .where(table.c[OWNER] == connection_id)
            .order_by(*table.primary_key.columns)
        )
        found[table.name] = [
            {name: _out(value) for name, value in row._mapping.items()} for row in rows
        ]
    named = {column.name for column in _columns(connections)}
    mine = {name: _out(value) for name, value in own._mapping.items() if name in named}
    return Contents(mine, found)


async def in_the_way(tx: Tx, organization_uuid: str, store_hash: str) -> Sequence[int]:
    """Active connections here of this account or this store (C2)."""
    c = connections.c
    same = sa.or_(c.organization_uuid == organization_uuid, c.store_hash == store_hash)
    return [row.id for row in await tx.rows(sa.select(c.id).where(ACTIVE, same).order_by(c.id))]


async def begin(tx: Tx, contents: Contents, hook_key: str) -> int:
    """The connection, with a key for its webhooks' addresses, and without any other row. Raises
    `Strange`.
    """
    values = _taken(connections, contents.connection)
    if values.get("stage") != Stage.RUNNING.value:
        raise Strange("only a merchant whose set-up is finished can be moved")
    statement = sa.insert(connections).values(
        **values,
        hook_key_hash=hook_keys.hashed(hook_key),
        hook_key_sealed=hook_keys.sealed(tx.sealer, hook_key),
    )
    return int(await tx.scalar(statement.returning(connections.c.id)))


async def fill(tx: Tx, connection_id: int, contents: Contents) -> None:
    """All other rows. Raises `Strange`."""
    if unknown := sorted(contents.tables.keys() - MOVED):
        raise Strange(f"the file holds tables that are not moved: {', '.join(unknown)[:200]}")
    for table in _tables():
        rows = [
            {**_taken(table, row), OWNER: connection_id}
            for row in contents.tables.get(table.name, ())
        ]
        for place in range(0, len(rows), 1000):
            await tx.run_many(sa.insert(table), rows[place : place + 1000])
    tx.touch(connection_id)


def _tables() -> Sequence[sa.Table]:
    """Each after those that it names."""
    return [table for table in metadata.sorted_tables if table.name in MOVED]


def _columns(table: sa.Table) -> "Sequence[sa.Column[Any]]":
    left = UNMOVED.get(table.name, frozenset())
    return [
        column
        for column in table.c
        if column.name not in {*left, OWNER} and column.identity is None
    ]


def _taken(table: sa.Table, row: Mapping[str, Any]) -> dict[str, Any]:
    known = {column.name: column for column in _columns(table)}
    if unknown := sorted(row.keys() - known.keys()):
        raise Strange(
            f"{table.name} has {', '.join(unknown)[:200]}, which this version does not know"
        )
    return {name: _in(known[name], value) for name, value in row.items()}


def _out(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case bytes() | memoryview():
            return base64.b64encode(value).decode()
        case Decimal():
            return str(value)
        case _:
            return value


def _in(column: "sa.Column[Any]", value: Any) -> Any:
    """Raises `Strange`."""
    if value is None:
        return None
    try:
        match column.type:
            case sa.DateTime():
                return datetime.fromisoformat(value)
            case sa.LargeBinary():
                return base64.b64decode(value, validate=True)
            case sa.Numeric():
                return Decimal(value)
            case _:
                return value
    except (ValueError, TypeError, ArithmeticError):
        raise Strange(f"{column.table.name}.{column.name} holds no such value") from None
