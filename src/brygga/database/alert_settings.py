"""Where a merchant is told, and of what: the mail address, the webhook with its secret, and the
causes that are switched off.

The secret is stored sealed. It is shown once, when it is made.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from brygga.core.alerts import Cause
from brygga.database.alert_tables import alert_settings
from brygga.database.engine import Tx
from brygga.database.sealing import SealBroken

TICKET_FOR: Final = timedelta(days=3)
"""How long a confirmation link works."""
OVERLAP: Final = timedelta(days=1)
"""After a renewal, messages are signed with the old secret too for this long."""
_PLACE: Final = "alert_settings"
c = alert_settings.c


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """`language` is "" until the merchant has opened the page. `secrets` are the ones to sign with
    now, the newest first.
    """

    language: str = ""
    email: str = ""
    confirmed_at: datetime | None = None
    asked_at: datetime | None = None
    """When a confirmation link was last made for the address."""
    hook_url: str = ""
    secrets: tuple[str, ...] = field(repr=False, default=())
    renewed_at: datetime | None = None
    off: frozenset[Cause] = frozenset()

    @property
    def by_mail(self) -> bool:
        return bool(self.email) and self.confirmed_at is not None

    @property
    def by_hook(self) -> bool:
        return bool(self.hook_url and self.secrets)


async def get(tx: Tx, connection_id: int, now: datetime) -> AlertSettings:
    row = await tx.first(sa.select(alert_settings).where(c.connection_id == connection_id))
    return AlertSettings() if row is None else _settings(tx, row, now)


async def all_told(tx: Tx, now: datetime) -> Mapping[int, AlertSettings]:
    """The settings of every connection that has somewhere to be told."""
    wanted = sa.or_(c.confirmed_at.is_not(None), c.hook_url != "")
    rows = await tx.rows(sa.select(alert_settings).where(wanted).order_by(c.connection_id))
    return {row.connection_id: _settings(tx, row, now) for row in rows}


async def set_email(tx: Tx, connection_id: int, email: str, ticket: str, now: datetime) -> None:
    """Another address is not confirmed. The ticket opens the confirmation link, which replaces an
    earlier one. With an empty address nothing is sent by mail.
    """
    values = {
        "email": email,
        "confirmed_at": None,
        "ticket": hashed(ticket) if email else None,
        "ticket_at": now if email else None,
    }
    await _save(tx, connection_id, values)


async def confirm(tx: Tx, ticket: str, now: datetime) -> int | None:
    """Confirms the address that this ticket was sent to. Returns the connection. None for a ticket
    that is unknown, used or too old. A ticket works once.
    """
    statement = (
        sa.update(alert_settings)
        .where(c.ticket == hashed(ticket), c.ticket_at > now - TICKET_FOR)
        .values(confirmed_at=now, ticket=None, ticket_at=None)
        .returning(c.connection_id)
    )
    found: int | None = await tx.scalar(statement)
    return found


async def ticketed(tx: Tx, ticket: str, now: datetime) -> str | None:
    """The address that this ticket confirms, or None."""
    statement = sa.select(c.email).where(c.ticket == hashed(ticket), c.ticket_at > now - TICKET_FOR)
    found: str | None = await tx.scalar(statement)
    return found


async def set_hook(tx: Tx, connection_id: int, url: str, secret: str, now: datetime) -> None:
    """Sets the webhook's address with a new secret. An empty address removes both."""
    sealed = tx.sealer.seal(secret.encode(), _PLACE, connection_id) if url else None
    values = {
        "hook_url": url,
        "hook_secret": sealed,
        "hook_secret_before": None,
        "renewed_at": now if url else None,
    }
    await _save(tx, connection_id, values)


async def renew(tx: Tx, connection_id: int, secret: str, now: datetime) -> bool:
    """Another secret. The one before still signs for `OVERLAP`. False where there is no webhook."""
    sealed = tx.sealer.seal(secret.encode(), _PLACE, connection_id)
    statement = (
        sa.update(alert_settings)
        .where(c.connection_id == connection_id, c.hook_url != "")
        .values(hook_secret_before=c.hook_secret, hook_secret=sealed, renewed_at=now)
    )
    return await tx.run(statement) == 1


async def set_off(tx: Tx, connection_id: int, off: Collection[Cause]) -> None:
    """What is switched off."""
    await _save(tx, connection_id, {"off": sorted(cause.value for cause in off)})


async def set_language(tx: Tx, connection_id: int, language: str) -> None:
    """The language in which the merchant reads our pages."""
    await _save(tx, connection_id, {"language": language})


async def reseal(tx: Tx) -> int:
    """Seals again what was sealed with another key than the first. Returns how many there were."""
    changed = 0
    wanted = sa.select(c.connection_id, c.hook_secret, c.hook_secret_before).with_for_update()
    for row in await tx.rows(wanted.where(c.hook_secret.is_not(None))):
        values = {
            name: tx.sealer.seal(
                tx.sealer.open(sealed, _PLACE, row.connection_id), _PLACE, row.connection_id
            )
            for name, sealed in (
                ("hook_secret", row.hook_secret),
                ("hook_secret_before", row.hook_secret_before),
            )
            if sealed is not None and not tx.sealer.is_newest(sealed)
        }
        if values:
            where = c.connection_id == row.connection_id
            await tx.run(sa.update(alert_settings).where(where).values(**values))
            changed += len(values)
    return changed


def with_a_seal() -> "sa.CompoundSelect[Any]":
    return sa.union_all(
        sa.select(c.hook_secret).where(c.hook_secret.is_not(None)),
        sa.select(c.hook_secret_before).where(c.hook_secret_before.is_not(None)),
    )


def hashed(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode("utf-8", "replace")).digest()


async def _save(tx: Tx, connection_id: int, values: dict[str, Any]) -> None:
    statement = insert(alert_settings).values(connection_id=connection_id, **values)
    await tx.run(statement.on_conflict_do_update(index_elements=["connection_id"], set_=values))


def _settings(tx: Tx, row: Any, now: datetime) -> AlertSettings:
    kept = [row.hook_secret]
    if row.renewed_at is not None and now - row.renewed_at < OVERLAP:
        kept.append(row.hook_secret_before)
    return AlertSettings(
        language=row.language,
        email=row.email,
        confirmed_at=row.confirmed_at,
        asked_at=row.ticket_at,
        hook_url=row.hook_url,
        secrets=tuple(
            opened
            for sealed in kept
            if sealed is not None and (opened := _opened(tx, sealed, row.connection_id))
        ),
        renewed_at=row.renewed_at,
        off=frozenset(Cause(name) for name in row.off if name in set(Cause)),
    )


def _opened(tx: Tx, sealed: bytes, connection_id: int) -> str:
    """ "" where no key opens it: that webhook gets nothing until its secret is renewed."""
    try:
        return tx.sealer.open(sealed, _PLACE, connection_id).decode()
    except SealBroken:
        return ""
