"""Tables, columns and JSON keys by the words that the code uses.

Nothing else changes: every row keeps its values. Open writes are carried over.

Revision ID: 0019
"""

from collections.abc import Mapping

from alembic import op

revision = "0019"
down_revision: str | None = "0018"
branch_labels: str | None = None
depends_on: str | None = None

TABLES = {
    "marks": "work_items",
    "flights": "pending_writes",
    "births": "initial_levels",
    "emptied_shelves": "zeroed_levels",
}
INDEXES = {
    "marks_pkey": "work_items_pkey",
    "marks_by_due": "work_items_by_due",
    "marks_to_drain": "work_items_due",
    "marks_failing": "work_items_failing",
    "flights_pkey": "pending_writes_pkey",
    "flights_by_product": "pending_writes_by_product",
    "flights_open": "pending_writes_open",
    "births_pkey": "initial_levels_pkey",
    "emptied_shelves_pkey": "zeroed_levels_pkey",
}
CONSTRAINTS = {
    ("work_items", "marks_connection_id_fkey"): "work_items_connection_id_fkey",
    ("pending_writes", "flights_connection_id_fkey"): "pending_writes_connection_id_fkey",
    ("pending_writes", "flights_state_check"): "pending_writes_state_check",
    ("initial_levels", "births_connection_id_fkey"): "initial_levels_connection_id_fkey",
    ("zeroed_levels", "emptied_shelves_connection_id_fkey"): "zeroed_levels_connection_id_fkey",
}
COLUMNS = {
    ("work_items", "marked_at"): "added_at",
    ("pending_writes", "flight"): "pending_write",
    ("zeroed_levels", "known"): "confirmed",
    ("outages", "told_at"): "reported_at",
    ("echoes", "heard_at"): "received_at",
}
KEYS = {
    "known": "confirmed",
    "owed": "to_push",
    "flight": "pending_write",
    "settled": "clear_read",
    "told": "reported",
}


def _renamed(column: str, keys: Mapping[str, str]) -> str:
    """The JSON object with other keys, where it has them."""
    gone = ", ".join(f"'{old}'" for old in keys)
    parts = "".join(
        f" || CASE WHEN {column} ? '{old}'"
        f" THEN jsonb_build_object('{new}', {column} -> '{old}') ELSE '{{}}'::jsonb END"
        for old, new in keys.items()
    )
    return f"({column} - ARRAY[{gone}]){parts}"


def _rename_keys(keys: Mapping[str, str], level: str, old: str, new: str) -> None:
    for column in ("zettle", "shop"):
        op.execute(f"UPDATE ledgers SET {column} = {_renamed(column, keys)}")  # noqa: S608 - our own
        op.execute(
            f"UPDATE ledgers SET {column} = jsonb_set({column}, '{{{level}}}', '\"{new}\"')"  # noqa: S608 - our own
            f" WHERE {column} ->> '{level}' = '{old}'"
        )


def upgrade() -> None:
    for old, new in TABLES.items():
        op.execute(f"ALTER TABLE {old} RENAME TO {new}")
    for old, new in INDEXES.items():
        op.execute(f"ALTER INDEX {old} RENAME TO {new}")
    for (table, old), new in CONSTRAINTS.items():
        op.execute(f"ALTER TABLE {table} RENAME CONSTRAINT {old} TO {new}")
    for (table, old), new in COLUMNS.items():
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")
    op.execute("ALTER SEQUENCE mark_generations RENAME TO work_item_generations")
    _rename_keys(KEYS, "confirmed", "unborn", "not_created")
    op.execute("UPDATE work_items SET kind = 'resolve' WHERE kind = 'settle'")


def downgrade() -> None:
    op.execute("UPDATE work_items SET kind = 'settle' WHERE kind = 'resolve'")
    _rename_keys({new: old for old, new in KEYS.items()}, "known", "not_created", "unborn")
    op.execute("ALTER SEQUENCE work_item_generations RENAME TO mark_generations")
    for (table, old), new in COLUMNS.items():
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {new} TO {old}")
    for (table, old), new in CONSTRAINTS.items():
        op.execute(f"ALTER TABLE {table} RENAME CONSTRAINT {new} TO {old}")
    for old, new in INDEXES.items():
        op.execute(f"ALTER INDEX {new} RENAME TO {old}")
    for old, new in TABLES.items():
        op.execute(f"ALTER TABLE {new} RENAME TO {old}")
