"""Questions about the till's number that wait until tracking is on again: until then there is no
number to ask about.

Revision ID: 0009
"""

from alembic import op

revision = "0009"
down_revision: str | None = "0008"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE flights DROP CONSTRAINT flights_state_check")
    op.execute(
        "ALTER TABLE flights ADD CONSTRAINT flights_state_check"
        " CHECK (state IN ('open', 'lost', 'doubted', 'believed', 'unasked', 'outlived'))"
    )


def downgrade() -> None:
    op.execute("DELETE FROM flights WHERE state IN ('unasked', 'outlived')")
    op.execute("ALTER TABLE flights DROP CONSTRAINT flights_state_check")
    op.execute(
        "ALTER TABLE flights ADD CONSTRAINT flights_state_check"
        " CHECK (state IN ('open', 'lost', 'doubted', 'believed'))"
    )
