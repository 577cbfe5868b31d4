"""The tables of a connection and of its work, with the types of their columns. Others are in
`product_tables`, `stock_tables`, `alert_tables`, `access_tables` and `watching_tables`. The
migrations create them. A test checks that both agree.

Whatever belongs to a merchant has a `connection_id` and is deleted with its connection.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = sa.MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)

TIME = sa.DateTime(timezone=True)
ACTIVE = sa.text("stage <> 'disconnected'")
"""C2 holds among active connections only."""


def owner() -> "Column[int]":
    return Column(
        sa.BigInteger, sa.ForeignKey("connections.id", ondelete="CASCADE"), primary_key=True
    )


def text() -> "Column[str]":
    return Column(sa.Text, nullable=False, server_default="")


def flag() -> "Column[bool]":
    return Column(sa.Boolean, nullable=False, server_default=sa.false())


class _Connections(sa.TypedColumns):
    id: Column[int] = Column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    organization_uuid: Column[str] = Column(sa.Text, nullable=False)
    organization: Column[Any] = Column(JSONB, nullable=False)
    store_hash: Column[str | None] = Column(sa.Text)
    shop: Column[Any] = Column(JSONB, nullable=True)
    stage: Column[str] = Column(sa.Text, nullable=False)
    prices: Column[bool] = flag()
    whole_library: Column[bool] = flag()
    paused: Column[str] = text()
    prices_paused: Column[bool] = flag()
    products_paused: Column[bool] = flag()
    hook_key: Column[str | None] = Column(sa.Text)
    """In plain text, from a version without encryption. None once it is encrypted."""
    hook_key_hash: Column[bytes] = Column(sa.LargeBinary, nullable=False, unique=True)
    hook_key_sealed: Column[bytes | None] = Column(sa.LargeBinary)
    created_at: Column[datetime] = Column(TIME, nullable=False)
    left_at: Column[datetime | None] = Column(TIME)
    leaving: Column[str] = text()
    """"keep" or "remove" once the merchant has decided (D1). "uninstalled" where BigCommerce
    reported it (D3).
    """
    lease_epoch: Column[int] = Column(sa.BigInteger, nullable=False, server_default="0")
    lease_holder: Column[str | None] = Column(sa.Text)
    lease_until: Column[datetime | None] = Column(TIME)
    budget: Column[Any] = Column(JSONB, nullable=True)
    budget_seen: Column[Any] = Column(JSONB, nullable=True)
    """The request budget as it was last seen, for the pages. No worker uses it."""
    unreachable_since: Column[datetime | None] = Column(TIME)
    zettle_cursor: Column[str] = text()
    swept_at: Column[datetime | None] = Column(TIME)
    undo_until: Column[datetime | None] = Column(TIME)
    to_remove: Column[int] = Column(sa.Integer, nullable=False, server_default="0")
    restored_at: Column[datetime | None] = Column(TIME)
    """Set while the connection comes from a backup and waits (`restoring`)."""
    compared_at: Column[datetime | None] = Column(TIME)
    held_at: Column[datetime | None] = Column(TIME)
    """Set while an operator holds the connection's work."""
    watched_at: Column[datetime | None] = Column(TIME)
    """Since when Brygga watches, or last watched, beside another app (`watching`)."""


connections = sa.Table(
    "connections",
    metadata,
    _Connections,
    sa.Index(
        "one_living_connection_per_organization",
        "organization_uuid",
        unique=True,
        postgresql_where=ACTIVE,
    ),
    sa.Index("one_living_connection_per_store", "store_hash", unique=True, postgresql_where=ACTIVE),
    sa.Index("connections_by_store", "organization_uuid", "store_hash"),
)


class _Tokens(sa.TypedColumns):
    connection_id: Column[int] = owner()
    platform: Column[str] = Column(sa.Text, primary_key=True)
    sealed: Column[bytes] = Column(sa.LargeBinary, nullable=False)
    scopes: Column[str] = text()
    account: Column[str] = text()
    expires_at: Column[datetime | None] = Column(TIME)
    issued_at: Column[datetime] = Column(TIME, nullable=False)
    refresh_started_at: Column[datetime | None] = Column(TIME)
    refresh_attempts: Column[int] = Column(sa.Integer, nullable=False, server_default="0")
    revoked_at: Column[datetime | None] = Column(TIME)


