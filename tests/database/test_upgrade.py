"""An upgrade from the first schema of all with data in it, and two versions side by side while
processes are restarted one by one.
"""

import json
from pathlib import Path
from typing import Any, Final

import psycopg
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from brygga.core.model import Stage, Synced
from brygga.core.report import Code
from brygga.database import (
    bindings,
    connections,
    duplicates,
    ledgers,
    library,
    migrating,
    support,
    synclog,
    tokens,
    work_items,
)
from brygga.database.engine import Database
from brygga.database.migration_engine import migration_engine
from brygga.database.sealing import Sealer
from brygga.database.tokens import Platform
from brygga.database.values import to_plain
from brygga.database.work_items import Kind
from brygga.web.health import OK, readiness
from brygga.web.operating.status import statuses
from tests.conftest import NOON, SEALER
from tests.database.merchants import account, cup, shop

FIRST: Final = "0001"
HELD_SINCE: Final = "0023"
"""From here on each version of the schema serves the program of the version before."""
DROPPED: Final[dict[str, str]] = {}
""""table.column" or "table" -> why the version before does not use it any more: what one version
stops to use may go in the next.
"""


async def bring(database: Database, revision: str) -> None:
    async with migration_engine(database).connect() as connection, connection.begin():
        await connection.run_sync(lambda sync: command.upgrade(migrating._config(sync), revision))


ROWS: Final[dict[str, dict[str, Any]]] = {
    "connections": {
        "organization_uuid": "org-1",
        "organization": json.dumps(to_plain(account())),
        "store_hash": "abc123",
        "shop": json.dumps(to_plain(shop())),
        "stage": "running",
        "prices": True,
        "whole_library": True,
        "hook_key": "a-key-in-plain-text",
        "created_at": NOON,
    },
    "subscriptions": {
        "platform": "zettle",
        "subscription_id": "s-1",
        "topic": "ProductUpdated",
        "created_at": NOON,
        "checked_at": NOON,
    },
    "library": {
        "product_uuid": "cup",
        "etag": "1",
        "name": "Mugg",
        "sort_key": "mugg",
        "search": "mugg mugg-1",
        "product": json.dumps(to_plain(cup())),
        "assigned": True,
        "seen_at": NOON,
    },
    "bindings": {
        "product_uuid": "cup",
        "product_id": 812,
        "origin": "created",
        "etag": "1",
        "organization_uuid": "org-1",
        "store_hash": "abc123",
        "bound_at": NOON,
        "synced_at": NOON,
    },
    "binding_children": {
        "product_uuid": "cup",
        "kind": "variant",
        "key": "cup-v",
        "child_id": 813,
    },
    "marks": {
        "kind": "product",
        "subject": "cup",
        "rank": 12,
        "generation": 1,
        "due_at": NOON,
        "marked_at": NOON,
        "force": True,
    },
    "inbox": {"platform": "zettle", "message_id": "m-1", "received_at": NOON},
    "synclog": {
        "at": NOON,
        "code": "product_created",
        "topic": "product",
        "severity": "info",
        "subject": "cup",
        "params": json.dumps({"name": "Mugg"}),
    },
    "support": {"id": "case-1", "at": NOON, "subject": "cup", "bundle": json.dumps({"bug": "X"})},
    "effects": {"kind": "removed", "subject": "cup", "at": NOON},
    "questions": {"kind": "removed", "asked_at": NOON, "subjects": ["cup"]},
    "duplicates": {
        "product_uuid": "cup",
        "product_id": 9,
        "certainty": "certain",
        "shop_name": "Mugg",
        "found_at": NOON,
    },
    "intents": {"product_uuid": "plate", "payload": json.dumps({}), "begun_at": NOON},
}
"""A merchant as the first version kept one. Tokens are sealed, and added apart."""


