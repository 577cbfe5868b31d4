"""What became of a stock write is known by the marker: hook values and times, clock offsets and
their fields go.

Open writes are carried over. One without a slot ends with the lower number and a question.

Revision ID: 0018
"""

from alembic import op

revision = "0018"
down_revision: str | None = "0017"
branch_labels: str | None = None
depends_on: str | None = None

GONE_OF_A_FLIGHT = "clock, prior, left, told, tells, maybes, others, hinted, unborn, seen, tale, closing, strayed, shown"
SUSPENDED = "9999-12-31T23:59:59.999999Z"
GONE_OF_A_SHELF = "tale, signed, touched, wrote, heard, asleep, stopped, fresh, closed, ordered"


def _flight(of: str) -> str:
    """`first` was a look; now it says that no level was known before, as `unborn` did."""
    first = f"COALESCE(CAST({of} ->> 'unborn' AS boolean), false)"
    return f"({of} - CAST('{{{GONE_OF_A_FLIGHT}}}' AS text[])) || jsonb_build_object('first', {first}, 'slot', NULL)"


def _shelf(of: str) -> str:
    flight = f"({of} -> 'flight')"
    flying = f"CASE WHEN jsonb_typeof{flight} = 'object' THEN {_flight(flight)} END"
    rests = f"CASE WHEN {of} ->> 'asleep' = 'true' THEN to_jsonb(CAST('{SUSPENDED}' AS text)) ELSE {of} -> 'rests' END"
    told = f"jsonb_build_object('at', COALESCE(NULLIF({of} -> 'hinted', 'null'), {of} -> 'ordered'), 'ordered', {of} -> 'ordered')"
    named = f"CASE WHEN jsonb_typeof({of} -> 'ordered') = 'string' THEN {told} END"
    kept = f"({of} - CAST('{{{GONE_OF_A_SHELF}}}' AS text[]))"
    return f"{kept} || jsonb_build_object('flight', {flying}, 'rests', {rests}, 'told', {named})"


# What Zettle's number may lack from before tracking went off, as the new `sharing.stopped` counts
# it.
_LACKS = """
    LEAST(0, COALESCE(CAST(zettle #>> '{stopped,owed}' AS integer), 0))
    + LEAST(0, COALESCE(CAST(zettle #>> '{stopped,flight,quantity}' AS integer), 0))
"""
_IS_UNSURE = """
    COALESCE(CAST(zettle #>> '{stopped,owed}' AS integer), 0) <> 0
    OR jsonb_typeof(zettle #> '{stopped,flight}') = 'object'
"""
# A level was to be written as an absolute one, and had not left.
_AWAITS_LEVEL = "jsonb_typeof(shop -> 'fresh') = 'object' AND shop ->> 'known' = 'unborn' AND shop ->> 'flight' IS NULL"
_ASKED = "side = 'shop' AND state IN ('doubted', 'believed') OR state = 'unasked'"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE ledgers ADD COLUMN closed jsonb NOT NULL DEFAULT '[]', ADD COLUMN started_at timestamptz"
    )
    op.execute(f"""
        UPDATE ledgers g SET check_since = f.at
        FROM (SELECT connection_id, variant_uuid, min(at) AS at FROM flights WHERE {_ASKED} GROUP BY 1, 2) f
        WHERE f.connection_id = g.connection_id AND f.variant_uuid = g.variant_uuid AND g.check_since IS NULL
    """)  # noqa: S608 - our own
    op.execute(
        f"UPDATE ledgers SET check_since = updated_at WHERE check_since IS NULL AND ({_IS_UNSURE})"  # noqa: S608
    )
    op.execute(f"""
        UPDATE ledgers SET
            closed = COALESCE(shop -> 'closed', '[]'),
            started_at = CASE WHEN {_AWAITS_LEVEL} THEN updated_at END,
            shop = {_shelf("shop")} || CASE WHEN {_AWAITS_LEVEL}
                THEN jsonb_build_object('known', 'unknown') ELSE jsonb_build_object() END,
            zettle = {_shelf("zettle")} || CASE WHEN jsonb_typeof(zettle -> 'stopped') = 'object'
                THEN jsonb_build_object('owed', {_LACKS}) ELSE jsonb_build_object() END
    """)  # noqa: S608 - our own
    op.execute(
        "DELETE FROM flights WHERE state IN ('unasked', 'outlived')"
        " OR side = 'shop' AND state IN ('lost', 'doubted', 'believed')"
    )
    op.execute(f"UPDATE flights SET flight = {_flight('flight')}")  # noqa: S608 - our own
    op.execute("ALTER TABLE flights DROP CONSTRAINT flights_state_check")
    op.execute(
        "ALTER TABLE flights ADD CONSTRAINT flights_state_check"
        " CHECK (state IN ('open', 'lost', 'doubted', 'believed', 'presumed'))"
    )
    op.execute("ALTER TABLE stock_hints RENAME COLUMN edited TO happened_at")
    op.execute("ALTER TABLE stock_hints DROP COLUMN told")


def downgrade() -> None:
    op.execute("ALTER TABLE stock_hints ADD COLUMN told jsonb")
    op.execute("ALTER TABLE stock_hints RENAME COLUMN happened_at TO edited")
    op.execute("UPDATE flights SET state = 'believed' WHERE state = 'presumed'")
    op.execute("ALTER TABLE flights DROP CONSTRAINT flights_state_check")
    op.execute(
        "ALTER TABLE flights ADD CONSTRAINT flights_state_check"
        " CHECK (state IN ('open', 'lost', 'doubted', 'believed', 'unasked', 'outlived'))"
    )
    first = "jsonb_build_object('first', NULL, 'unborn', COALESCE(CAST({0} ->> 'first' AS boolean), false))"
    op.execute(f"UPDATE flights SET flight = (flight - 'slot') || {first.format('flight')}")  # noqa: S608 - our own
    for shelf in ("zettle", "shop"):
        of = f"({shelf} -> 'flight')"
        op.execute(
            f"UPDATE ledgers SET {shelf} = {shelf} || jsonb_build_object('flight', ({of} - 'slot') || {first.format(of)})"  # noqa: S608
            f" WHERE jsonb_typeof({shelf} -> 'flight') = 'object'"
        )
        op.execute(
            f'UPDATE ledgers SET {shelf} = {shelf} || CAST(\'{{"asleep": true, "rests": null}}\' AS jsonb)'  # noqa: S608
            f" WHERE {shelf} ->> 'rests' LIKE '9999-%'"
        )
    op.execute("UPDATE ledgers SET shop = shop || jsonb_build_object('closed', closed)")
    op.execute(
        "UPDATE ledgers SET shop = shop - 'told' || jsonb_build_object('ordered', shop #> '{told,ordered}')"
    )
    op.execute("ALTER TABLE ledgers DROP COLUMN closed, DROP COLUMN started_at")
