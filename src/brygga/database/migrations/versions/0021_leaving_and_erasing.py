"""A removal can be undone for a minute and shows its progress; a merchant's data can be erased,
with a receipt.

A removal that is under way is past its minute: it goes on.

Revision ID: 0021
"""

from alembic import op

revision = "0021"
down_revision: str | None = "0020"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE connections ADD COLUMN undo_until timestamptz")
    op.execute("ALTER TABLE connections ADD COLUMN to_remove integer NOT NULL DEFAULT 0")
    op.execute("""
        UPDATE connections c SET to_remove = (
            SELECT count(*) FROM bindings b WHERE b.connection_id = c.id AND b.origin = 'created'
        ) WHERE c.stage = 'leaving' AND c.leaving = 'remove'
    """)
    op.execute("""
        CREATE TABLE hidden_products (
            connection_id bigint NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
            product_id bigint NOT NULL,
            CONSTRAINT hidden_products_pkey PRIMARY KEY (connection_id, product_id)
        )
    """)
    op.execute("""
        CREATE TABLE erasures (
            ticket bytea PRIMARY KEY,
            organization_uuid text NOT NULL DEFAULT '',
            asked_at timestamptz NOT NULL,
            erased_at timestamptz,
            counts jsonb,
            hash text NOT NULL DEFAULT ''
        )
    """)


def downgrade() -> None:
    op.execute("DROP TABLE erasures, hidden_products")
    op.execute("ALTER TABLE connections DROP COLUMN to_remove")
    op.execute("ALTER TABLE connections DROP COLUMN undo_until")
