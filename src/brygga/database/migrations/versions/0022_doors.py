"""Sessions know whose they are and since when, hook keys are kept hashed and sealed, and acts are
written down.

A hook key from before stands in the clear until the first process of this version has sealed it, at
its start. Everybody signs in once more: the cookie has another name.

Revision ID: 0022
"""

from alembic import op

revision = "0022"
down_revision: str | None = "0021"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("DELETE FROM sessions")
    op.execute("""
        ALTER TABLE sessions
            ADD COLUMN connection_id bigint REFERENCES connections (id) ON DELETE CASCADE,
            ADD COLUMN started_at timestamptz NOT NULL DEFAULT now()
    """)
    op.execute("CREATE INDEX sessions_by_connection ON sessions (connection_id)")
    op.execute("""
        ALTER TABLE connections
            ADD COLUMN hook_key_hash bytea, ADD COLUMN hook_key_sealed bytea, ALTER COLUMN hook_key DROP NOT NULL
    """)
    op.execute("UPDATE connections SET hook_key_hash = sha256(convert_to(hook_key, 'UTF8'))")
    op.execute("ALTER TABLE connections ALTER COLUMN hook_key_hash SET NOT NULL")
    op.execute("ALTER TABLE connections DROP CONSTRAINT connections_hook_key_key")
    op.execute(
        "ALTER TABLE connections ADD CONSTRAINT connections_hook_key_hash_key UNIQUE (hook_key_hash)"
    )
    op.execute(r"""
        UPDATE subscriptions SET destination = regexp_replace(destination, '(/hooks/[a-z]+/)[^/]+$', '\1…')
    """)
    op.execute("""
        CREATE TABLE audit (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            at timestamptz NOT NULL,
            connection_id bigint REFERENCES connections (id) ON DELETE SET NULL,
            act text NOT NULL,
            actor text NOT NULL,
            source text DEFAULT '' NOT NULL,
            request_id text DEFAULT '' NOT NULL,
            facts jsonb DEFAULT '{}' NOT NULL
        )
    """)
    op.execute("CREATE INDEX audit_by_connection ON audit (connection_id, id)")
    op.execute("CREATE INDEX audit_by_age ON audit (at)")


def downgrade() -> None:
    """Hook keys that are sealed stay so, and the version before cannot read them: it makes its
    hooks anew.
    """
    op.execute("DROP TABLE audit")
    op.execute(
        "UPDATE connections SET hook_key = encode(sha256(hook_key_hash), 'hex') WHERE hook_key IS NULL"
    )
    op.execute("ALTER TABLE connections DROP CONSTRAINT connections_hook_key_hash_key")
    op.execute("""
        ALTER TABLE connections DROP COLUMN hook_key_hash, DROP COLUMN hook_key_sealed, ALTER COLUMN hook_key SET NOT NULL
    """)
    op.execute("ALTER TABLE connections ADD CONSTRAINT connections_hook_key_key UNIQUE (hook_key)")
    op.execute("DROP INDEX sessions_by_connection")
    op.execute("ALTER TABLE sessions DROP COLUMN connection_id, DROP COLUMN started_at")
