"""When our request left, beside each movement; and what pages ask of stock.

Revision ID: 0004
"""

from alembic import op

revision = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None

STATEMENTS = (
    "ALTER TABLE movements ADD COLUMN sent timestamptz",
    "CREATE INDEX movements_newest ON movements (connection_id, id DESC)",
    "CREATE INDEX ledgers_to_check ON ledgers (connection_id, check_since) WHERE check_since IS NOT NULL",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP INDEX ledgers_to_check")
    op.execute("DROP INDEX movements_newest")
    op.execute("ALTER TABLE movements DROP COLUMN sent")
