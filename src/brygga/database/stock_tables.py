"""The tables of stock, of plans, and of products of our own form. Their statements are written as
SQL; these values say which rows are a merchant's, so that walls, receipts and exports know them.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from brygga.database.tables import TIME, metadata


def _owner(*, primary_key: bool = True) -> "Column[int]":
    return Column(
        sa.BigInteger,
        sa.ForeignKey("connections.id", ondelete="CASCADE"),
        primary_key=primary_key,
        nullable=False,
    )


def _text() -> "Column[str]":
    return Column(sa.Text, nullable=False, server_default="")


class _Ledgers(sa.TypedColumns):
    connection_id: Column[int] = _owner()
    variant_uuid: Column[str] = Column(sa.Text, primary_key=True)
    product_uuid: Column[str] = Column(sa.Text, nullable=False)
    separate: Column[bool] = Column(sa.Boolean, nullable=False, server_default=sa.false())
    zettle: Column[Any] = Column(JSONB, nullable=False)
    shop: Column[Any] = Column(JSONB, nullable=False)
    check_since: Column[datetime | None] = Column(TIME)
    updated_at: Column[datetime] = Column(TIME, nullable=False)
    closed: Column[Any] = Column(JSONB, nullable=False, server_default=sa.text("'[]'::jsonb"))
    started_at: Column[datetime | None] = Column(TIME)
    shown_at: Column[datetime | None] = Column(TIME)


ledgers = sa.Table(
    "ledgers",
    metadata,
    _Ledgers,
    sa.Index("ledgers_by_product", "connection_id", "product_uuid"),
    sa.Index(
        "ledgers_to_check",
        "connection_id",
        "check_since",
        postgresql_where=sa.text("check_since IS NOT NULL"),
    ),
)


class _PendingWrites(sa.TypedColumns):
    connection_id: Column[int] = _owner()
    call: Column[str] = Column(sa.Text, primary_key=True)
    variant_uuid: Column[str] = Column(sa.Text, primary_key=True)
    product_uuid: Column[str] = Column(sa.Text, nullable=False)
    side: Column[str] = Column(sa.Text, nullable=False)
    state: Column[str] = Column(sa.Text, nullable=False)
    pending_write: Column[Any] = Column(JSONB, nullable=False)
    at: Column[datetime] = Column(TIME, nullable=False)


pending_writes = sa.Table(
    "pending_writes",
    metadata,
    _PendingWrites,
    sa.Index("pending_writes_by_product", "connection_id", "product_uuid"),
    sa.Index("pending_writes_open", "connection_id", postgresql_where=sa.text("state = 'open'")),
    sa.CheckConstraint(
        "state IN ('open', 'lost', 'doubted', 'believed', 'presumed')", name="state"
    ),
)


class _InitialLevels(sa.TypedColumns):
    connection_id: Column[int] = _owner()
    product_uuid: Column[str] = Column(sa.Text, primary_key=True)
    variant_uuid: Column[str] = Column(sa.Text, primary_key=True)
    level: Column[int] = Column(sa.Integer, nullable=False)
    begun_at: Column[datetime] = Column(TIME, nullable=False)


initial_levels = sa.Table("initial_levels", metadata, _InitialLevels)


class _Echoes(sa.TypedColumns):
    connection_id: Column[int] = _owner()
    identifier: Column[str] = Column(sa.Text, primary_key=True)
    received_at: Column[datetime] = Column(TIME, nullable=False)


echoes = sa.Table("echoes", metadata, _Echoes, sa.Index("echoes_by_age", "received_at"))


class _StockHints(sa.TypedColumns):
    id: Column[int] = Column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    connection_id: Column[int] = _owner(primary_key=False)
    side: Column[str] = Column(sa.Text, nullable=False)
    subject: Column[str] = Column(sa.Text, nullable=False)
    at: Column[datetime] = Column(TIME, nullable=False)
    happened_at: Column[datetime | None] = Column(TIME)
    by_order: Column[bool] = Column(sa.Boolean, nullable=False, server_default=sa.false())


stock_hints = sa.Table(
    "stock_hints",
    metadata,
    _StockHints,
    sa.Index("stock_hints_by_subject", "connection_id", "side", "subject"),
)


class _Movements(sa.TypedColumns):
    id: Column[int] = Column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    connection_id: Column[int] = _owner(primary_key=False)
    at: Column[datetime] = Column(TIME, nullable=False)
    product_uuid: Column[str] = Column(sa.Text, nullable=False)
    variant_uuid: Column[str] = Column(sa.Text, nullable=False)
    side: Column[str] = Column(sa.Text, nullable=False)
    cause: Column[str] = Column(sa.Text, nullable=False)
    change: Column[int] = Column(sa.Integer, nullable=False)
    zettle_before: Column[int | None] = Column(sa.Integer)
    zettle_after: Column[int | None] = Column(sa.Integer)
    shop_before: Column[int | None] = Column(sa.Integer)
    shop_after: Column[int | None] = Column(sa.Integer)
    call: Column[str] = _text()
    reference: Column[str] = _text()
    sent: Column[datetime | None] = Column(TIME)
    reason: Column[str | None] = Column(sa.Text)
    explained_at: Column[datetime | None] = Column(TIME)
    seller: Column[str] = _text()
    place: Column[str] = _text()
    reported: Column[datetime | None] = Column(TIME)


movements = sa.Table(
    "movements",
    metadata,
    _Movements,
    sa.Index("movements_by_age", "at"),
    sa.Index("movements_contradicted", "at", postgresql_where=sa.text("cause = 'contradicted'")),
    sa.Index(
        "movements_explained",
        "connection_id",
        "explained_at",
        postgresql_where=sa.text("explained_at IS NOT NULL"),
    ),
    sa.Index("movements_newest", "connection_id", sa.text("id DESC")),
    sa.Index("movements_of_a_variant", "connection_id", "variant_uuid", sa.text("id DESC")),
)


class _Additions(sa.TypedColumns):
    connection_id: Column[int] = _owner()
    product_uuid: Column[str] = Column(sa.Text, primary_key=True)
    state: Column[str] = Column(sa.Text, nullable=False)
    form: Column[Any] = Column(JSONB, nullable=False)
    product: Column[Any] = Column(JSONB, nullable=True)
    made: Column[bool] = Column(sa.Boolean, nullable=False, server_default=sa.false())
    movement: Column[str] = _text()
    moved_at: Column[datetime | None] = Column(TIME)
    refusal: Column[str] = _text()
    errors: Column[Any] = Column(JSONB, nullable=False, server_default=sa.text("'{}'::jsonb"))
    touched_at: Column[datetime] = Column(TIME, nullable=False)


additions = sa.Table(
    "additions",
    metadata,
    _Additions,
    sa.CheckConstraint("state IN ('draft', 'waiting', 'refused')", name="state"),
)


class _AdditionPictures(sa.TypedColumns):
    connection_id: Column[int] = Column(sa.BigInteger, primary_key=True)
    product_uuid: Column[str] = Column(sa.Text, primary_key=True)
    place: Column[int] = Column(sa.Integer, primary_key=True)
    media_type: Column[str] = Column(sa.Text, nullable=False)
    content: Column[bytes] = Column(sa.LargeBinary, nullable=False)
    url: Column[str] = _text()


addition_pictures = sa.Table(
    "addition_pictures",
    metadata,
    _AdditionPictures,
    sa.ForeignKeyConstraint(
        ["connection_id", "product_uuid"],
        ["additions.connection_id", "additions.product_uuid"],
        ondelete="CASCADE",
    ),
)


class _ShopClaims(sa.TypedColumns):
    connection_id: Column[int] = _owner()
    field: Column[str] = Column(sa.Text, primary_key=True)
    value: Column[str] = Column(sa.Text, primary_key=True)
    product_id: Column[int] = Column(sa.BigInteger, nullable=False)
    name: Column[str] = Column(sa.Text, nullable=False)


shop_claims = sa.Table("shop_claims", metadata, _ShopClaims)


class _Planned(sa.TypedColumns):
    connection_id: Column[int] = _owner()
    product_uuid: Column[str] = Column(sa.Text, primary_key=True)
    etag: Column[str] = Column(sa.Text, nullable=False)
    name: Column[str] = Column(sa.Text, nullable=False)


planned = sa.Table("planned", metadata, _Planned)


class _Plans(sa.TypedColumns):
    connection_id: Column[int] = _owner()
    stamp: Column[str] = Column(sa.Text, nullable=False)
    counts: Column[Any] = Column(JSONB, nullable=False)
    drawn_at: Column[datetime] = Column(TIME, nullable=False)


plans = sa.Table("plans", metadata, _Plans)


class _PlanSteps(sa.TypedColumns):
    connection_id: Column[int] = Column(
        sa.BigInteger,
        sa.ForeignKey("plans.connection_id", ondelete="CASCADE"),
        primary_key=True,
    )
    product_uuid: Column[str] = Column(sa.Text, primary_key=True)
    sort_key: Column[str] = Column(sa.Text(collation="C"), nullable=False)
    filters: Column[Any] = Column(ARRAY(sa.Text), nullable=False)
    search: Column[str] = Column(sa.Text, nullable=False)
    step: Column[Any] = Column(JSONB, nullable=False)


plan_steps = sa.Table(
    "plan_steps",
    metadata,
    _PlanSteps,
    sa.Index("plan_steps_in_order", "connection_id", "sort_key", "product_uuid"),
)
