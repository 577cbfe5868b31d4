"""Movements that contradict the marker are found without reading a day of all movements.

Revision ID: 0033
"""

from alembic import op

revision = "0033"
down_revision: str | None = "0032"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("CREATE INDEX movements_contradicted ON movements (at) WHERE cause = 'contradicted'")


def downgrade() -> None:
    op.execute("DROP INDEX movements_contradicted")
