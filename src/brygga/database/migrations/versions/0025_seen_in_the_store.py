"""What BigCommerce shows of each product is kept, and the newest calls that wrote something, for the
pages. The sync log is found by kind.

Revision ID: 0025
"""

from alembic import op

revision = "0025"
down_revision: str | None = "0024"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE shown_products (
            connection_id bigint NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
            product_uuid text NOT NULL,
            product_id bigint NOT NULL,
            read_at timestamptz NOT NULL,
            product jsonb,
            differs integer DEFAULT 0 NOT NULL,
            digest text DEFAULT '' NOT NULL,
            accepted text DEFAULT '' NOT NULL,
            PRIMARY KEY (connection_id, product_uuid)
        )
    """)
    op.execute("""
        CREATE INDEX shown_products_differing ON shown_products (connection_id, product_uuid)
        WHERE digest <> accepted
    """)
    op.execute("""
        CREATE TABLE exchanges (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            connection_id bigint NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
            at timestamptz NOT NULL,
            platform text NOT NULL,
            method text NOT NULL,
            path text NOT NULL,
            status integer,
            subjects text[] DEFAULT '{}'::text[] NOT NULL,
            sent jsonb,
            answer jsonb
        )
    """)
    op.execute("CREATE INDEX exchanges_newest ON exchanges (connection_id, id DESC)")
    op.execute("CREATE INDEX exchanges_by_time ON exchanges (connection_id, at)")
    op.execute("CREATE INDEX exchanges_by_age ON exchanges (at)")
    op.execute("CREATE INDEX synclog_by_code ON synclog (connection_id, code, id DESC)")


def downgrade() -> None:
    op.execute("DROP INDEX synclog_by_code")
    op.execute("DROP TABLE exchanges")
    op.execute("DROP TABLE shown_products")
