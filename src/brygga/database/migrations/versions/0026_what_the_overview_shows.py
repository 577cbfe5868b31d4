"""What the overview, the first sync and the plan show: when a change was reported, the last message
of each platform, the request budget as last seen, the merchant's pause, ticks, and both sides of a
likely duplicate.

Revision ID: 0026
"""

from alembic import op

revision = "0026"
down_revision: str | None = "0025"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("""
        ALTER TABLE connections
            ADD COLUMN products_paused boolean DEFAULT false NOT NULL,
            ADD COLUMN budget_seen jsonb
    """)
    op.execute("ALTER TABLE movements ADD COLUMN reported timestamptz")
    op.execute("ALTER TABLE deliveries ADD COLUMN last_at timestamptz")
    op.execute("ALTER TABLE duplicates ADD COLUMN facts jsonb DEFAULT '{}' NOT NULL")
    op.execute("""
        CREATE TABLE ticks (
            connection_id bigint NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
            item text NOT NULL,
            count integer NOT NULL,
            ticked_at timestamptz NOT NULL,
            PRIMARY KEY (connection_id, item)
        )
    """)


def downgrade() -> None:
    op.execute("DROP TABLE ticks")
    op.execute("ALTER TABLE duplicates DROP COLUMN facts")
    op.execute("ALTER TABLE deliveries DROP COLUMN last_at")
    op.execute("ALTER TABLE movements DROP COLUMN reported")
    op.execute("""
        ALTER TABLE connections DROP COLUMN products_paused, DROP COLUMN budget_seen
    """)