tokens = sa.Table("tokens", metadata, _Tokens)


class _Subscriptions(sa.TypedColumns):
    connection_id: Column[int] = owner()
    platform: Column[str] = Column(sa.Text, primary_key=True)
    subscription_id: Column[str] = Column(sa.Text, primary_key=True)
    topic: Column[str] = text()
    destination: Column[str] = text()
    status: Column[str] = text()
    signing_key: Column[bytes | None] = Column(sa.LargeBinary)
    created_at: Column[datetime] = Column(TIME, nullable=False)
    checked_at: Column[datetime] = Column(TIME, nullable=False)


subscriptions = sa.Table("subscriptions", metadata, _Subscriptions)


generations = sa.Sequence("work_item_generations", metadata=metadata)


class _WorkItems(sa.TypedColumns):
    connection_id: Column[int] = owner()
    kind: Column[str] = Column(sa.Text, primary_key=True)
    subject: Column[str] = Column(sa.Text, primary_key=True)
    rank: Column[int] = Column(sa.SmallInteger, nullable=False)
    generation: Column[int] = Column(sa.BigInteger, nullable=False)
    due_at: Column[datetime] = Column(TIME, nullable=False)
    added_at: Column[datetime] = Column(TIME, nullable=False)
    force: Column[bool] = flag()
    attempts: Column[int] = Column(sa.Integer, nullable=False, server_default="0")
    detail: Column[str] = text()
    parked_at: Column[datetime | None] = Column(TIME)
    """Set while it waits for its next try after a bug of ours."""
    failing_since: Column[datetime | None] = Column(TIME)
    """Set from the first such failure until the work is done."""
    support_id: Column[str] = text()
    failed_programs: Column[Any] = Column(
        ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'::text[]")
    )
    """The versions of the program in which it failed."""
    waits_for: Column[str] = text()
    """The platform that did not answer when this was last tried, or ""."""
    waits_since: Column[datetime | None] = Column(TIME)
    trace: Column[str] = text()
    """The context of the trace that it belongs to, or "" (`traces`)."""


work_items = sa.Table(
    "work_items",
    metadata,
    _WorkItems,
    sa.Index("work_items_due", "connection_id", "rank", "due_at"),
    sa.Index("work_items_by_due", "due_at"),
    sa.Index(
        "work_items_failing", "failing_since", postgresql_where=sa.text("failing_since IS NOT NULL")
    ),
)


class _Inbox(sa.TypedColumns):
    connection_id: Column[int] = owner()
    platform: Column[str] = Column(sa.Text, primary_key=True)
    message_id: Column[str] = Column(sa.Text, primary_key=True)
    received_at: Column[datetime] = Column(TIME, nullable=False)


inbox = sa.Table("inbox", metadata, _Inbox, sa.Index("inbox_by_age", "received_at"))


class _SyncLog(sa.TypedColumns):
    id: Column[int] = Column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    connection_id: Column[int] = Column(
        sa.BigInteger, sa.ForeignKey("connections.id", ondelete="CASCADE"), nullable=False
    )
    at: Column[datetime] = Column(TIME, nullable=False)
    code: Column[str] = Column(sa.Text, nullable=False)
    topic: Column[str] = Column(sa.Text, nullable=False)
    severity: Column[str] = Column(sa.Text, nullable=False)
    subject: Column[str] = text()
    variant: Column[str] = text()
    params: Column[Any] = Column(JSONB, nullable=False, server_default=sa.text("'{}'::jsonb"))


