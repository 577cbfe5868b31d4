"""What it costs to let old rows go: deleted in portions, or dropped with their partition.

    .venv/bin/python bench/retention.py [ROWS]

ROWS rows of `movements` (400,000 unless told) of a thousand merchants over 90 days are put into the
table as it is, and into copies that are partitioned by time. Then a day's rows go, and what the
service asks all the time is asked of each. The server keeps its writes (fsync), as in production.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from brygga.database.ageing import PORTION
from brygga.database.embedded import embedded

DAYS, MERCHANTS, VARIANTS = 90, 1_000, 500
TRIES = 40
COLUMNS = """
    connection_id bigint NOT NULL, at timestamptz NOT NULL, product_uuid text NOT NULL,
    variant_uuid text NOT NULL, side text NOT NULL, cause text NOT NULL, change integer NOT NULL,
    zettle_before integer, zettle_after integer, shop_before integer, shop_after integer,
    call text NOT NULL DEFAULT '', reference text NOT NULL DEFAULT '', sent timestamptz,
    reason text, explained_at timestamptz, seller text NOT NULL DEFAULT '',
    place text NOT NULL DEFAULT '', reported timestamptz
"""
INDEXES = (
    "(at)",
    "(connection_id, id DESC)",
    "(connection_id, variant_uuid, id DESC)",
    "(connection_id, explained_at) WHERE explained_at IS NOT NULL",
)
FILL = f"""
    INSERT INTO {{}} (connection_id, at, product_uuid, variant_uuid, side, cause, change,
        zettle_before, zettle_after, shop_before, shop_after)
    SELECT 1 + (n::bigint * 7919) %% {MERCHANTS}, %(began)s::timestamptz + n * %(step)s::interval,
        v, v, 'zettle', 'event', -1, 9, 8, 9, 9
    FROM generate_series(0, %(rows)s - 1) AS n, md5((n %% {VARIANTS})::text) AS v
