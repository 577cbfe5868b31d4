"""Erases everything of one merchant and gives a receipt: how many rows of each table, when, and a
hash. One audit line stays, which names nobody either.

The receipt names nobody. The hash is made of the account's Zettle id, the counts and the time:
whoever knows the id can check that the receipt is about this account.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from brygga.core.model import Stage
from brygga.database import audit
from brygga.database.access_tables import erasures, removed_users
from brygga.database.all_tables import metadata
from brygga.database.audit import Act, Actor, Entry
from brygga.database.engine import Tx
from brygga.database.tables import audit as audit_lines
from brygga.database.tables import connections, oauth_states, sessions

OWNER = "connection_id"


@dataclass(frozen=True, slots=True)
class Receipt:
    """Tables without a row of the merchant are left out."""

    counts: Mapping[str, int]
    erased_at: datetime
    hash: str

    @property
    def rows(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Asked:
    """An erasure that was asked for. `receipt` is None until it is done."""

    asked_at: datetime
    receipt: Receipt | None


class StillConnected(Exception):
    """The account has a connection that has not ended. Nothing was erased."""


def receipt_hash(organization_uuid: str, counts: Mapping[str, int], erased_at: datetime) -> str:
    named = {
        "account": organization_uuid,
        "erased_at": erased_at.isoformat(),
        "tables": dict(counts),
    }
    return hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()


async def ask(tx: Tx, ticket: str, organization_uuid: str, now: datetime) -> None:
    """The erasure is done once the account's connection has ended. The ticket opens the receipt."""
    values = {"ticket": _hashed(ticket), "organization_uuid": organization_uuid, "asked_at": now}
    await tx.run(sa.insert(erasures).values(**values))


async def asked(tx: Tx, ticket: str) -> Asked | None:
    row = await tx.first(sa.select(erasures).where(erasures.c.ticket == _hashed(ticket)))
    if row is None:
        return None
    done = None if row.erased_at is None else Receipt(row.counts, row.erased_at, row.hash)
    return Asked(row.asked_at, done)


async def due(tx: Tx, left_before: datetime, limit: int = 20) -> Sequence[str]:
    """The accounts to erase now: those that asked for it, or that disconnected before that time. An
    account with a connection is never among them.
    """
    return [row.uuid for row in await tx.rows(_DUE, {"before": left_before, "limit": limit})]


_DUE = sa.text("""
    SELECT o.uuid FROM (
        SELECT organization_uuid AS uuid FROM erasures WHERE erased_at IS NULL
        UNION
        SELECT organization_uuid FROM connections
            GROUP BY organization_uuid HAVING max(left_at) < :before
    ) o
    WHERE NOT EXISTS (
        SELECT FROM connections c WHERE c.organization_uuid = o.uuid AND c.stage <> 'disconnected'
    )
    ORDER BY o.uuid LIMIT :limit
""")


async def never_joined(tx: Tx, before: datetime, limit: int = 20) -> Sequence[tuple[int, str]]:
    """Connections that never had a store, whose merchant signed in for the last time before then,
    with their accounts.
    """
    found = await tx.rows(_NEVER_JOINED, {"before": before, "limit": limit})
    return [(row.id, row.organization_uuid) for row in found]


_NEVER_JOINED = sa.text("""
    SELECT c.id, c.organization_uuid FROM connections c
    WHERE c.stage = 'zettle_connected' AND c.shop IS NULL AND c.created_at < :before
        AND NOT EXISTS (
            SELECT FROM audit a
            WHERE a.connection_id = c.id AND a.act = 'signed_in' AND a.at >= :before
        )
    ORDER BY c.id LIMIT :limit
""")


async def erase(
    tx: Tx, organization_uuid: str, now: datetime, by: Actor = Actor.SERVICE
) -> Receipt:
    """Erases all connections of the account and all their data. Raises `StillConnected`."""
    c = connections.c
    mine = await tx.rows(
        sa.select(c.id, c.stage, c.store_hash)
        .where(c.organization_uuid == organization_uuid)
        .with_for_update()
    )
    if any(row.stage != Stage.DISCONNECTED.value for row in mine):
        raise StillConnected
    ids, stores = (
        [row.id for row in mine],
        sorted({row.store_hash for row in mine if row.store_hash}),
    )
    counts = {"connections": len(ids), **await _owned(tx, ids)}
    counts["sessions"] = await _sessions(tx, set(ids))
    counts["oauth_states"] = await _states(tx, stores)
    counts["removed_users"] = await tx.run(
        sa.delete(removed_users).where(
            removed_users.c.store_hash.in_(await _nobody_elses(tx, stores, ids))
        )
    )
    # Their rows would stay as acts of no merchant, with the addresses from which they came.
    await tx.run(sa.delete(audit_lines).where(audit_lines.c.connection_id.in_(ids)))
    await tx.run(sa.delete(connections).where(c.id.in_(ids)))

    counts = {name: count for name, count in sorted(counts.items()) if count}
    receipt = Receipt(counts, now, receipt_hash(organization_uuid, counts, now))
    open_ = (erasures.c.organization_uuid == organization_uuid, erasures.c.erased_at.is_(None))
    values = {"erased_at": now, "counts": counts, "hash": receipt.hash, "organization_uuid": ""}
    was_asked = await tx.run(sa.update(erasures).where(*open_).values(**values)) > 0
    facts = {"hash": receipt.hash, "rows": str(receipt.rows), "asked": "yes" if was_asked else "no"}
    await audit.add(tx, Entry(Act.ERASED, by, facts=facts), now)
    return receipt


async def counted(tx: Tx, connection_id: int) -> Mapping[str, int]:
    """The number of rows kept of one connection, by table."""
    return {name: count for name, count in (await _owned(tx, [connection_id])).items() if count}


async def _owned(tx: Tx, ids: Sequence[int]) -> dict[str, int]:
    """By table, the number of rows that are deleted with these connections."""
    found = {}
    for table in metadata.sorted_tables:
        if OWNER in table.c:
            there = sa.select(sa.func.count()).select_from(table).where(table.c[OWNER].in_(ids))
            found[table.name] = int(await tx.scalar(there) or 0)
    return found


async def _sessions(tx: Tx, ids: set[int]) -> int:
    """Sessions name their connection inside their data."""
    rows = await tx.rows(sa.select(sessions.c.key, sessions.c.data))
    mine = [row.key for row in rows if _json(row.data).get("connection") in ids]
    return await tx.run(sa.delete(sessions).where(sessions.c.key.in_(mine)))


async def _states(tx: Tx, stores: Sequence[str]) -> int:
    return await tx.run(
        sa.delete(oauth_states).where(oauth_states.c.payload["store"].astext.in_(stores))
    )


async def _nobody_elses(tx: Tx, stores: Sequence[str], ids: Sequence[int]) -> list[str]:
    """Leaves out a store that belongs to another merchant by now."""
    c = connections.c
    others = await tx.rows(
        sa.select(c.store_hash).where(c.store_hash.in_(stores), c.id.not_in(ids))
    )
    return sorted(set(stores) - {row.store_hash for row in others})


def _json(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _hashed(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode()).digest()
