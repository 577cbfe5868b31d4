"""No function of the database package reads or changes another merchant's rows, whatever it is
asked for.

Every function that takes a transaction and a connection's id is called for one merchant, with the
ids of another merchant's products, variants, calls and cases. The other's rows must stay as they
are, and nothing of them may come back. Functions of other shapes are listed with the reason why
they are.
"""

import collections.abc
import enum
import importlib
import inspect
import pkgutil
import types
import typing
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

import brygga.database
from brygga.database import all_tables, tables
from brygga.database.connections import Taken
from brygga.database.engine import Database, Tx
from brygga.database.product_tables import library
from tests.conftest import NOON
from tests.database.merchants import connected, ids_from

KEY, SECRET, NUMBER = "key-of-lind", "secret-of-lind", 7007
FITTING: dict[tuple[str, str], Any] = {
    ("bindings", "state"): "bound",
    ("bindings", "origin"): "created",
    ("pending_writes", "state"): "open",
    ("pending_writes", "side"): "zettle",
    ("additions", "state"): "draft",
    ("alert_messages", "state"): "waiting",
}
"""Where a check allows only some words."""
AS_TEXT = {"plans.keep": "{}"}
"""Functions whose texts are JSON already."""
ACROSS: dict[str, str] = {
    "ageing.delete_older": "age",
    "alert_messages.again": "a message holds its connection",
    "alert_messages.claim": "workers",
    "alert_messages.finish": "a message holds its connection",
    "alert_messages.is_due": "workers",
    "alert_messages.waiting": "operators",
    "alert_settings.all_told": "workers",
    "alert_settings.confirm": "a ticket that nobody can guess",
    "alert_settings.reseal": "a change of keys",
    "alert_settings.ticketed": "a ticket that nobody can guess",
    "alerts.known": "workers",
    "alerts.present": "workers",
    "statements.ensure": "routine work",
    "statements.watch": "routine work",
    "audit.add": "the entry names its connection",
    "connections.start": "signing in: the account is whose it is",
    "connections.by_organization": "signing in, and webhooks, by what the platform has signed",
    "connections.by_store": "BigCommerce's callbacks, by what BigCommerce has signed",
    "queue_table.add_missing": "workers",
    "queue_table.queued": "workers",
    "queue_table.remind": "workers",
    "receiving.addressed": "webhooks, by a key that nobody can guess",
    "connections.by_hook_key": "webhooks, by a key that nobody can guess",
    "connections.active": "operators and routine work",
    "deliveries.add": "counts by connection",
    "deliveries.of_last_day": "operators",
    "endings.last": "takes the connection itself",
    "erasing.ask": "a merchant who has proven who they are, by account",
    "erasing.asked": "a ticket that nobody can guess",
    "erasing.due": "routine work",
    "erasing.never_joined": "routine work",
    "erasing.erase": "the account whose merchant asked, or whose time is over",
    "hook_keys.seal_all": "a start",
    "hook_keys.reseal": "a change of keys",
    "kept_webhooks.prune": "age",
    "leases.renew": "a fence holds its connection",
    "leases.release": "a fence holds its connection",
    "leases.end_all": "a start",
    "turns.turns_due": "workers",
    "finished_work.done": "a work item holds its connection",
    "finished_work.all_done": "work items of one connection hold it",
    "failed_work.again": "a work item holds its connection",
    "failed_work.park": "a work item holds its connection",
    "failed_work.retry": "operators",
    "failed_work.retry_for": "workers",
    "waiting_work.pending": "operators",
    "work_items.ensure": "routine work",
    "migrating.revision": "no merchant's",
    "oauth_states.begin": "no merchant's yet",
    "oauth_states.take": "a state that nobody can guess, in its own browser",
    "resealing.reseal": "a change of keys",
    "resealing.outdated": "operators",
    "resealing.lost": "operators",
    "moving.begin": "operators, with a file",
    "moving.in_the_way": "operators",
    "operating.causes": "operators",
    "operating.merchants": "operators",
    "operating.queue": "operators",
    "operating.working": "operators",
    "operator_sessions.begin": "operators",
    "operator_sessions.end": "operators",
    "operator_sessions.end_all": "operators",
    "operator_sessions.opened_by": "operators",
    "restoring.begin_all": "a restore",
    "restoring.waiting": "operators",
    "rights.read": "no merchant's",
    "rights.session": "no merchant's",
    "rights.workers": "no merchant's",
    "rights.clock": "no merchant's",
    "signed_messages.use": "a message that BigCommerce has signed, by its id",
    "store_users.is_removed": "a user of a store, by what BigCommerce has signed",
    "store_users.remove": "a user of a store, by what BigCommerce has signed",
    "subscriptions.elsewhere": "workers",
    "support.save": "a case holds its connection",
    "support.renew": "a case that our own work left",
    "support.by_id": "operators; the pages compare the connection",
    "service_health.queued": "operators",
    "service_health.read": "operators",
    **{
        f"{module}.prune": "age"
        for module in (
            "alert_messages",
            "audit",
            "brakes",
            "deliveries",
            "exchanges",
            "gone",
            "inbox",
            "movements",
            "oauth_states",
            "operator_sessions",
            "sessions",
            "signed_messages",
            "statements",
            "store_users",
            "synclog",
            "watching",
        )
    },
}
OF_NO_MERCHANT = {
    "dumping.counted": "a backup",
    "dumping.dump": "a backup",
    "dumping.load": "a backup",
    "dumping.others": "a backup",
    "dumping.revision_of": "a backup",
    "migrating.current": "a start",
    "migrating.upgrade": "a start",
    "migrating.upgrade_with": "a start",
    "queue.first_of": "waits for the first of several",
    "statistics.analyze": "the planner's statistics",
    "statistics.grown": "the planner's statistics",
    "statistics.refresh": "the planner's statistics",
}
"""Functions that take no transaction."""


def functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every public function of the package that works in a transaction."""
    for module in pkgutil.iter_modules(brygga.database.__path__):
        if module.name == "migrations":
            continue
        found = importlib.import_module(f"brygga.database.{module.name}")
        for name, function in vars(found).items():
            own = inspect.iscoroutinefunction(function) and function.__module__ == found.__name__
            if (
                own
                and not name.startswith("_")
                and next(iter(inspect.signature(function).parameters), "") == "tx"
            ):
                yield f"{module.name}.{name}", function


def of_a_merchant(function: Callable[..., Any]) -> bool:
    found = inspect.signature(function).parameters.get("connection_id")
    return found is not None and found.default is inspect.Parameter.empty


def value(hint: Any, text: str = KEY) -> Any:
    """A value of that type that names what is the other merchant's."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in {typing.Union, types.UnionType}:
        return value(inner[0], text)
    if origin is tuple:
        return (
            (value(inner[0], text),)
            if inner[-1] is Ellipsis
            else tuple(value(one, text) for one in inner)
        )
    if origin is not None and issubclass(origin, collections.abc.Mapping):
        return {value(inner[0], text): value(inner[1], text)}
    if origin is not None and issubclass(origin, collections.abc.Iterable):
        return [value(inner[0], text)]
    if is_dataclass(hint) and isinstance(hint, type):
        hints = typing.get_type_hints(hint)
        needed = [
            one.name
            for one in fields(hint)
            if one.default is MISSING and one.default_factory is MISSING
        ]
        return hint(**{name: value(hints[name], text) for name in needed})
    return _plain(hint, text)


def _plain(hint: Any, text: str) -> Any:  # noqa: PLR0911 - one answer per type
    match hint:
        case type() if issubclass(hint, enum.Enum):
            return next(iter(hint))
        case type() if issubclass(hint, bool):
            return True
        case type() if issubclass(hint, int):
            return NUMBER
        case type() if issubclass(hint, bytes):
            return b"x"
        case type() if issubclass(hint, datetime):
            return NOON
        case type() if issubclass(hint, timedelta):
            return timedelta(hours=1)
        case type() if issubclass(hint, Decimal):
            return Decimal(1)
        case _:
            return text


def arguments(name: str, function: Callable[..., Any], connection_id: int) -> dict[str, Any]:
    hints = typing.get_type_hints(function)
    wanted = [one for one in inspect.signature(function).parameters.values() if one.name != "tx"]
    return {
        one.name: connection_id
        if one.name == "connection_id"
        else value(hints[one.name], AS_TEXT.get(name, KEY))
        for one in wanted
        if one.default is inspect.Parameter.empty
    }


def owned() -> list[sa.Table]:
    return [table for table in all_tables.metadata.sorted_tables if "connection_id" in table.c]