synclog = sa.Table(
    "synclog",
    metadata,
    _SyncLog,
    sa.Index("synclog_newest", "connection_id", sa.text("id DESC")),
    sa.Index("synclog_by_topic", "connection_id", "topic", "severity", sa.text("id DESC")),
    sa.Index(
        "synclog_by_subject",
        "connection_id",
        "subject",
        sa.text("id DESC"),
        postgresql_where=sa.text("subject <> ''"),
    ),
    sa.Index("synclog_by_age", "at"),
    sa.Index("synclog_by_code", "connection_id", "code", sa.text("id DESC")),
    sa.Index(
        "synclog_troubles",
        "connection_id",
        "severity",
        sa.text("id DESC"),
        postgresql_where=sa.text("severity <> 'info'"),
    ),
)


class _Exchanges(sa.TypedColumns):
    id: Column[int] = Column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    connection_id: Column[int] = Column(
        sa.BigInteger, sa.ForeignKey("connections.id", ondelete="CASCADE"), nullable=False
    )
    at: Column[datetime] = Column(TIME, nullable=False)
    platform: Column[str] = Column(sa.Text, nullable=False)
    method: Column[str] = Column(sa.Text, nullable=False)
    path: Column[str] = Column(sa.Text, nullable=False)
    status: Column[int | None] = Column(sa.Integer)
    """None: no answer came."""
    subjects: Column[Any] = Column(
        ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'::text[]")
    )
    """The ids of products and variants that it names."""
    sent: Column[Any] = Column(JSONB, nullable=True)
    answer: Column[Any] = Column(JSONB, nullable=True)


exchanges = sa.Table(
    "exchanges",
    metadata,
    _Exchanges,
    sa.Index("exchanges_newest", "connection_id", sa.text("id DESC")),
    sa.Index("exchanges_by_time", "connection_id", "at"),
    sa.Index("exchanges_by_age", "at"),
)


class _Sessions(sa.TypedColumns):
    key: Column[bytes] = Column(sa.LargeBinary, primary_key=True)
    data: Column[bytes] = Column(sa.LargeBinary, nullable=False)
    expires_at: Column[datetime | None] = Column(TIME)
    connection_id: Column[int | None] = Column(
        sa.BigInteger, sa.ForeignKey("connections.id", ondelete="CASCADE")
    )
    """None for a browser client that is not signed in."""
    started_at: Column[datetime] = Column(TIME, nullable=False, server_default=sa.func.now())


sessions = sa.Table(
    "sessions",
    metadata,
    _Sessions,
    sa.Index("sessions_by_expiry", "expires_at"),
    sa.Index("sessions_by_connection", "connection_id"),
)


class _Audit(sa.TypedColumns):
    id: Column[int] = Column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    at: Column[datetime] = Column(TIME, nullable=False)
    connection_id: Column[int | None] = Column(
        sa.BigInteger, sa.ForeignKey("connections.id", ondelete="SET NULL")
    )
    act: Column[str] = Column(sa.Text, nullable=False)
    actor: Column[str] = Column(sa.Text, nullable=False)
    source: Column[str] = text()
    request_id: Column[str] = text()
    facts: Column[Any] = Column(JSONB, nullable=False, server_default=sa.text("'{}'::jsonb"))


audit = sa.Table(
    "audit",
    metadata,
    _Audit,
    sa.Index("audit_by_connection", "connection_id", "id"),
    sa.Index("audit_by_age", "at"),
)


class _OauthStates(sa.TypedColumns):
    key: Column[bytes] = Column(sa.LargeBinary, primary_key=True)
    browser: Column[bytes] = Column(sa.LargeBinary, nullable=False)
    platform: Column[str] = Column(sa.Text, nullable=False)
    payload: Column[Any] = Column(JSONB, nullable=False)
    expires_at: Column[datetime] = Column(TIME, nullable=False)


oauth_states = sa.Table(
    "oauth_states", metadata, _OauthStates, sa.Index("oauth_states_by_expiry", "expires_at")
)


class _Support(sa.TypedColumns):
    id: Column[str] = Column(sa.Text, primary_key=True)
    connection_id: Column[int] = Column(
        sa.BigInteger, sa.ForeignKey("connections.id", ondelete="CASCADE"), nullable=False
    )
    at: Column[datetime] = Column(TIME, nullable=False)
    subject: Column[str] = text()
    bundle: Column[Any] = Column(JSONB, nullable=False)


