"""Writes of which nobody knows what became: a late echo may still tell, before the merchant is
asked.

Revision ID: 0006
"""

from alembic import op

revision = "0006"
down_revision: str | None = "0005"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE flights DROP CONSTRAINT flights_state_check")
    op.execute(
        "ALTER TABLE flights ADD CONSTRAINT flights_state_check"
        " CHECK (state IN ('open', 'lost', 'doubted', 'believed'))"
    )


def downgrade() -> None:
    op.execute("UPDATE flights SET state = 'lost' WHERE state = 'doubted'")
    op.execute("DELETE FROM flights WHERE state = 'believed'")
    op.execute("ALTER TABLE flights DROP CONSTRAINT flights_state_check")
    op.execute(
        "ALTER TABLE flights ADD CONSTRAINT flights_state_check CHECK (state IN ('open', 'lost'))"
    )
