"""An operator signs in to pages of their own, and may hold the work of a connection.

Revision ID: 0029
"""

from alembic import op

revision = "0029"
down_revision: str | None = "0028"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE connections ADD COLUMN held_at timestamptz")
    op.execute("""
        CREATE TABLE operator_sessions (
            key bytea PRIMARY KEY,
            secret text NOT NULL,
            started_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL
        )
    """)
    op.execute("CREATE INDEX operator_sessions_by_expiry ON operator_sessions (expires_at)")


def downgrade() -> None:
    op.execute("DROP TABLE operator_sessions")
    op.execute("ALTER TABLE connections DROP COLUMN held_at")
