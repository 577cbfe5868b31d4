"""Suffixes on names, SKUs and URLs, with the product that has the plain value (decision 19).

Revision ID: 0013
"""

from alembic import op

revision = "0013"
down_revision: str | None = "0012"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    # Suffixes from before are found by the next sweep, which compares every product.
    op.execute("""
        CREATE TABLE suffixes (
            connection_id bigint NOT NULL,
            product_uuid text NOT NULL,
            variant_uuid text NOT NULL,
            field text NOT NULL,
            plain text NOT NULL,
            written text NOT NULL,
            holder_id bigint NOT NULL,
            holder_uuid text NOT NULL,
            retry boolean DEFAULT false NOT NULL,
            CONSTRAINT suffixes_pkey PRIMARY KEY (connection_id, product_uuid, variant_uuid, field),
            CONSTRAINT suffixes_connection_id_product_uuid_fkey FOREIGN KEY (connection_id, product_uuid)
                REFERENCES bindings (connection_id, product_uuid) ON UPDATE CASCADE ON DELETE CASCADE
        )
    """)
    op.execute("CREATE INDEX suffixes_by_holder ON suffixes (connection_id, holder_id)")


def downgrade() -> None:
    op.execute("DROP TABLE suffixes")
