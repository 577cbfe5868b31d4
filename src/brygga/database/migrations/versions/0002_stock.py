"""Stock: the ledger of every variant, what is in the air, what was heard, and every movement.

Revision ID: 0002
"""

from alembic import op

revision = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None

STATEMENTS = (
    """
    CREATE TABLE ledgers (
        connection_id bigint NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
        variant_uuid text NOT NULL,
        product_uuid text NOT NULL,
        separate boolean DEFAULT false NOT NULL,
        zettle jsonb NOT NULL,
        shop jsonb NOT NULL,
        check_since timestamptz,
        updated_at timestamptz NOT NULL,
        CONSTRAINT ledgers_pkey PRIMARY KEY (connection_id, variant_uuid)
    )
    """,
    """
    CREATE INDEX ledgers_by_product ON ledgers (connection_id, product_uuid)
    """,
    # Open flights stand here too, so that a late echo finds the call; those given up for lost stay
    # for as long as echoes may come.
    """
    CREATE TABLE flights (
        connection_id bigint NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
        call text NOT NULL,
        variant_uuid text NOT NULL,
        product_uuid text NOT NULL,
        side text NOT NULL,
        state text NOT NULL,
        flight jsonb NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT flights_pkey PRIMARY KEY (connection_id, call, variant_uuid),
        CONSTRAINT flights_state_check CHECK (state IN ('open', 'lost'))
    )
    """,
    """
    CREATE INDEX flights_by_product ON flights (connection_id, product_uuid)
    """,
    """
    CREATE TABLE births (
        connection_id bigint NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
        product_uuid text NOT NULL,
        variant_uuid text NOT NULL,
        level integer NOT NULL,
        begun_at timestamptz NOT NULL,
        CONSTRAINT births_pkey PRIMARY KEY (connection_id, product_uuid, variant_uuid)
    )
    """,
    """
    CREATE TABLE echoes (
        connection_id bigint NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
        identifier text NOT NULL,
        heard_at timestamptz NOT NULL,
        CONSTRAINT echoes_pkey PRIMARY KEY (connection_id, identifier)
    )
    """,
    """
    CREATE INDEX echoes_by_age ON echoes (heard_at)
    """,
    """
    CREATE TABLE stock_hints (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        connection_id bigint NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
        side text NOT NULL,
        subject text NOT NULL,
        at timestamptz NOT NULL,
        edited timestamptz,
        by_order boolean DEFAULT false NOT NULL
    )
    """,
    """
    CREATE INDEX stock_hints_by_subject ON stock_hints (connection_id, side, subject)
    """,
    """
    CREATE TABLE movements (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        connection_id bigint NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
        at timestamptz NOT NULL,
        product_uuid text NOT NULL,
        variant_uuid text NOT NULL,
        side text NOT NULL,
        cause text NOT NULL,
        change integer NOT NULL,
        zettle_before integer,
        zettle_after integer,
        shop_before integer,
        shop_after integer,
        call text DEFAULT '' NOT NULL,
        reference text DEFAULT '' NOT NULL
    )
    """,
    """
    CREATE INDEX movements_of_a_variant ON movements (connection_id, variant_uuid, id DESC)
    """,
    """
    CREATE INDEX movements_by_age ON movements (at)
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    for table in ("movements", "stock_hints", "echoes", "births", "flights", "ledgers"):
        op.execute(f"DROP TABLE {table}")
