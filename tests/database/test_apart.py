"""Merchants are independent: their tables can be split by connection over several servers, and the
code stays as it is (docs/scaling.md, "After one PostgreSQL").
"""

import psycopg
import pytest

from brygga.cli import check, demo_stack, merchant
from brygga.cli.browser import BrowserClient
from brygga.cli.demo_stack import Wish
from tests.database.apart import BY_NUMBER, GUESSED_BY_NOBODY, OWNER, WHOLE, keys, lay_apart, owned


def test_every_unique_key_contains_the_connection_or_is_listed() -> None:
    without = {
        (table.name, *key)
        for table in owned()
        if table.name not in WHOLE
        for key in keys(table)
        if OWNER not in {name.rpartition(".")[2] for name in key}
    }

    assert {*((name, "id") for name in BY_NUMBER), *GUESSED_BY_NOBODY} == without


def test_every_foreign_key_stays_with_the_same_connection() -> None:
    """It leads to the connection itself, or begins with the connection's id on both sides."""
    for table in owned():
        for one in table.foreign_key_constraints:
            ours, theirs = one.columns[0].name, one.elements[0].column.name
            to_itself = one.referred_table.name == "connections" and theirs == "id"
            assert OWNER == ours, table.name
            assert to_itself or OWNER == theirs, table.name


def test_what_stays_whole_holds_rows_of_no_merchant() -> None:
    nullable = {table.name for table in owned() if table.c[OWNER].nullable}

    assert WHOLE.keys() == nullable


@pytest.mark.rule("S2", "S3", "P5")
async def test_the_service_works_while_merchants_and_months_lie_apart(database_url: str) -> None:
    names = lay_apart(database_url)
    async with (
        demo_stack.open_stack(Wish(port_base=0, products=4), database_url) as home,
        demo_stack.browser_client() as http,
    ):
        await merchant.connect(BrowserClient(http), home.url)
        assert await check.comes_through(
            home, lambda: len(check.bound(home)) == len(check.till_products(home))
        )
        arrived = {name: await change(home) for name, change in check.CHANGES.items()}
    with psycopg.connect(database_url) as one:
        filled = [name for name in names if one.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone()]

    assert dict.fromkeys(check.CHANGES, True) == arrived
    assert {"bindings", "ledgers", "movements", "synclog", "inbox", "work_items"} <= set(filled)
