"""What became of the platforms' webhooks, by connection and hour, so that an operator sees when
they fail.

Revision ID: 0010
"""

from alembic import op

revision = "0010"
down_revision: str | None = "0009"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE deliveries (
            connection_id bigint NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
            platform text NOT NULL,
            outcome text NOT NULL,
            hour timestamptz NOT NULL,
            count bigint NOT NULL,
            CONSTRAINT deliveries_pkey PRIMARY KEY (connection_id, platform, outcome, hour)
        )
    """)
    op.execute("CREATE INDEX deliveries_by_time ON deliveries (hour)")


def downgrade() -> None:
    op.execute("DROP TABLE deliveries")
