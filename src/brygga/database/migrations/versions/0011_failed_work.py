"""Work that failed by a bug of ours is tried again by itself: since when it fails, and in which
versions of the program.

Revision ID: 0011
"""

from alembic import op

revision = "0011"
down_revision: str | None = "0010"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE marks ADD COLUMN failing_since timestamptz")
    op.execute("ALTER TABLE marks ADD COLUMN failed_programs text[] DEFAULT '{}'::text[] NOT NULL")
    # What an earlier version put aside for ever is due at once: its time is long past.
    op.execute("UPDATE marks SET failing_since = parked_at WHERE parked_at IS NOT NULL")
    op.execute("DROP INDEX marks_by_due")
    op.execute("DROP INDEX marks_to_drain")
    op.execute("CREATE INDEX marks_by_due ON marks (due_at)")
    op.execute("CREATE INDEX marks_to_drain ON marks (connection_id, rank, due_at)")
    op.execute(
        "CREATE INDEX marks_failing ON marks (failing_since) WHERE failing_since IS NOT NULL"
    )


def downgrade() -> None:
    op.execute("DROP INDEX marks_failing")
    op.execute("DROP INDEX marks_by_due")
    op.execute("DROP INDEX marks_to_drain")
    op.execute("CREATE INDEX marks_by_due ON marks (due_at) WHERE parked_at IS NULL")
    op.execute(
        "CREATE INDEX marks_to_drain ON marks (connection_id, rank, due_at) WHERE parked_at IS NULL"
    )
    op.execute("ALTER TABLE marks DROP COLUMN failed_programs")
    op.execute("ALTER TABLE marks DROP COLUMN failing_since")
