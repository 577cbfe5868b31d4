"""A work item carries the trace of what caused it.

Revision ID: 0031
"""

from alembic import op

revision = "0031"
down_revision: str | None = "0030"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE work_items ADD COLUMN trace text NOT NULL DEFAULT ''")


def downgrade() -> None:
    op.execute("ALTER TABLE work_items DROP COLUMN trace")
