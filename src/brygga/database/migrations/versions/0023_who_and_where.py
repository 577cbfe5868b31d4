"""A movement says who sold it and where it was sold or ordered. Older ones say neither.

Revision ID: 0023
"""

from alembic import op

revision = "0023"
down_revision: str | None = "0022"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE movements ADD COLUMN seller text NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE movements ADD COLUMN place text NOT NULL DEFAULT ''")


def downgrade() -> None:
    op.execute("ALTER TABLE movements DROP COLUMN seller, DROP COLUMN place")
