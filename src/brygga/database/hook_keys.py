"""The unguessable part of a connection's webhook addresses. It is found by its hash and stored
encrypted.
"""

import hashlib
from typing import Any

import sqlalchemy as sa

from brygga.database.engine import Tx
from brygga.database.sealing import SealBroken, Sealer
from brygga.database.tables import connections


def hashed(hook_key: str) -> bytes:
    return hashlib.sha256(hook_key.encode("utf-8", "replace")).digest()


def sealed(sealer: Sealer, hook_key: str) -> bytes:
    return sealer.seal(hook_key.encode(), *_place(hashed(hook_key)))


def opened(sealer: Sealer, row: Any) -> str:
    """The key from a row of `connections`. "" where no secret decrypts it, so that an operator
    still sees the rest.

    A key from a version without encryption is in plain text until `seal_all`.
    """
    if row.hook_key_sealed is None:
        return row.hook_key or ""
    try:
        return sealer.open(row.hook_key_sealed, *_place(row.hook_key_hash)).decode()
    except SealBroken:
        return ""


async def seal_all(tx: Tx) -> int:
    """Encrypts the keys that are in plain text. Returns how many there were."""
    c, changed = connections.c, 0
    wanted = sa.select(c.id, c.hook_key).where(c.hook_key.is_not(None)).with_for_update()
    for row in await tx.rows(wanted):
        values = {"hook_key": None, "hook_key_sealed": sealed(tx.sealer, row.hook_key)}
        changed += await tx.run(sa.update(connections).where(c.id == row.id).values(**values))
    return changed


async def reseal(tx: Tx) -> int:
    """Encrypts again the keys that were sealed with another secret than the first. Returns how many
    there were.
    """
    c, changed = connections.c, 0
    wanted = sa.select(c.id, c.hook_key_hash, c.hook_key_sealed).where(
        c.hook_key_sealed.is_not(None)
    )
    for row in await tx.rows(wanted.with_for_update()):
        if not tx.sealer.is_newest(row.hook_key_sealed):
            plain = tx.sealer.open(row.hook_key_sealed, *_place(row.hook_key_hash)).decode()
            values = {"hook_key_sealed": sealed(tx.sealer, plain)}
            changed += await tx.run(sa.update(connections).where(c.id == row.id).values(**values))
    return changed


def with_a_seal() -> "sa.Select[bytes | None]":
    return sa.select(connections.c.hook_key_sealed).where(
        connections.c.hook_key_sealed.is_not(None)
    )


def _place(name: bytes) -> tuple[str, str]:
    return "connections", name.hex()
