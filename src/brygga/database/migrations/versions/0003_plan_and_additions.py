"""The plan before the first sync, and products of our own form on their way to Zettle.

Revision ID: 0003
"""

from alembic import op

revision = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None

STATEMENTS = (
    # A product as the merchant typed it. It stays until it stands in Zettle with all its parts, or
    # is thrown away.
    """
    CREATE TABLE additions (
        connection_id bigint NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
        product_uuid text NOT NULL,
        state text NOT NULL,
        form jsonb NOT NULL,
        product jsonb,
        made boolean DEFAULT false NOT NULL,
        movement text DEFAULT '' NOT NULL,
        moved_at timestamptz,
        refusal text DEFAULT '' NOT NULL,
        errors jsonb DEFAULT '{}'::jsonb NOT NULL,
        touched_at timestamptz NOT NULL,
        CONSTRAINT additions_pkey PRIMARY KEY (connection_id, product_uuid),
        CONSTRAINT additions_state_check CHECK (state IN ('draft', 'waiting', 'refused'))
    )
    """,
    """
    CREATE TABLE addition_pictures (
        connection_id bigint NOT NULL,
        product_uuid text NOT NULL,
        place integer NOT NULL,
        media_type text NOT NULL,
        content bytea NOT NULL,
        url text DEFAULT '' NOT NULL,
        CONSTRAINT addition_pictures_pkey PRIMARY KEY (connection_id, product_uuid, place),
        CONSTRAINT addition_pictures_connection_id_fkey FOREIGN KEY (connection_id, product_uuid)
            REFERENCES additions (connection_id, product_uuid) ON DELETE CASCADE
    )
    """,
    # What the store's own products hold of the names, SKUs and URLs that the library wants, as last
    # read.
    """
    CREATE TABLE shop_claims (
        connection_id bigint NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
        field text NOT NULL,
        value text NOT NULL,
        product_id bigint NOT NULL,
        name text NOT NULL,
        CONSTRAINT shop_claims_pkey PRIMARY KEY (connection_id, field, value)
    )
    """,
    # The library as it was planned with when set-up was finished; gone once the first sync has
    # compared it.
    """
    CREATE TABLE planned (
        connection_id bigint NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
        product_uuid text NOT NULL,
        etag text NOT NULL,
        name text NOT NULL,
        CONSTRAINT planned_pkey PRIMARY KEY (connection_id, product_uuid)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    for table in ("planned", "shop_claims", "addition_pictures", "additions"):
        op.execute(f"DROP TABLE {table}")