"""
ASKED = {
    "the last 50 of a variant": (
        "SELECT * FROM {} WHERE connection_id = 7 AND variant_uuid = md5('3')"
        " ORDER BY id DESC LIMIT 50"
    ),
    "the newest of a merchant": (
        "SELECT id FROM {} WHERE connection_id = 7 ORDER BY id DESC LIMIT 1"
    ),
    "explain one by its number": (
        "UPDATE {} SET reason = 'sale' WHERE connection_id = 7 AND id = 100"
    ),
    "add one": (
        "INSERT INTO {} (connection_id, at, product_uuid, variant_uuid, side, cause, change)"
        " VALUES (7, '2026-03-31 12:00Z', 'a', 'b', 'zettle', 'event', -1)"
    ),
}
Connection = psycopg.Connection[Any]


@dataclass
class Spent:
    seconds: float = 0.0
    wal: int = 0


@contextmanager
def spent(one: Connection) -> Iterator[Spent]:
    """Seconds and bytes of WAL of the block."""
    found, began = Spent(), time.perf_counter()
    before = value(one, "SELECT pg_current_wal_insert_lsn()")
    yield found
    found.seconds = time.perf_counter() - began
    found.wal = int(value(one, f"SELECT pg_current_wal_insert_lsn() - '{before}'::pg_lsn"))


def value(one: Connection, query: str) -> Any:
    row = one.execute(query).fetchone()
    return row[0] if row else None


def make(one: Connection, name: str, days: int) -> list[str]:
    """An empty table; with `days`, in partitions of so many days. Their names, oldest first."""
    key = "PRIMARY KEY (id, at)" if days else "PRIMARY KEY (id)"
    split = "PARTITION BY RANGE (at)" if days else ""
    one.execute(
        f"CREATE TABLE {name} (id bigint GENERATED ALWAYS AS IDENTITY, {COLUMNS}, {key}) {split}"
    )
    parts = []
    for number, day in enumerate(range(0, DAYS + 1, days) if days else ()):
        parts.append(f"{name}_{number}")
        one.execute(
            f"CREATE TABLE {parts[-1]} PARTITION OF {name} FOR VALUES FROM"
            f" ('2026-01-01Z'::timestamptz + interval '{day} days')"
            f" TO ('2026-01-01Z'::timestamptz + interval '{day + days} days')"
        )
    for index in INDEXES:
        one.execute(f"CREATE INDEX ON {name} {index}")
    return parts


def filled(one: Connection, name: str, rows: int) -> Spent:
    values = {"began": "2026-01-01Z", "rows": rows, "step": f"{DAYS * 86_400 / rows} seconds"}
    with spent(one) as found:
        one.execute(FILL.format(name), values)
    one.execute(f"VACUUM ANALYZE {name}")
    return found


def deleted(one: Connection, rows: int) -> tuple[int, Spent, Spent]:
    """A day's rows, in portions as `ageing` does, and what vacuum spends on them."""
    before, gone = "'2026-01-02Z'", 0
    with spent(one) as by_us:
        while count := one.execute(
            f"DELETE FROM plain WHERE at < {before} AND ctid = ANY (ARRAY(SELECT ctid FROM plain"
            f" WHERE at < {before} ORDER BY at LIMIT {PORTION} FOR UPDATE SKIP LOCKED))"
        ).rowcount:
            gone += count
    with spent(one) as by_vacuum:
        one.execute("VACUUM plain")
    assert abs(gone - rows // DAYS) <= 1
    return gone, by_us, by_vacuum


def asked(one: Connection, name: str, query: str) -> tuple[float, float]:
    """Milliseconds to plan and to run it, the medians of some tries."""
    plans, runs = [], []
    for _ in range(TRIES):
        with one.transaction(force_rollback=True):
            explained = value(one, f"EXPLAIN (ANALYZE, FORMAT JSON) {query.format(name)}")
        found = json.loads(explained)[0] if isinstance(explained, str) else explained[0]
        plans.append(found["Planning Time"])
        runs.append(found["Execution Time"])
    return sorted(plans)[TRIES // 2], sorted(runs)[TRIES // 2]


def measure(one: Connection, rows: int) -> None:
    widths = {"plain": 0, "monthly": 30, "weekly": 7, "daily": 1}
    parts = {name: make(one, name, days) for name, days in widths.items()}
    for name in widths:
        found = filled(one, name, rows)
        print(
            f"{name:8} filled: {rows / found.seconds:9,.0f} rows/s, "
            f"{found.wal / rows:6.0f} B WAL a row"
        )
    for what, query in ASKED.items():
        for name in widths:
            plan, run = asked(one, name, query)
            print(f"{what:26} {name:8} plan {plan:7.3f} ms, run {run:7.3f} ms")
    gone, by_us, by_vacuum = deleted(one, rows)
    print(
        f"delete a day: {gone:,} rows, {gone / by_us.seconds:,.0f} rows/s, "
        f"{by_us.wal / gone:.0f} B WAL a row; vacuum {by_vacuum.seconds:.2f} s, "
        f"{by_vacuum.wal / gone:.0f} B WAL a row"
    )
    for name in ("monthly", "weekly", "daily"):
        with spent(one) as found:
            one.execute(f"DROP TABLE {parts[name][0]}")
        print(f"drop one of {name}: {1000 * found.seconds:.0f} ms, {found.wal:,} B WAL")


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 400_000
    with tempfile.TemporaryDirectory(prefix="brygga-bench-") as folder:
        Path(folder).chmod(0o755)
        with (
            embedded(Path(folder), durable=True, tidy=False) as server,
            psycopg.connect(server.url, autocommit=True) as one,
        ):
            one.execute("SET plan_cache_mode = force_custom_plan")
            one.prepare_threshold = None
            measure(one, rows)


if __name__ == "__main__":
    main()
