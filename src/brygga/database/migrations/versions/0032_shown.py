"""A ledger carries when tracking was first shown on that Zettle has not reported.

Revision ID: 0032
"""

from alembic import op

revision = "0032"
down_revision: str | None = "0031"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE ledgers ADD COLUMN shown_at timestamptz")


def downgrade() -> None:
    op.execute("ALTER TABLE ledgers DROP COLUMN shown_at")
