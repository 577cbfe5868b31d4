"""The tables of what merchants are told by mail and webhook, and of the nightly statements."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from brygga.database.tables import TIME, metadata


def _owner() -> "Column[int]":
    return Column(
        sa.BigInteger, sa.ForeignKey("connections.id", ondelete="CASCADE"), primary_key=True
    )


def _text() -> "Column[str]":
    return Column(sa.Text, nullable=False, server_default="")


class _AlertSettings(sa.TypedColumns):
    connection_id: Column[int] = _owner()
    language: Column[str] = _text()
    email: Column[str] = _text()
    confirmed_at: Column[datetime | None] = Column(TIME)
    """When the owner of the address confirmed it. No alert goes there before."""
    ticket: Column[bytes | None] = Column(sa.LargeBinary, unique=True)
    """The hash of the confirmation link's ticket."""
    ticket_at: Column[datetime | None] = Column(TIME)
    hook_url: Column[str] = _text()
    hook_secret: Column[bytes | None] = Column(sa.LargeBinary)
    hook_secret_before: Column[bytes | None] = Column(sa.LargeBinary)
    renewed_at: Column[datetime | None] = Column(TIME)
    off: Column[Any] = Column(ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'"))
    """Causes that the merchant has switched off."""


alert_settings = sa.Table("alert_settings", metadata, _AlertSettings)


class _Alerts(sa.TypedColumns):
    connection_id: Column[int] = _owner()
    cause: Column[str] = Column(sa.Text, primary_key=True)
    subject: Column[str] = Column(sa.Text, primary_key=True)
    since: Column[datetime] = Column(TIME, nullable=False)
    told_at: Column[datetime | None] = Column(TIME)


alerts = sa.Table("alerts", metadata, _Alerts)


class _AlertMessages(sa.TypedColumns):
    id: Column[int] = Column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    connection_id: Column[int] = Column(
        sa.BigInteger, sa.ForeignKey("connections.id", ondelete="CASCADE"), nullable=False
    )
    channel: Column[str] = Column(sa.Text, nullable=False)
    kind: Column[str] = Column(sa.Text, nullable=False)
    """A cause, or "test", or "confirm"."""
    message_id: Column[str] = Column(sa.Text, nullable=False, unique=True)
    subjects: Column[Any] = Column(ARRAY(sa.Text), nullable=False)
    facts: Column[Any] = Column(JSONB, nullable=False)
    created_at: Column[datetime] = Column(TIME, nullable=False)
    due_at: Column[datetime] = Column(TIME, nullable=False)
    attempts: Column[int] = Column(sa.Integer, nullable=False, server_default="0")
    state: Column[str] = Column(sa.Text, nullable=False)
    """waiting, sent, failed, or over: the cause had ended before it was delivered."""
    ended_at: Column[datetime | None] = Column(TIME)
    error: Column[str] = _text()


alert_messages = sa.Table(
    "alert_messages",
    metadata,
    _AlertMessages,
    sa.Index("alert_messages_due", "due_at", postgresql_where=sa.text("state = 'waiting'")),
    sa.Index("alert_messages_newest", "connection_id", sa.text("id DESC")),
    sa.CheckConstraint("state IN ('waiting', 'sent', 'failed', 'over')", name="state"),
)


class _Statements(sa.TypedColumns):
    connection_id: Column[int] = _owner()
    number: Column[int] = Column(sa.Integer, primary_key=True, autoincrement=False)
    made_at: Column[datetime] = Column(TIME, nullable=False)
    previous: Column[str] = Column(sa.Text, nullable=False)
    hash: Column[str] = Column(sa.Text, nullable=False)
    text: Column[str] = Column(sa.Text, nullable=False)
    """The canonical text, of which `hash` is the SHA-256."""
    equal: Column[int] = Column(sa.Integer, nullable=False)
    different: Column[int] = Column(sa.Integer, nullable=False)
    unknown: Column[int] = Column(sa.Integer, nullable=False)
    separate: Column[int] = Column(sa.Integer, nullable=False)


statements = sa.Table("statements", metadata, _Statements, sa.Index("statements_by_age", "made_at"))


class _Differences(sa.TypedColumns):
    connection_id: Column[int] = _owner()
    variant_uuid: Column[str] = Column(sa.Text, primary_key=True)
    product_uuid: Column[str] = Column(sa.Text, nullable=False)
    since: Column[datetime] = Column(TIME, nullable=False)
    seen_at: Column[datetime] = Column(TIME, nullable=False)
    zettle: Column[int] = Column(sa.Integer, nullable=False)
    shop: Column[int] = Column(sa.Integer, nullable=False)


differences = sa.Table("differences", metadata, _Differences)
"""Variants whose numbers differed at the last comparison, and may be told of."""
