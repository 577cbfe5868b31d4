"""At which level BigCommerce counts a bound product, as last read (decisions 17 and 18).

Revision ID: 0016
"""

from alembic import op

revision = "0016"
down_revision: str | None = "0015"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE bindings ADD COLUMN counting text NOT NULL DEFAULT ''")


def downgrade() -> None:
    op.execute("ALTER TABLE bindings DROP COLUMN counting")
