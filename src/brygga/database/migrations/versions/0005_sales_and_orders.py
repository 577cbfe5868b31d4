"""Which sale, refund or order made a shelf move, once somebody has asked.

Revision ID: 0005
"""

from alembic import op

revision = "0005"
down_revision: str | None = "0004"
branch_labels: str | None = None
depends_on: str | None = None

STATEMENTS = (
    "ALTER TABLE movements ADD COLUMN reason text",
    "ALTER TABLE movements ADD COLUMN explained_at timestamptz",
    "CREATE INDEX movements_explained ON movements (connection_id, explained_at) WHERE explained_at IS NOT NULL",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP INDEX movements_explained")
    op.execute("ALTER TABLE movements DROP COLUMN explained_at")
    op.execute("ALTER TABLE movements DROP COLUMN reason")
