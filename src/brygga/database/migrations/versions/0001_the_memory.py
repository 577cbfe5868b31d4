"""The memory's first form: connections and everything that belongs to one, sessions, and the
sequence of mark generations.

Revision ID: 0001
"""

from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

STATEMENTS = (
    """
    CREATE SEQUENCE mark_generations
    """,
    """
    CREATE TABLE connections (
        id bigint GENERATED ALWAYS AS IDENTITY,
        organization_uuid text NOT NULL,
        organization jsonb NOT NULL,
        store_hash text,
        shop jsonb,
        stage text NOT NULL,
        prices boolean DEFAULT false NOT NULL,
        whole_library boolean DEFAULT false NOT NULL,
        paused text DEFAULT '' NOT NULL,
        prices_paused boolean DEFAULT false NOT NULL,
        hook_key text NOT NULL,
        created_at timestamptz NOT NULL,
        left_at timestamptz,
        leaving text DEFAULT '' NOT NULL,
        lease_epoch bigint DEFAULT 0 NOT NULL,
        lease_holder text,
        lease_until timestamptz,
        budget jsonb,
        unreachable_since timestamptz,
        zettle_cursor text DEFAULT '' NOT NULL,
        swept_at timestamptz,
        CONSTRAINT connections_pkey PRIMARY KEY (id),
        CONSTRAINT connections_hook_key_key UNIQUE (hook_key)
    )
    """,
    """
    CREATE INDEX connections_by_store ON connections (organization_uuid, store_hash)
    """,
    """
    CREATE UNIQUE INDEX one_living_connection_per_organization ON connections (organization_uuid) WHERE stage <> 'disconnected'
    """,
    """
    CREATE UNIQUE INDEX one_living_connection_per_store ON connections (store_hash) WHERE stage <> 'disconnected'
    """,
    """
    CREATE TABLE tokens (
        connection_id bigint NOT NULL,
        platform text NOT NULL,
        sealed bytea NOT NULL,
        scopes text DEFAULT '' NOT NULL,
        account text DEFAULT '' NOT NULL,
        expires_at timestamptz,
        issued_at timestamptz NOT NULL,
        refresh_started_at timestamptz,
        refresh_attempts integer DEFAULT 0 NOT NULL,
        revoked_at timestamptz,
        CONSTRAINT tokens_pkey PRIMARY KEY (connection_id, platform),
        CONSTRAINT tokens_connection_id_fkey FOREIGN KEY(connection_id) REFERENCES connections (id) ON DELETE CASCADE
    )
    """,
    """
    CREATE TABLE subscriptions (
        connection_id bigint NOT NULL,
        platform text NOT NULL,
        subscription_id text NOT NULL,
        topic text DEFAULT '' NOT NULL,
        destination text DEFAULT '' NOT NULL,
        status text DEFAULT '' NOT NULL,
        signing_key bytea,
        created_at timestamptz NOT NULL,
        checked_at timestamptz NOT NULL,
        CONSTRAINT subscriptions_pkey PRIMARY KEY (connection_id, platform, subscription_id),
        CONSTRAINT subscriptions_connection_id_fkey FOREIGN KEY(connection_id) REFERENCES connections (id) ON DELETE CASCADE
    )
    """,
    """
    CREATE TABLE library (
        connection_id bigint NOT NULL,
        product_uuid text NOT NULL,
        etag text DEFAULT '' NOT NULL,
        name text DEFAULT '' NOT NULL,
        sort_key text COLLATE "C" DEFAULT '' NOT NULL,
        search text DEFAULT '' NOT NULL,
        product jsonb,
        vat numeric(9, 4),
        tracking boolean,
        assigned boolean,
        unassign_at timestamptz,
        unreadable text DEFAULT '' NOT NULL,
        failure text DEFAULT '' NOT NULL,
        failed_at timestamptz,
        seen_at timestamptz NOT NULL,
        removed_at timestamptz,
        CONSTRAINT library_pkey PRIMARY KEY (connection_id, product_uuid),
        CONSTRAINT library_connection_id_fkey FOREIGN KEY(connection_id) REFERENCES connections (id) ON DELETE CASCADE
    )
    """,
    """
    CREATE INDEX library_in_order ON library (connection_id, sort_key, product_uuid) WHERE removed_at IS NULL
    """,
    """
    CREATE TABLE bindings (
        connection_id bigint NOT NULL,
        product_uuid text NOT NULL,
        product_id bigint NOT NULL,
        origin text NOT NULL,
        etag text DEFAULT '' NOT NULL,
        fingerprint text DEFAULT '' NOT NULL,
        state text DEFAULT 'bound' NOT NULL,
        organization_uuid text NOT NULL,
        store_hash text NOT NULL,
        tagged boolean DEFAULT false NOT NULL,
        channel_assigned boolean DEFAULT false NOT NULL,
        hidden boolean,
        in_category boolean,
        bound_at timestamptz NOT NULL,
        synced_at timestamptz,
        CONSTRAINT bindings_pkey PRIMARY KEY (connection_id, product_uuid),
        CONSTRAINT bindings_state_check CHECK (state IN ('bound', 'to_delete', 'kept')),
        CONSTRAINT bindings_origin_check CHECK (origin IN ('created', 'linked')),
        CONSTRAINT bindings_connection_id_fkey FOREIGN KEY(connection_id) REFERENCES connections (id) ON DELETE CASCADE
    )
    """,
    """
    CREATE INDEX kept_bindings ON bindings (organization_uuid, store_hash) WHERE state = 'kept'
    """,
    """
    CREATE UNIQUE INDEX one_binding_per_shop_product ON bindings (connection_id, product_id)
    """,
    """
    CREATE TABLE binding_children (
        connection_id bigint NOT NULL,
        product_uuid text NOT NULL,
        kind text NOT NULL,
        key text NOT NULL,
        child_id bigint NOT NULL,
        extra text DEFAULT '' NOT NULL,
        CONSTRAINT binding_children_pkey PRIMARY KEY (connection_id, product_uuid, kind, key),
        CONSTRAINT binding_children_connection_id_fkey
            FOREIGN KEY (connection_id, product_uuid) REFERENCES bindings (connection_id, product_uuid) ON DELETE CASCADE ON UPDATE CASCADE
    )
    """,
    """
    CREATE TABLE intents (
        connection_id bigint NOT NULL,
        product_uuid text NOT NULL,
        payload jsonb NOT NULL,
        store_time timestamptz,
        begun_at timestamptz NOT NULL,
        CONSTRAINT intents_pkey PRIMARY KEY (connection_id, product_uuid),
        CONSTRAINT intents_connection_id_fkey FOREIGN KEY(connection_id) REFERENCES connections (id) ON DELETE CASCADE
    )
    """,
    """
    CREATE TABLE marks (
        connection_id bigint NOT NULL,
        kind text NOT NULL,
        subject text NOT NULL,
        rank smallint NOT NULL,
        generation bigint NOT NULL,
        due_at timestamptz NOT NULL,
        marked_at timestamptz NOT NULL,
        force boolean DEFAULT false NOT NULL,
        attempts integer DEFAULT 0 NOT NULL,
        detail text DEFAULT '' NOT NULL,
        parked_at timestamptz,
        support_id text DEFAULT '' NOT NULL,
        CONSTRAINT marks_pkey PRIMARY KEY (connection_id, kind, subject),
        CONSTRAINT marks_connection_id_fkey FOREIGN KEY(connection_id) REFERENCES connections (id) ON DELETE CASCADE
    )
    """,
    """
    CREATE INDEX marks_by_due ON marks (due_at) WHERE parked_at IS NULL
    """,
    """
    CREATE INDEX marks_to_drain ON marks (connection_id, rank, due_at) WHERE parked_at IS NULL
    """,
    """
    CREATE TABLE inbox (
        connection_id bigint NOT NULL,
        platform text NOT NULL,
        message_id text NOT NULL,
        received_at timestamptz NOT NULL,
        CONSTRAINT inbox_pkey PRIMARY KEY (connection_id, platform, message_id),
        CONSTRAINT inbox_connection_id_fkey FOREIGN KEY(connection_id) REFERENCES connections (id) ON DELETE CASCADE
    )
    """,
    """
    CREATE INDEX inbox_by_age ON inbox (received_at)
    """,
    """
    CREATE TABLE synclog (
        id bigint GENERATED ALWAYS AS IDENTITY,
        connection_id bigint NOT NULL,
        at timestamptz NOT NULL,
        code text NOT NULL,
        topic text NOT NULL,
        severity text NOT NULL,
        subject text DEFAULT '' NOT NULL,
        variant text DEFAULT '' NOT NULL,
        params jsonb DEFAULT '{}'::jsonb NOT NULL,
        CONSTRAINT synclog_pkey PRIMARY KEY (id),
        CONSTRAINT synclog_connection_id_fkey FOREIGN KEY(connection_id) REFERENCES connections (id) ON DELETE CASCADE
    )
    """,
    """
    CREATE INDEX synclog_by_age ON synclog (at)
    """,
    """
    CREATE INDEX synclog_by_subject ON synclog (connection_id, subject, id DESC) WHERE subject <> ''
    """,
    """
    CREATE INDEX synclog_by_topic ON synclog (connection_id, topic, severity, id DESC)
    """,
    """
    CREATE INDEX synclog_newest ON synclog (connection_id, id DESC)
    """,
    """
    CREATE TABLE sessions (
        key bytea NOT NULL,
        data bytea NOT NULL,
        expires_at timestamptz,
        CONSTRAINT sessions_pkey PRIMARY KEY (key)
    )
    """,
    """
    CREATE INDEX sessions_by_expiry ON sessions (expires_at)
    """,
    """
    CREATE TABLE oauth_states (
        key bytea NOT NULL,
        browser bytea NOT NULL,
        platform text NOT NULL,
        payload jsonb NOT NULL,
        expires_at timestamptz NOT NULL,
        CONSTRAINT oauth_states_pkey PRIMARY KEY (key)
    )
    """,
    """
    CREATE INDEX oauth_states_by_expiry ON oauth_states (expires_at)
    """,
    """
    CREATE TABLE support (
        id text NOT NULL,
        connection_id bigint NOT NULL,
        at timestamptz NOT NULL,
        subject text DEFAULT '' NOT NULL,
        bundle jsonb NOT NULL,
        CONSTRAINT support_pkey PRIMARY KEY (id),
        CONSTRAINT support_connection_id_fkey FOREIGN KEY(connection_id) REFERENCES connections (id) ON DELETE CASCADE
    )
    """,
    """
    CREATE INDEX support_by_connection ON support (connection_id, at)
    """,
    """
    CREATE TABLE effects (
        connection_id bigint NOT NULL,
        kind text NOT NULL,
        subject text NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT effects_pkey PRIMARY KEY (connection_id, kind, subject),
        CONSTRAINT effects_connection_id_fkey FOREIGN KEY(connection_id) REFERENCES connections (id) ON DELETE CASCADE
    )
    """,
    """
    CREATE INDEX effects_by_time ON effects (connection_id, kind, at)
    """,
    """
    CREATE TABLE questions (
        connection_id bigint NOT NULL,
        kind text NOT NULL,
        asked_at timestamptz NOT NULL,
        subjects text[] NOT NULL,
        answer text DEFAULT '' NOT NULL,
        answered_at timestamptz,
        CONSTRAINT questions_pkey PRIMARY KEY (connection_id, kind),
        CONSTRAINT questions_connection_id_fkey FOREIGN KEY(connection_id) REFERENCES connections (id) ON DELETE CASCADE
    )
    """,
    """
    CREATE TABLE duplicates (
        connection_id bigint NOT NULL,
        product_uuid text NOT NULL,
        product_id bigint NOT NULL,
        certainty text NOT NULL,
        reason text DEFAULT '' NOT NULL,
        shop_name text DEFAULT '' NOT NULL,
        choice text DEFAULT '' NOT NULL,
        found_at timestamptz NOT NULL,
        CONSTRAINT duplicates_pkey PRIMARY KEY (connection_id, product_uuid, product_id),
        CONSTRAINT duplicates_connection_id_fkey FOREIGN KEY(connection_id) REFERENCES connections (id) ON DELETE CASCADE
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("there is nothing before the first form; restore a backup instead")
