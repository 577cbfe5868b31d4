"""Which platform work waits for, and the products that are gone, for as long as their history is
kept.

Revision ID: 0012
"""

from alembic import op

revision = "0012"
down_revision: str | None = "0011"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE marks ADD COLUMN waits_for text NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE marks ADD COLUMN waits_since timestamptz")
    op.execute("""
        CREATE TABLE gone_products (
            connection_id bigint NOT NULL REFERENCES connections ON DELETE CASCADE,
            product_uuid text NOT NULL,
            name text NOT NULL DEFAULT '',
            product jsonb,
            gone_at timestamptz NOT NULL,
            PRIMARY KEY (connection_id, product_uuid)
        )
    """)
    op.execute("CREATE INDEX gone_products_by_age ON gone_products (gone_at)")


def downgrade() -> None:
    op.execute("DROP TABLE gone_products")
    op.execute("ALTER TABLE marks DROP COLUMN waits_for, DROP COLUMN waits_since")
