"""Everything of one merchant is erased, and nothing of anybody else (rule D4's end)."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from brygga.database import erasing
from brygga.database.engine import Database
from tests.rules.stack import URL, DemoStack, words_of
from tests.rules.test_connect import choose_store, sign_in_as
from tests.rules.test_disconnect import disconnect

OF_THE_PROGRAM = {"alembic_version", "erasures"}


async def everything(database: Database) -> dict[str, list[str]]:
    """Every row of every table, as text."""
    async with database.read() as tx:
        names = [
            row.name
            for row in await tx.rows(
                sa.text(
                    "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
                )
            )
        ]
        found = {}
        for name in names:
            rows = await tx.rows(
                sa.text(f'SELECT CAST(to_jsonb(t) AS text) AS row FROM "{name}" t')
            )
            found[name] = sorted(row.row for row in rows)
    return found


async def two_merchants(home: DemoStack) -> dict[str, list[str]]:
    """The second merchant is connected and at rest: every row that bears their connection."""
    home.sandbox.add_merchant("Bergs Bokhandel", owner="Maj Berg")
    rival = home.browser()
    await sign_in_as(home, rival, 1)
    await rival.open(f"{URL}/apps/bigcommerce")
    await rival.press("Connect")
    await choose_store(rival, home.sandbox.merchants[1].store_hash)
    await home.calm()
    return await others(home)


async def others(home: DemoStack) -> dict[str, list[str]]:
    """Rows of the second merchant's connection, without what its own work moves on."""
    async with home.service.database.read() as tx:
        number = await tx.scalar(
            sa.text("SELECT id FROM connections WHERE organization_uuid = :uuid"),
            {"uuid": home.sandbox.merchants[1].organization.uuid},
        )
    rows = {
        name: [json.loads(row) for row in rows]
        for name, rows in (await everything(home.service.database)).items()
    }
    mine = {
        name: [row for row in found if row.get("connection_id") == number]
        for name, found in rows.items()
    }
    steady = {
        name: [json.dumps(row, sort_keys=True) for row in found] for name, found in mine.items()
    }
    return {
        name: steady[name] for name in ("tokens", "library", "bindings", "synclog", "subscriptions")
    }


def named(home: DemoStack) -> list[str]:
    one = home.sandbox.merchant
    return [one.organization.uuid, one.store_hash, one.name, "Sällsam mugg"]


async def left(home: DemoStack) -> dict[str, list[str]]:
    """Where a word of the merchant's still stands."""
    dump = await everything(home.service.database)
    return {
        name: [row[:200] for row in rows if any(word in row for word in named(home))]
        for name, rows in dump.items()
        if name not in OF_THE_PROGRAM and any(word in row for row in rows for word in named(home))
    }


@pytest.mark.rule("D4")
async def test_a_merchant_erases_everything_and_gets_a_receipt(home: DemoStack) -> None:
    home.add("Sällsam mugg", stock=5)
    await home.connect()
    before_others = await two_merchants(home)
    account = home.sandbox.merchant.organization.uuid
    await home.open("/apps/erase")
    refused = words_of(home.browser_session.page)
    await disconnect(home, "keep")
    await home.open("/apps/erase")
    waits = words_of(await home.press("Erase everything", sure="yes"))
    ticket = home.browser_session.url
    signed_out = await home.read("/apps")
    await home.wait(1300)
    receipt = words_of(await home.browser_session.open(ticket))

    assert "Disconnect first" in refused
    assert "Everything is being erased" in waits
    assert "Sign in with Zettle" in signed_out
    assert {} == await left(home)
    assert before_others == await others(home)
    async with home.service.database.read() as tx:
        asked = await erasing.asked(tx, ticket.rpartition("/")[2])
    assert asked is not None
    assert asked.receipt is not None
    counts: dict[str, Any] = dict(asked.receipt.counts)
    assert {"connections": 1, "bindings": 1, "library": 1} == {
        name: counts[name] for name in ("connections", "bindings", "library")
    }
    assert asked.receipt.hash == erasing.receipt_hash(account, counts, asked.receipt.erased_at)
    assert asked.receipt.hash in receipt
    assert account not in receipt


@pytest.mark.rule("D4")
async def test_who_only_signed_in_is_erased_and_zettles_access_is_given_back(
    home: DemoStack,
) -> None:
    await sign_in_as(home, home.browser_session, 0)
    await home.open("/apps/erase")
    await home.press("Erase everything", sure="yes")
    await home.wait(1300)

    assert {} == await left(home)
    assert [
        one
        for one in home.asked("DELETE", of="till")
        if "application" in one.path or "oauth" in one.path
    ]


@pytest.mark.rule("D4")
async def test_who_left_long_ago_is_erased_without_asking(home: DemoStack) -> None:
    """The setting says how long."""
    home.service.worker.settings = replace(home.service.settings, erase_after=timedelta(days=1))
    home.add("Sällsam mugg")
    await home.connect()
    await disconnect(home, "keep")
    page = await home.read("/apps")
    await home.wait_hours(16)
    before = await left(home)
    await home.wait_hours(16)

    assert "Then everything is erased." in page
    assert before
    assert {} == await left(home)


async def test_nothing_is_erased_while_a_store_is_connected(home: DemoStack) -> None:
    home.add("Sällsam mugg")
    await home.connect()
    async with home.service.database.transaction() as tx:
        with pytest.raises(erasing.StillConnected):
            await erasing.erase(
                tx, home.sandbox.merchant.organization.uuid, home.service.worker.clock.now()
            )
    await home.wait_hours(1)

    assert ["Sällsam mugg"] == home.in_shop()
    assert await left(home)
