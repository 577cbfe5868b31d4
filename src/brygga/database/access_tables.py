"""The tables about access, and about what stays after a disconnect."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB

from brygga.database.tables import TIME, metadata


class _SignedMessages(sa.TypedColumns):
    key: Column[bytes] = Column(sa.LargeBinary, primary_key=True)
    purpose: Column[str] = Column(sa.Text, nullable=False)
    expires_at: Column[datetime] = Column(TIME, nullable=False)


signed_messages = sa.Table(
    "signed_messages",
    metadata,
    _SignedMessages,
    sa.Index("signed_messages_by_expiry", "expires_at"),
)


class _RemovedUsers(sa.TypedColumns):
    store_hash: Column[str] = Column(sa.Text, primary_key=True)
    user_id: Column[int] = Column(sa.BigInteger, primary_key=True, autoincrement=False)
    removed_at: Column[datetime] = Column(TIME, nullable=False)


removed_users = sa.Table("removed_users", metadata, _RemovedUsers)


class _HiddenProducts(sa.TypedColumns):
    connection_id: Column[int] = Column(
        sa.BigInteger, sa.ForeignKey("connections.id", ondelete="CASCADE"), primary_key=True
    )
    product_id: Column[int] = Column(sa.BigInteger, primary_key=True, autoincrement=False)


hidden_products = sa.Table("hidden_products", metadata, _HiddenProducts)
"""Visible products that we hid before a removal, so that an undo shows them again and no other."""


class _Erasures(sa.TypedColumns):
    ticket: Column[bytes] = Column(sa.LargeBinary, primary_key=True)
    organization_uuid: Column[str] = Column(sa.Text, nullable=False, server_default="")
    """Empty once everything is erased."""
    asked_at: Column[datetime] = Column(TIME, nullable=False)
    erased_at: Column[datetime | None] = Column(TIME)
    counts: Column[Any] = Column(JSONB, nullable=True)
    hash: Column[str] = Column(sa.Text, nullable=False, server_default="")


erasures = sa.Table("erasures", metadata, _Erasures)


class _OperatorSessions(sa.TypedColumns):
    key: Column[bytes] = Column(sa.LargeBinary, primary_key=True)
    secret: Column[str] = Column(sa.Text, nullable=False)
    started_at: Column[datetime] = Column(TIME, nullable=False)
    expires_at: Column[datetime] = Column(TIME, nullable=False)


operator_sessions = sa.Table(
    "operator_sessions",
    metadata,
    _OperatorSessions,
    sa.Index("operator_sessions_by_expiry", "expires_at"),
)


class _KeptWebhooks(sa.TypedColumns):
    id: Column[int] = Column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    connection_id: Column[int] = Column(
        sa.BigInteger, sa.ForeignKey("connections.id", ondelete="CASCADE"), nullable=False
    )
    platform: Column[str] = Column(sa.Text, nullable=False)
    received_at: Column[datetime] = Column(TIME, nullable=False)
    sealed: Column[bytes] = Column(sa.LargeBinary, nullable=False)


kept_webhooks = sa.Table(
    "kept_webhooks",
    metadata,
    _KeptWebhooks,
    sa.Index("kept_webhooks_by_connection", "connection_id", "received_at"),
    sa.Index("kept_webhooks_by_age", "received_at"),
)
"""For `brygga replay`: the webhooks of the last days, trimmed and sealed."""