support = sa.Table(
    "support", metadata, _Support, sa.Index("support_by_connection", "connection_id", "at")
)


class _Effects(sa.TypedColumns):
    connection_id: Column[int] = owner()
    kind: Column[str] = Column(sa.Text, primary_key=True)
    subject: Column[str] = Column(sa.Text, primary_key=True)
    at: Column[datetime] = Column(TIME, nullable=False)


effects = sa.Table(
    "effects", metadata, _Effects, sa.Index("effects_by_time", "connection_id", "kind", "at")
)


class _Questions(sa.TypedColumns):
    connection_id: Column[int] = owner()
    kind: Column[str] = Column(sa.Text, primary_key=True)
    asked_at: Column[datetime] = Column(TIME, nullable=False)
    subjects: Column[Any] = Column(ARRAY(sa.Text), nullable=False)
    answer: Column[str] = text()
    answered_at: Column[datetime | None] = Column(TIME)


questions = sa.Table("questions", metadata, _Questions)


class _ZeroedLevels(sa.TypedColumns):
    connection_id: Column[int] = owner()
    variant_uuid: Column[str] = Column(sa.Text, primary_key=True)
    side: Column[str] = Column(sa.Text, primary_key=True)
    product_uuid: Column[str] = Column(sa.Text, nullable=False)
    confirmed: Column[int] = Column(sa.Integer, nullable=False)
    level: Column[int] = Column(sa.Integer, nullable=False)
    seen: Column[datetime | None] = Column(TIME)
    is_left: Column[bool] = flag()


zeroed_levels = sa.Table("zeroed_levels", metadata, _ZeroedLevels)


class _Outages(sa.TypedColumns):
    connection_id: Column[int] = owner()
    platform: Column[str] = Column(sa.Text, primary_key=True)
    since: Column[datetime] = Column(TIME, nullable=False)
    reported_at: Column[datetime | None] = Column(TIME)


outages = sa.Table("outages", metadata, _Outages)


class _Deliveries(sa.TypedColumns):
    connection_id: Column[int] = owner()
    platform: Column[str] = Column(sa.Text, primary_key=True)
    outcome: Column[str] = Column(sa.Text, primary_key=True)
    hour: Column[datetime] = Column(TIME, primary_key=True)
    count: Column[int] = Column(sa.BigInteger, nullable=False)
    last_at: Column[datetime | None] = Column(TIME)


deliveries = sa.Table("deliveries", metadata, _Deliveries, sa.Index("deliveries_by_time", "hour"))


class _MarkerProducts(sa.TypedColumns):
    connection_id: Column[int] = owner()
    product_id: Column[int | None] = Column(sa.BigInteger)
    wanted_at: Column[datetime | None] = Column(TIME)
    begun_at: Column[datetime | None] = Column(TIME)
    made_at: Column[datetime | None] = Column(TIME)
    failed: Column[str] = text()


marker_products = sa.Table("marker_products", metadata, _MarkerProducts)


class _MarkerSlots(sa.TypedColumns):
    connection_id: Column[int] = Column(
        sa.BigInteger,
        sa.ForeignKey("marker_products.connection_id", ondelete="CASCADE"),
        primary_key=True,
    )
    slot: Column[int] = Column(sa.SmallInteger, primary_key=True)
    variant_id: Column[int] = Column(sa.BigInteger, nullable=False)
    count: Column[int] = Column(sa.Integer, nullable=False)
    call: Column[str | None] = Column(sa.Text)
    taken_at: Column[datetime | None] = Column(TIME)
    freed_at: Column[datetime] = Column(TIME, nullable=False)


marker_slots = sa.Table(
    "marker_slots",
    metadata,
    _MarkerSlots,
    sa.Index("one_slot_per_call", "connection_id", "call", unique=True),
)


class _Ticks(sa.TypedColumns):
    connection_id: Column[int] = owner()
    item: Column[str] = Column(sa.Text, primary_key=True)
    count: Column[int] = Column(sa.Integer, nullable=False)
    ticked_at: Column[datetime] = Column(TIME, nullable=False)


ticks = sa.Table("ticks", metadata, _Ticks)
