"""The marker: one hidden product of ours in the store, and which stock call holds which of its
variants (decision 16).

Revision ID: 0017
"""

from alembic import op

revision = "0017"
down_revision: str | None = "0016"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE marker_products (
            connection_id bigint NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
            product_id bigint,
            wanted_at timestamptz,
            begun_at timestamptz,
            made_at timestamptz,
            failed text NOT NULL DEFAULT '',
            CONSTRAINT marker_products_pkey PRIMARY KEY (connection_id)
        )
    """)
    op.execute("""
        CREATE TABLE marker_slots (
            connection_id bigint NOT NULL REFERENCES marker_products (connection_id) ON DELETE CASCADE,
            slot smallint NOT NULL,
            variant_id bigint NOT NULL,
            count integer NOT NULL,
            call text,
            taken_at timestamptz,
            freed_at timestamptz NOT NULL,
            CONSTRAINT marker_slots_pkey PRIMARY KEY (connection_id, slot)
        )
    """)
    op.execute("CREATE UNIQUE INDEX one_slot_per_call ON marker_slots (connection_id, call)")


def downgrade() -> None:
    op.execute("DROP TABLE marker_slots")
    op.execute("DROP TABLE marker_products")
