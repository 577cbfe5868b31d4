"""The tables of products: Zettle's library, what is bound to what, and what BigCommerce showed."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB

from brygga.database.tables import TIME, flag, metadata, owner, text


class _Library(sa.TypedColumns):
    connection_id: Column[int] = owner()
    product_uuid: Column[str] = Column(sa.Text, primary_key=True)
    etag: Column[str] = text()
    name: Column[str] = text()
    sort_key: Column[str] = Column(sa.Text(collation="C"), nullable=False, server_default="")
    """Sorts by code point, whatever the collation of an external database is."""
    search: Column[str] = text()
    product: Column[Any] = Column(JSONB, nullable=True)
    vat: Column[Decimal | None] = Column(sa.Numeric(9, 4))
    tracking: Column[bool | None] = Column(sa.Boolean)
    assigned: Column[bool | None] = Column(sa.Boolean)
    unassign_at: Column[datetime | None] = Column(TIME)
    unreadable: Column[str] = text()
    failure: Column[str] = text()
    failed_at: Column[datetime | None] = Column(TIME)
    seen_at: Column[datetime] = Column(TIME, nullable=False)
    removed_at: Column[datetime | None] = Column(TIME)


library = sa.Table(
    "library",
    metadata,
    _Library,
    sa.Index(
        "library_in_order",
        "connection_id",
        "sort_key",
        "product_uuid",
        postgresql_where=sa.text("removed_at IS NULL"),
    ),
)


class _GoneProducts(sa.TypedColumns):
    connection_id: Column[int] = owner()
    product_uuid: Column[str] = Column(sa.Text, primary_key=True)
    name: Column[str] = text()
    product: Column[Any] = Column(JSONB, nullable=True)
    gone_at: Column[datetime] = Column(TIME, nullable=False)


gone_products = sa.Table(
    "gone_products", metadata, _GoneProducts, sa.Index("gone_products_by_age", "gone_at")
)


class _Bindings(sa.TypedColumns):
    connection_id: Column[int] = owner()
    product_uuid: Column[str] = Column(sa.Text, primary_key=True)
    product_id: Column[int] = Column(sa.BigInteger, nullable=False)
    origin: Column[str] = Column(sa.Text, nullable=False)
    etag: Column[str] = text()
    fingerprint: Column[str] = text()
    state: Column[str] = Column(sa.Text, nullable=False, server_default="bound")
    organization_uuid: Column[str] = Column(sa.Text, nullable=False)
    store_hash: Column[str] = Column(sa.Text, nullable=False)
    tagged: Column[bool] = flag()
    channel_assigned: Column[bool] = flag()
    hidden: Column[bool | None] = Column(sa.Boolean)
    in_category: Column[bool | None] = Column(sa.Boolean)
    counting: Column[str] = text()
    bound_at: Column[datetime] = Column(TIME, nullable=False)
    synced_at: Column[datetime | None] = Column(TIME)


bindings = sa.Table(
    "bindings",
    metadata,
    _Bindings,
    sa.Index("one_binding_per_shop_product", "connection_id", "product_id", unique=True),
    sa.Index(
        "kept_bindings",
        "organization_uuid",
        "store_hash",
        postgresql_where=sa.text("state = 'kept'"),
    ),
    sa.CheckConstraint("state IN ('bound', 'to_delete', 'kept')", name="state"),
    sa.CheckConstraint("origin IN ('created', 'linked')", name="origin"),
)


class _BindingChildren(sa.TypedColumns):
    connection_id: Column[int] = Column(sa.BigInteger, primary_key=True)
    product_uuid: Column[str] = Column(sa.Text, primary_key=True)
    kind: Column[str] = Column(sa.Text, primary_key=True)
    key: Column[str] = Column(sa.Text, primary_key=True)
    child_id: Column[int] = Column(sa.BigInteger, nullable=False)
    extra: Column[str] = text()


binding_children = sa.Table(
    "binding_children",
    metadata,
    _BindingChildren,
    sa.ForeignKeyConstraint(
        ["connection_id", "product_uuid"],
        ["bindings.connection_id", "bindings.product_uuid"],
        ondelete="CASCADE",
        onupdate="CASCADE",
    ),
)


class _Suffixes(sa.TypedColumns):
    connection_id: Column[int] = Column(sa.BigInteger, primary_key=True)
    product_uuid: Column[str] = Column(sa.Text, primary_key=True)
    variant_uuid: Column[str] = Column(sa.Text, primary_key=True)
    field: Column[str] = Column(sa.Text, primary_key=True)
    plain: Column[str] = Column(sa.Text, nullable=False)
    written: Column[str] = Column(sa.Text, nullable=False)
    holder_id: Column[int] = Column(sa.BigInteger, nullable=False)
    holder_uuid: Column[str] = Column(sa.Text, nullable=False)
    retry: Column[bool] = flag()


suffixes = sa.Table(
    "suffixes",
    metadata,
    _Suffixes,
    sa.ForeignKeyConstraint(
        ["connection_id", "product_uuid"],
        ["bindings.connection_id", "bindings.product_uuid"],
        ondelete="CASCADE",
        onupdate="CASCADE",
    ),
    sa.Index("suffixes_by_holder", "connection_id", "holder_id"),
)


class _Intents(sa.TypedColumns):
    connection_id: Column[int] = owner()
    product_uuid: Column[str] = Column(sa.Text, primary_key=True)
    payload: Column[Any] = Column(JSONB, nullable=False)
    store_time: Column[datetime | None] = Column(TIME)
    begun_at: Column[datetime] = Column(TIME, nullable=False)


intents = sa.Table("intents", metadata, _Intents)


class _ShownProducts(sa.TypedColumns):
    connection_id: Column[int] = owner()
    product_uuid: Column[str] = Column(sa.Text, primary_key=True)
    product_id: Column[int] = Column(sa.BigInteger, nullable=False)
    read_at: Column[datetime] = Column(TIME, nullable=False)
    product: Column[Any] = Column(JSONB, nullable=True)
    """None: BigCommerce does not have it any more."""
    differs: Column[int] = Column(sa.Integer, nullable=False, server_default="0")
    digest: Column[str] = text()
    """Of the differences. "" where there are none."""
    accepted: Column[str] = text()
    """The digest of the differences that the merchant keeps until the next save in Zettle."""


shown_products = sa.Table(
    "shown_products",
    metadata,
    _ShownProducts,
    sa.Index(
        "shown_products_differing",
        "connection_id",
        "product_uuid",
        postgresql_where=sa.text("digest <> accepted"),
    ),
)


class _Duplicates(sa.TypedColumns):
    connection_id: Column[int] = owner()
    product_uuid: Column[str] = Column(sa.Text, primary_key=True)
    product_id: Column[int] = Column(sa.BigInteger, primary_key=True)
    certainty: Column[str] = Column(sa.Text, nullable=False)
    reason: Column[str] = text()
    shop_name: Column[str] = text()
    choice: Column[str] = text()
    found_at: Column[datetime] = Column(TIME, nullable=False)
    facts: Column[Any] = Column(JSONB, nullable=False, server_default=sa.text("'{}'::jsonb"))
    """What the plan shows of both products beside their names."""


duplicates = sa.Table("duplicates", metadata, _Duplicates)