async def fill(database: Database) -> None:
    async with database.transaction() as tx:
        for table, row in ROWS.items():
            values = row if table == "connections" else {"connection_id": 1, **row}
            json_columns = {"organization", "shop", "product", "params", "bundle", "payload"}
            cells = [
                f"CAST(:{name} AS jsonb)" if name in json_columns else f":{name}" for name in values
            ]
            statement = f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join(cells)})"
            await tx.run(sa.text(statement), values)
        sealed = SEALER.seal(json.dumps(["access", "refresh"]).encode(), "tokens", 1, "zettle")
        await tx.run(
            sa.text(
                "INSERT INTO tokens (connection_id, platform, sealed, issued_at)"
                " VALUES (1, 'zettle', :sealed, :now)"
            ),
            {"sealed": sealed, "now": NOON},
        )


async def test_what_the_first_version_kept_is_all_there_and_the_service_can_work(
    empty_database_url: str,
) -> None:
    database = Database.at(empty_database_url, SEALER)
    await bring(database, FIRST)
    await fill(database)
    await migrating.upgrade(database)

    async with database.read() as tx:
        (one,) = await connections.active(tx)
        by_key = await connections.by_hook_key(tx, "a-key-in-plain-text")
        token = await tokens.get(tx, one.id, Platform.ZETTLE)
        entry = await library.get(tx, one.id, "cup")
        binding = await bindings.get(tx, one.id, "cup")
        (item,) = await work_items.due(tx, one.id, NOON)
        (line,) = await synclog.page(tx, one.id)
        case = await support.by_id(tx, "case-1")
        pairs = await duplicates.all_of(tx, one.id)
        counts = {
            table: await tx.scalar(sa.text(f"SELECT count(*) FROM {table}"))
            for table in {*ROWS, "tokens", "work_items"} - {"marks"}
        }
        plain = await tx.scalar(sa.text("SELECT hook_key FROM connections"))
        (status,) = await statuses(tx, [one], "https://brygga.example", NOON)
    ready = await readiness(database)
    await database.close()

    assert (account(), shop(), Stage.RUNNING) == (one.organization, one.shop, one.stage)
    assert (one.choices.prices, one.choices.whole_library) == (True, True)
    assert by_key == one
    assert plain is None, "the key is encrypted now"
    assert token is not None
    assert ("access", "refresh") == (token.access, token.refresh)
    assert entry is not None
    assert (cup(), True) == (entry.product, entry.assigned)
    assert binding is not None
    assert (812, {"cup-v": 813}) == (binding.synced.product_id, dict(binding.synced.variants))
    assert isinstance(binding.synced, Synced)
    assert (Kind.PRODUCT, "cup", True) == (item.kind, item.subject, item.force)
    assert (Code.PRODUCT_CREATED, "Mugg") == (line.line.code, line.line.params["name"])
    assert case is not None
    assert [9] == [pair.product_id for pair in pairs]
    assert {1} == set(counts.values()), counts
    assert 1 == status.bound
    assert {OK} == set(ready.values())


WRITTEN: Final = Path(__file__).with_name("first_version.sql")
KEY: Final = "a" * 48


