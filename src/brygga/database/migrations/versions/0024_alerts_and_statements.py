"""What merchants are told by mail and webhook, and the nightly statements.

Revision ID: 0024
"""

from alembic import op

revision = "0024"
down_revision: str | None = "0023"
branch_labels: str | None = None
depends_on: str | None = None

_OWNER = "connection_id bigint NOT NULL REFERENCES connections (id) ON DELETE CASCADE"


def upgrade() -> None:
    op.execute(f"""
        CREATE TABLE alert_settings (
            {_OWNER},
            language text NOT NULL DEFAULT '',
            email text NOT NULL DEFAULT '',
            confirmed_at timestamptz,
            ticket bytea CONSTRAINT alert_settings_ticket_key UNIQUE,
            ticket_at timestamptz,
            hook_url text NOT NULL DEFAULT '',
            hook_secret bytea,
            hook_secret_before bytea,
            renewed_at timestamptz,
            off text[] NOT NULL DEFAULT '{{}}',
            CONSTRAINT alert_settings_pkey PRIMARY KEY (connection_id)
        )
    """)
    op.execute(f"""
        CREATE TABLE alerts (
            {_OWNER},
            cause text NOT NULL,
            subject text NOT NULL,
            since timestamptz NOT NULL,
            told_at timestamptz,
            CONSTRAINT alerts_pkey PRIMARY KEY (connection_id, cause, subject)
        )
    """)
    op.execute(f"""
        CREATE TABLE alert_messages (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            {_OWNER},
            channel text NOT NULL,
            kind text NOT NULL,
            message_id text NOT NULL CONSTRAINT alert_messages_message_id_key UNIQUE,
            subjects text[] NOT NULL,
            facts jsonb NOT NULL,
            created_at timestamptz NOT NULL,
            due_at timestamptz NOT NULL,
            attempts integer NOT NULL DEFAULT 0,
            state text NOT NULL,
            ended_at timestamptz,
            error text NOT NULL DEFAULT '',
            CONSTRAINT alert_messages_state_check
                CHECK (state IN ('waiting', 'sent', 'failed', 'over'))
        )
    """)
    op.execute("CREATE INDEX alert_messages_due ON alert_messages (due_at) WHERE state = 'waiting'")
    op.execute("CREATE INDEX alert_messages_newest ON alert_messages (connection_id, id DESC)")
    op.execute(f"""
        CREATE TABLE statements (
            {_OWNER},
            number integer NOT NULL,
            made_at timestamptz NOT NULL,
            previous text NOT NULL,
            hash text NOT NULL,
            text text NOT NULL,
            equal integer NOT NULL,
            different integer NOT NULL,
            unknown integer NOT NULL,
            separate integer NOT NULL,
            CONSTRAINT statements_pkey PRIMARY KEY (connection_id, number)
        )
    """)
    op.execute("CREATE INDEX statements_by_age ON statements (made_at)")
    op.execute(f"""
        CREATE TABLE differences (
            {_OWNER},
            variant_uuid text NOT NULL,
            product_uuid text NOT NULL,
            since timestamptz NOT NULL,
            seen_at timestamptz NOT NULL,
            zettle integer NOT NULL,
            shop integer NOT NULL,
            CONSTRAINT differences_pkey PRIMARY KEY (connection_id, variant_uuid)
        )
    """)


def downgrade() -> None:
    op.execute("DROP TABLE differences, statements, alert_messages, alerts, alert_settings")
