"""Shelves that seem to have been emptied, of which the merchant was asked (decision 9), and what
was answered.

Revision ID: 0008
"""

from alembic import op

revision = "0008"
down_revision: str | None = "0007"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE emptied_shelves (
            connection_id bigint NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
            variant_uuid text NOT NULL,
            side text NOT NULL,
            product_uuid text NOT NULL,
            known integer NOT NULL,
            level integer NOT NULL,
            seen timestamptz,
            is_left boolean DEFAULT false NOT NULL,
            CONSTRAINT emptied_shelves_pkey PRIMARY KEY (connection_id, variant_uuid, side)
        )
    """)
    # A question from before does not say which shelves it means: the next sweep asks it anew.
    op.execute("DELETE FROM questions WHERE kind = 'zeroed'")


def downgrade() -> None:
    op.execute("DROP TABLE emptied_shelves")
