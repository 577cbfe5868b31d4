"""The tables of a connection that watches beside another app."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB

from brygga.database.tables import TIME, metadata


class _WatchedProducts(sa.TypedColumns):
    connection_id: Column[int] = Column(
        sa.BigInteger, sa.ForeignKey("connections.id", ondelete="CASCADE"), primary_key=True
    )
    product_uuid: Column[str] = Column(sa.Text, primary_key=True)
    product_id: Column[int] = Column(sa.BigInteger, nullable=False)
    etag: Column[str] = Column(sa.Text, nullable=False, server_default="")
    variants: Column[Any] = Column(JSONB, nullable=False, server_default=sa.text("'{}'::jsonb"))
    """By Zettle variant uuid: the store's id, and the levels as both sides last showed them."""


watched_products = sa.Table("watched_products", metadata, _WatchedProducts)


class _Predictions(sa.TypedColumns):
    id: Column[int] = Column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    connection_id: Column[int] = Column(
        sa.BigInteger, sa.ForeignKey("connections.id", ondelete="CASCADE"), nullable=False
    )
    product_uuid: Column[str] = Column(sa.Text, nullable=False)
    variant_uuid: Column[str] = Column(sa.Text, nullable=False, server_default="")
    field: Column[str] = Column(sa.Text, nullable=False)
    name: Column[str] = Column(sa.Text, nullable=False, server_default="")
    was: Column[str] = Column(sa.Text, nullable=False, server_default="")
    expected: Column[str] = Column(sa.Text, nullable=False, server_default="")
    change: Column[int] = Column(sa.Integer, nullable=False, server_default="0")
    made_at: Column[datetime] = Column(TIME, nullable=False)
    outcome: Column[str] = Column(sa.Text, nullable=False, server_default="")
    seen: Column[str] = Column(sa.Text, nullable=False, server_default="")
    settled_at: Column[datetime | None] = Column(TIME)


predictions = sa.Table(
    "predictions",
    metadata,
    _Predictions,
    sa.Index("predictions_by_connection", "connection_id", "outcome", "id"),
)
