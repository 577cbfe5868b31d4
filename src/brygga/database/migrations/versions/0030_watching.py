"""Brygga can watch beside another app before it takes over: what both sides showed of each pair, and
what Brygga would have written.

Revision ID: 0030
"""

from alembic import op

revision = "0030"
down_revision: str | None = "0029"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE connections ADD COLUMN watched_at timestamptz")
    op.execute("""
        CREATE TABLE watched_products (
            connection_id bigint NOT NULL REFERENCES connections(id) ON DELETE CASCADE,
            product_uuid text NOT NULL,
            product_id bigint NOT NULL,
            etag text NOT NULL DEFAULT '',
            variants jsonb NOT NULL DEFAULT '{}'::jsonb,
            PRIMARY KEY (connection_id, product_uuid)
        )
    """)
    op.execute("""
        CREATE TABLE predictions (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            connection_id bigint NOT NULL REFERENCES connections(id) ON DELETE CASCADE,
            product_uuid text NOT NULL,
            variant_uuid text NOT NULL DEFAULT '',
            field text NOT NULL,
            name text NOT NULL DEFAULT '',
            was text NOT NULL DEFAULT '',
            expected text NOT NULL DEFAULT '',
            change integer NOT NULL DEFAULT 0,
            made_at timestamptz NOT NULL,
            outcome text NOT NULL DEFAULT '',
            seen text NOT NULL DEFAULT '',
            settled_at timestamptz
        )
    """)
    op.execute("CREATE INDEX predictions_by_connection ON predictions (connection_id, outcome, id)")


def downgrade() -> None:
    op.execute("DROP TABLE predictions")
    op.execute("DROP TABLE watched_products")
    op.execute("ALTER TABLE connections DROP COLUMN watched_at")
