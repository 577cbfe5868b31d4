"""Webhooks are kept for some days, trimmed and sealed, so that they can be read again.

Revision ID: 0027
"""

from alembic import op

revision = "0027"
down_revision: str | None = "0026"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE kept_webhooks (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            connection_id bigint NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
            platform text NOT NULL,
            received_at timestamptz NOT NULL,
            sealed bytea NOT NULL
        )
    """)
    op.execute(
        "CREATE INDEX kept_webhooks_by_connection ON kept_webhooks (connection_id, received_at)"
    )
    op.execute("CREATE INDEX kept_webhooks_by_age ON kept_webhooks (received_at)")


def downgrade() -> None:
    op.execute("DROP TABLE kept_webhooks")
