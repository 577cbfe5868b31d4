"""A connection that comes from a backup writes to neither platform before both sides are read and
its questions are answered.

Revision ID: 0028
"""

from alembic import op

revision = "0028"
down_revision: str | None = "0027"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE connections ADD COLUMN restored_at timestamptz,"
        " ADD COLUMN compared_at timestamptz"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE connections DROP COLUMN restored_at, DROP COLUMN compared_at")
