"""The access that a merchant gave us, encrypted. One row per connection and platform."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from brygga.core.failures import fingerprint
from brygga.database.engine import Tx
from brygga.database.tables import tokens

APPROVAL = timedelta(seconds=30)
"""How long an approval may take. After that, a refused token counts as revoked."""
APPROVAL_AGAIN = timedelta(minutes=10)
"""Anybody can call the address where approvals arrive, so we record one try within this time."""


class Platform(StrEnum):
    ZETTLE = "zettle"
    BIGCOMMERCE = "bigcommerce"


@dataclass(frozen=True, slots=True)
class Token:
    """`refresh_started_at` is set while a refresh (at BigCommerce: an approval) is under way, or
    when its answer was lost. `refresh_attempts` counts these.
    """

    access: str = field(repr=False)
    issued_at: datetime
    refresh: str = field(repr=False, default="")
    expires_at: datetime | None = None
    """None: it does not expire."""
    scopes: str = ""
    account: str = ""
    refresh_started_at: datetime | None = None
    refresh_attempts: int = 0
    revoked_at: datetime | None = None


async def save(tx: Tx, connection_id: int, platform: Platform, token: Token) -> None:
    """Replaces the old token with the new one in one statement. This also ends a refresh that was
    under way.
    """
    sealed = tx.sealer.seal(
        json.dumps([token.access, token.refresh]).encode(), "tokens", connection_id, platform.value
    )
    values = {
        "sealed": sealed,
        "scopes": token.scopes,
        "account": token.account,
        "expires_at": token.expires_at,
        "issued_at": token.issued_at,
        "refresh_started_at": None,
        "refresh_attempts": 0,
        "revoked_at": None,
    }
    statement = insert(tokens).values(
        connection_id=connection_id, platform=platform.value, **values
    )
    await tx.run(
        statement.on_conflict_do_update(index_elements=["connection_id", "platform"], set_=values)
    )


async def save_newer(tx: Tx, connection_id: int, platform: Platform, token: Token) -> bool:
    """As `save`, unless the stored token was given later. Of two approvals at once, the one that is
    answered last makes the other's token void. False when nothing was replaced.
    """
    await tx.first(
        sa.select(tokens.c.platform).where(*_row(connection_id, platform)).with_for_update()
    )
    there = await get(tx, connection_id, platform)
    if there is not None and there.issued_at > token.issued_at:
        return False
    await save(tx, connection_id, platform, token)
    return True


_GET = sa.select(tokens).where(
    tokens.c.connection_id == sa.bindparam("id"), tokens.c.platform == sa.bindparam("platform")
)


async def get(tx: Tx, connection_id: int, platform: Platform) -> Token | None:
    """Raises `SealBroken` when the row's secret does not open."""
    row = await tx.first(_GET, {"id": connection_id, "platform": platform.value})
    return None if row is None else read(tx, connection_id, platform, row._mapping)


_FIELDS = (
    "issued_at",
    "expires_at",
    "scopes",
    "account",
    "refresh_started_at",
    "refresh_attempts",
    "revoked_at",
)


def named(table: str, prefix: str) -> str:
    """The columns that `read` needs, for a statement that reads more than a token."""
    return ", ".join(f"{table}.{one} AS {prefix}{one}" for one in ("sealed", *_FIELDS))


def read(
    tx: Tx, connection_id: int, platform: Platform, row: Mapping[Any, Any], prefix: str = ""
) -> Token | None:
    """The token in a row whose columns have this prefix. None where a join found none. Raises
    `SealBroken` when its secret does not open.
    """
    if row[f"{prefix}sealed"] is None:
        return None
    access, refresh = json.loads(
        tx.sealer.open(row[f"{prefix}sealed"], "tokens", connection_id, platform.value)
    )
    return Token(access, refresh=refresh, **{one: row[f"{prefix}{one}"] for one in _FIELDS})


async def scopes(tx: Tx, connection_id: int, platform: Platform) -> str:
    """What was granted, "" without a token. It opens no secret."""
    found = await tx.scalar(sa.select(tokens.c.scopes).where(*_row(connection_id, platform)))
    return found or ""


async def begin_refresh(tx: Tx, connection_id: int, platform: Platform, now: datetime) -> int:
    """Saves the intent before the call is sent. Returns how many refreshes of this token have been
    tried, this one included.
    """
    statement = (
        sa.update(tokens)
        .where(*_row(connection_id, platform))
        .values(refresh_started_at=now, refresh_attempts=tokens.c.refresh_attempts + 1)
        .returning(tokens.c.refresh_attempts)
    )
    return int(await tx.scalar(statement) or 0)


async def finish_refresh(
    tx: Tx, connection_id: int, platform: Platform, used: str, token: Token
) -> bool:
    """Replaces the token if it is still the one whose refresh token was `used`. False: another
    process was faster, so read again.
    """
    await tx.first(
        sa.select(tokens.c.platform).where(*_row(connection_id, platform)).with_for_update()
    )
    now_there = await get(tx, connection_id, platform)
    if now_there is None or now_there.refresh != used:
        return False
    await save(tx, connection_id, platform, token)

    return True


async def abandon_refresh(tx: Tx, connection_id: int, platform: Platform) -> None:
    """The refresh certainly did not happen: the state is as if it had never begun."""
    await tx.run(
        sa.update(tokens)
        .where(*_row(connection_id, platform))
        .values(refresh_started_at=None, refresh_attempts=0)
    )


async def begin_approval(tx: Tx, connection_id: int, now: datetime) -> None:
    """The merchant approves the app at BigCommerce again. The token that we hold becomes void with
    the call that brings the new one. Saved before that call is sent.
    """
    c = tokens.c
    statement = sa.update(tokens).where(
        *_row(connection_id, Platform.BIGCOMMERCE),
        sa.or_(c.refresh_started_at.is_(None), c.refresh_started_at < now - APPROVAL_AGAIN),
    )
    await tx.run(statement.values(refresh_started_at=now))


async def is_replaced(tx: Tx, connection_id: int, refused: str, now: datetime) -> bool:
    """Whether the token with this fingerprint no longer counts: another one is stored, or is about
    to be.

    Locks the rows until the transaction ends, so that no approval comes between this answer and
    what is written because of it.
    """
    c = tokens.c
    await tx.rows(
        sa.select(c.platform)
        .where(c.connection_id == connection_id)
        .order_by(c.platform)
        .with_for_update()
    )
    held = {platform: await get(tx, connection_id, platform) for platform in Platform}
    ours = [
        one
        for one, token in held.items()
        if token is not None and fingerprint(token.access) == refused
    ]
    if not ours:
        return any(token is not None for token in held.values())
    shop = held[Platform.BIGCOMMERCE]
    begun = shop.refresh_started_at if shop is not None and ours == [Platform.BIGCOMMERCE] else None
    return begun is not None and begun > now - APPROVAL


async def revoke(tx: Tx, connection_id: int, platform: Platform, now: datetime) -> bool:
    """The platform no longer accepts the token. True when this is new."""
    return (
        await tx.run(
            sa.update(tokens)
            .where(*_row(connection_id, platform), tokens.c.revoked_at.is_(None))
            .values(revoked_at=now)
        )
        == 1
    )


async def forget(tx: Tx, connection_id: int, platform: Platform) -> None:
    await tx.run(sa.delete(tokens).where(*_row(connection_id, platform)))


def _row(connection_id: int, platform: Platform) -> tuple[Any, ...]:
    return tokens.c.connection_id == connection_id, tokens.c.platform == platform.value
