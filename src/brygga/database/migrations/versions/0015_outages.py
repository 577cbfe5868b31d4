"""Since when a platform cannot be read, and whether the merchant was told (decision 15).

Revision ID: 0015
"""

from alembic import op

revision = "0015"
down_revision: str | None = "0014"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE outages (
            connection_id bigint NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
            platform text NOT NULL,
            since timestamptz NOT NULL,
            told_at timestamptz,
            CONSTRAINT outages_pkey PRIMARY KEY (connection_id, platform)
        )
    """)


def downgrade() -> None:
    op.execute("DROP TABLE outages")
