"""What a hook of BigCommerce's told of a movement: evidence for a write that got no answer.

Revision ID: 0007
"""

from alembic import op

revision = "0007"
down_revision: str | None = "0006"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE stock_hints ADD COLUMN told jsonb")


def downgrade() -> None:
    op.execute("ALTER TABLE stock_hints DROP COLUMN told")
