"""A signed message of BigCommerce serves one purpose, once; a removed user of a store has no
session left.

Revision ID: 0020
"""

from alembic import op

revision = "0020"
down_revision: str | None = "0019"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE signed_messages (
            key bytea PRIMARY KEY,
            purpose text NOT NULL,
            expires_at timestamptz NOT NULL
        )
    """)
    op.execute("CREATE INDEX signed_messages_by_expiry ON signed_messages (expires_at)")
    op.execute("""
        CREATE TABLE removed_users (
            store_hash text NOT NULL,
            user_id bigint NOT NULL,
            removed_at timestamptz NOT NULL,
            PRIMARY KEY (store_hash, user_id)
        )
    """)


def downgrade() -> None:
    op.execute("DROP TABLE removed_users, signed_messages")
