"""Libraries of ten thousand products: the plan is kept as it was drawn, and what the pages count is
found by an index.

Revision ID: 0014
"""

from alembic import op

revision = "0014"
down_revision: str | None = "0013"
branch_labels: str | None = None
depends_on: str | None = None

STATEMENTS = (
    # The plan as last drawn. `stamp` is that of what it was drawn from; `counts` are those of the
    # page's filters.
    """
    CREATE TABLE plans (
        connection_id bigint NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
        stamp text NOT NULL,
        counts jsonb NOT NULL,
        drawn_at timestamptz NOT NULL,
        CONSTRAINT plans_pkey PRIMARY KEY (connection_id)
    )
    """,
    """
    CREATE TABLE plan_steps (
        connection_id bigint NOT NULL REFERENCES plans (connection_id) ON DELETE CASCADE,
        product_uuid text NOT NULL,
        sort_key text COLLATE "C" NOT NULL,
        filters text[] NOT NULL,
        search text NOT NULL,
        step jsonb NOT NULL,
        CONSTRAINT plan_steps_pkey PRIMARY KEY (connection_id, product_uuid)
    )
    """,
    "CREATE INDEX plan_steps_in_order ON plan_steps (connection_id, sort_key, product_uuid)",
    # Few of many: each was looked for among all rows of the connection.
    "CREATE INDEX flights_open ON flights (connection_id) WHERE state = 'open'",
    "CREATE INDEX synclog_troubles ON synclog (connection_id, severity, id DESC) WHERE severity <> 'info'",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    for name in ("synclog_troubles", "flights_open"):
        op.execute(f"DROP INDEX {name}")
    for table in ("plan_steps", "plans"):
        op.execute(f"DROP TABLE {table}")