async def test_a_database_that_the_first_version_wrote_works_on(empty_database_url: str) -> None:
    """Not rows that we think of, but what that program wrote: set up, three products synced, stock
    of two, webhooks of both platforms, and work that waited when it was ended.
    """
    database = Database.at(empty_database_url, Sealer((KEY,)))
    await bring(database, "0002")
    async with await psycopg.AsyncConnection.connect(empty_database_url, autocommit=True) as raw:
        await raw.execute(WRITTEN.read_bytes())
    await migrating.upgrade(database)

    async with database.read() as tx:
        (one,) = await connections.active(tx)
        access = [await tokens.get(tx, one.id, platform) for platform in Platform]
        bound = await bindings.all_of(tx, one.id)
        rows = await ledgers.load(tx, one.id, await ledgers.products(tx, one.id))
        known = await library.get_many(tx, one.id, bound.keys())
        waiting = await tx.scalar(sa.text("SELECT count(*) FROM work_items"))
        lines = await synclog.page(tx, one.id)
        (status,) = await statuses(tx, [one], "https://brygga.example", NOON)
    ready = await readiness(database)
    await database.close()

    assert one.shop is not None
    assert ("l1ndsk1", Stage.RUNNING) == (one.shop.store_hash, one.stage)
    assert "Linds Keramik & Form" == one.organization.name
    assert all(token is not None and token.access for token in access)
    assert (3, 3, 2, 3) == (len(bound), status.bound, len(rows), waiting)
    assert all(entry.product is not None and entry.assigned for entry in known.values())
    assert all(isinstance(row.ledger.zettle.confirmed, int) for row in rows.values())
    assert 3 == len([line for line in lines if line.line.code is Code.PRODUCT_CREATED])
    assert {OK} == set(ready.values())


# ---- Two versions side by side -------------------------------------------------------------------

Shape = dict[str, dict[str, tuple[str, bool]]]
"""Table -> column -> its type, and whether a row may leave it out."""


def _shape(sync: sa.Connection) -> tuple[Shape, set[str]]:
    """And its unique indexes and checks, each with its table."""
    seen, found, strict = sa.inspect(sync), Shape(), set()
    for table in seen.get_table_names():
        found[table] = {
            str(one["name"]): (
                repr(one["type"]),
                bool(one["nullable"]) or one["default"] is not None or "identity" in one,
            )
            for one in seen.get_columns(table)
        }
        strict |= {f"{table}: {one['name']}" for one in seen.get_indexes(table) if one["unique"]}
        strict |= {f"{table}: {one['sqltext']}" for one in seen.get_check_constraints(table)}
        strict |= {f"{table}: {one['name']}" for one in seen.get_foreign_keys(table)}
    return found, strict


def broken(before: Shape, after: Shape) -> list[str]:
    """What a program that knows only the shape before would fail on."""
    found = []
    for table, columns in before.items():
        if table not in after:
            found.append(table)
            continue
        for name, (kind, _) in columns.items():
            if name not in after[table]:
                found.append(f"{table}.{name}")
            elif after[table][name][0] != kind:
                found.append(f"{table}.{name} has another type")
        found += [
            f"{table}.{name} must be given"
            for name, (_, optional) in after[table].items()
            if not optional and columns.get(name, ("", True))[1]
        ]
    return [one for one in found if one not in DROPPED]


async def test_the_program_of_the_version_before_works_on_each_newer_schema(
    empty_database_url: str,
) -> None:
    """Migrations only add: processes of both versions run while they are restarted one by one."""
    database = Database.at(empty_database_url, SEALER)
    scripts = ScriptDirectory.from_config(migrating._config())
    revisions = sorted(one.revision for one in scripts.walk_revisions())
    await bring(database, HELD_SINCE)
    wrong = {}
    async with migration_engine(database).connect() as connection:
        before, held = await connection.run_sync(_shape)
    for revision in revisions[revisions.index(HELD_SINCE) + 1 :]:
        await bring(database, revision)
        async with migration_engine(database).connect() as connection:
            after, strict = await connection.run_sync(_shape)
        stricter = [one for one in strict - held if one.partition(":")[0] in before]
        wrong[revision] = broken(before, after) + stricter
        before, held = after, strict
    await database.close()

    assert len(wrong) > 5
    assert {} == {revision: found for revision, found in wrong.items() if found}


def test_the_walk_would_see_what_breaks_the_version_before() -> None:
    before: Shape = {"a": {"id": ("BIGINT()", True), "x": ("TEXT()", True)}, "b": {}}
    after: Shape = {"a": {"id": ("TEXT()", True), "y": ("TEXT()", False)}}

    assert ["a.id has another type", "a.x", "a.y must be given", "b"] == sorted(
        broken(before, after)
    )