async def fill(tx: Tx, connection_id: int) -> None:
    """A row of that merchant's in every table."""
    for table in owned():
        values: dict[str, Any] = {}
        for column in table.c:
            if column.identity is not None:
                continue
            if column.name == "connection_id":
                values[column.name] = connection_id
            elif (table.name, column.name) in FITTING:
                values[column.name] = FITTING[table.name, column.name]
            else:
                values[column.name] = _cell(column)
        await tx.run(sa.insert(table).values(**values))


def _cell(column: "sa.Column[Any]") -> Any:  # noqa: PLR0911 - one answer per type
    match column.type:
        case sa.Text():
            return KEY if column.primary_key or column.foreign_keys else SECRET
        case sa.Boolean():
            return True
        case sa.Integer():
            return NUMBER
        case sa.Numeric():
            return Decimal(1)
        case sa.DateTime():
            return NOON
        case sa.LargeBinary():
            return KEY.encode()
        case sa.ARRAY():
            return [SECRET]
        case _:
            return {"secret": SECRET}


async def rows_of(tx: Tx, connection_id: int) -> list[tuple[str, list[str]]]:
    found = []
    for table in owned():
        rows = await tx.rows(sa.select(table).where(table.c.connection_id == connection_id))
        found.append((table.name, sorted(repr(tuple(row)) for row in rows)))
    own = await tx.rows(
        sa.select(tables.connections).where(tables.connections.c.id == connection_id)
    )
    return [*found, ("connections", [repr(tuple(row)) for row in own])]


def test_every_other_shape_has_its_reason() -> None:
    assert sorted(ACROSS) == sorted(
        name for name, function in functions() if not of_a_merchant(function)
    )


def test_whoever_takes_no_transaction_has_a_reason() -> None:
    """Else a function could open one of its own, and the walk would not see it."""
    found = {
        f"{module.name}.{name}"
        for module in pkgutil.iter_modules(brygga.database.__path__)
        if module.name != "migrations"
        for name, function in vars(
            importlib.import_module(f"brygga.database.{module.name}")
        ).items()
        if inspect.iscoroutinefunction(function)
        and function.__module__ == f"brygga.database.{module.name}"
        and not name.startswith("_")
        and next(iter(inspect.signature(function).parameters), "") != "tx"
    }

    assert found == set(OF_NO_MERCHANT)


async def test_no_function_reaches_into_another_merchants_rows(database: Database) -> None:
    """The other merchant's id has more than 32 bits: no function is in need of a small one."""
    lind = await connected(database)
    async with database.transaction() as tx:
        await ids_from(tx, 2**31 + lind.id)
    berg = await connected(database, "org-2", "def456")
    async with database.transaction() as tx:
        await fill(tx, lind.id)
    walked, touched, leaked, odd = 0, [], [], []
    async with database.transaction() as tx:
        before = await rows_of(tx, lind.id)
        for name, function in functions():
            if not of_a_merchant(function):
                continue
            walked += 1
            await tx.run(sa.text("SAVEPOINT before"))
            try:
                answer = await function(tx, **arguments(name, function, berg.id))
                if await rows_of(tx, lind.id) != before:
                    touched.append(name)
                if SECRET in repr(answer):
                    leaked.append(name)
            except (IntegrityError, Taken):
                pass  # refused by the database, or because the store is another's
            except Exception as error:
                odd.append(f"{name}: {type(error).__name__}: {str(error)[:100]}")
            await tx.run(sa.text("ROLLBACK TO SAVEPOINT before"))

    print(
        f"{walked} functions walked, {len(touched)} touched, {len(leaked)} leaked, {len(odd)} "
        "could not run"
    )
    assert ([], []) == (touched, leaked)
    assert [] == odd
    assert walked > 200


async def test_the_walk_would_see_a_hole(database: Database) -> None:
    """A function that forgets the connection is found by what it does."""
    lind = await connected(database)
    async with database.transaction() as tx:
        await fill(tx, lind.id)
        before = await rows_of(tx, lind.id)
        found = await tx.rows(sa.select(library).where(library.c.product_uuid == KEY))
        await tx.run(sa.delete(library).where(library.c.product_uuid == KEY))

        assert SECRET in repr(found)
        assert before != await rows_of(tx, lind.id)
