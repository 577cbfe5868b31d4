"""An older backup of the database, restored: what docs/operating.md asks for ends with right
numbers (rules D2, D4).
"""

import asyncio
from collections.abc import Mapping

import pytest
import sqlalchemy as sa

from brygga.cli import merchant
from brygga.database import restoring
from brygga_sandbox.requests import Asked
from tests.rules.stack import DemoStack

LEAVE = "/apps/bigcommerce/disconnect"
Backup = Mapping[str, str]
"""By table, its rows as JSON."""


async def backed_up(home: DemoStack) -> Backup:
    """Every row of every table."""
    async with home.service.database.read() as tx:
        tables = await tx.rows(
            sa.text(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
            )
        )
        return {
            row.tablename: await tx.scalar(
                sa.text(
                    "SELECT CAST(coalesce(jsonb_agg(to_jsonb(one)), '[]') AS text) "
                    f"FROM {row.tablename} one"
                )
            )
            for row in tables
        }


async def restored(home: DemoStack, backup: Backup) -> None:
    """All that we remember is as it was then; the platforms are as they are now."""
    async with home.service.database.transaction() as tx:
        await tx.run(sa.text("SET LOCAL session_replication_role = replica"))
        for table in backup:
            await tx.run(sa.text(f"DELETE FROM {table}"))
        for table, rows in backup.items():
            await tx.run(
                sa.text(
                    f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM "
                    f"jsonb_populate_recordset(CAST(NULL AS {table}), CAST(:rows AS jsonb))"
                ),
                {"rows": rows},
            )


async def reconnected(home: DemoStack, *since: str) -> None:
    """Disconnected with "keep", and connected again; products that were made `since` the backup are
    linked to themselves.
    """
    made = {uuid: home.id_of(uuid) for uuid in since}
    await home.open(LEAVE)
    await home.press("Disconnect", products="keep")
    await home.calm()
    await home.prepare()
    await home.open("/apps/bigcommerce/duplicates")
    await home.press(
        "Save", **{f"choice-{uuid}": f"link:{product_id}" for uuid, product_id in made.items()}
    )
    await home.finish()
    await home.wait(60)


@pytest.mark.rule("D2", "D4", "P11")
@pytest.mark.parametrize("hours", [0, 30], ids=["at once", "tokens renewed since"])
async def test_after_an_older_backup_connecting_anew_gives_right_numbers(
    home: DemoStack, hours: int
) -> None:
    mug, shirt = home.add("Mugg", stock=10), home.add_sized("S", "M", stock=8)
    await home.connect()
    backup = await backed_up(home)
    await home.wait_hours(hours)
    home.till.sell(home.variant(mug), 3)
    home.shop.place([{"product_id": home.id_of(mug), "quantity": 2}])
    home.till.set_stock(home.variant(shirt, 1), 20)
    plate = home.add("Fat", stock=4)
    await home.calm()
    all_three = (mug, shirt, plate)
    moved, first = (
        [home.levels(uuid) for uuid in all_three],
        [home.id_of(uuid) for uuid in all_three],
    )

    await restored(home, backup)
    await reconnected(home, plate)
    again = [home.levels(uuid) for uuid in all_three]
    for uuid in (mug, plate):
        home.till.sell(home.variant(uuid))
        home.shop.place([{"product_id": home.id_of(uuid), "quantity": 1}])
    await home.calm()

    assert [[(5, 5)], [(8, 8), (20, 20)], [(4, 4)]] == moved == again
    assert [[(3, 3)], [(2, 2)]] == [home.levels(uuid) for uuid in (mug, plate)]
    assert (first, ["Fat", "Mugg", "Tröja"]) == (
        [home.id_of(uuid) for uuid in all_three],
        home.in_shop(),
    )


# ---- The way of `brygga restore` -----------------------------------------------------------------

WRITES = ("POST", "PUT", "PATCH", "DELETE")


def written(home: DemoStack) -> list[Asked]:
    """What was written to either platform, but for renewed access."""
    asked = [*home.asked(*WRITES), *home.asked(*WRITES, of="till")]
    return [one for one in asked if "/token" not in one.path]


async def waits_since_restore(home: DemoStack, backup: Backup) -> None:
    await home.halt()
    await restored(home, backup)
    async with home.service.database.transaction() as tx:
        await restoring.begin_all(tx, home.service.worker.clock.now())


async def answered(home: DemoStack) -> None:
    """The merchant counts, and says that each number is right."""
    page = await home.open("/apps/bigcommerce/check")
    while "is right as it is" in page:
        page = await home.press("is right as it is")


@pytest.mark.rule("S2", "S3")
async def test_what_both_sides_agree_on_needs_no_question(home: DemoStack) -> None:
    """A day of sales and orders since the backup, and a product of that day: no unit is lost or
    doubled, no product is made twice, and nobody is asked.
    """
    mug, shirt = home.add("Mugg", stock=10), home.add_sized("S", "M", stock=8)
    await home.connect()
    backup = await backed_up(home)
    home.till.sell(home.variant(mug), 3)
    home.shop.place([{"product_id": home.id_of(mug), "quantity": 2}])
    home.till.set_stock(home.variant(shirt, 1), 20)
    plate = home.add("Fat", stock=4)
    await home.calm()
    ids = [home.id_of(uuid) for uuid in (mug, shirt, plate)]

    await waits_since_restore(home, backup)
    home.start()
    await home.wait(120)
    home.till.sell(home.variant(mug))
    home.shop.place([{"product_id": home.id_of(plate), "quantity": 1}])
    await home.wait(60)

    assert [[(4, 4)], [(8, 8), (20, 20)], [(3, 3)]] == [
        home.levels(uuid) for uuid in (mug, shirt, plate)
    ]
    assert ids == [home.id_of(uuid) for uuid in (mug, shirt, plate)]
    assert ["Fat", "Mugg", "Tröja"] == home.in_shop()
    assert 1 == len(home.markers())


@pytest.mark.rule("S2", "S3")
async def test_nothing_is_written_before_each_difference_is_answered(home: DemoStack) -> None:
    """While the service was down, the till sold two and the store one: the two sides differ, and
    the merchant is asked. The order shows only after the store's read lag: the number in question
    follows it, and is the true one.
    """
    mug, cup = home.add("Mugg", stock=10), home.add("Kopp", stock=5)
    await home.connect()
    backup = await backed_up(home)
    await waits_since_restore(home, backup)
    home.till.sell(home.variant(mug), 2)
    home.shop.place([{"product_id": home.id_of(mug), "quantity": 1}])
    home.till.edit_product(cup, name="Finkopp")
    before = written(home)

    home.start()
    await asyncio.sleep(600)
    since = [one.path for one in written(home) if all(one is not old for old in before)]
    levels = home.levels(mug)
    await merchant.sign_in(home.browser_session, home.url)
    page = await home.read("/apps/bigcommerce")
    await answered(home)
    await home.wait(120)

    assert ([], [(8, 9)]) == (since, levels)
    assert "1 numbers have to be checked" in page
    assert ([(7, 7)], [(5, 5)]) == (home.levels(mug), home.levels(cup))
    assert "Finkopp" in home.in_shop()


@pytest.mark.rule("S2", "S3")
async def test_equal_sales_on_both_sides_while_nobody_worked_are_a_question(
    home: DemoStack,
) -> None:
    """Each side sold two mugs that the other never got: both show 8, and 6 are left. A cup was sold
    on both sides too, and both sides got it: nobody is asked.
    """
    mug, cup = home.add("Mugg", stock=10), home.add("Kopp", stock=5)
    await home.connect()
    backup = await backed_up(home)
    await home.wait(60)
    home.till.sell(home.variant(cup))
    home.shop.place([{"product_id": home.id_of(cup), "quantity": 2}])
    await home.calm()

    await waits_since_restore(home, backup)
    home.till.sell(home.variant(mug), 2)
    home.shop.place([{"product_id": home.id_of(mug), "quantity": 2}])
    await asyncio.sleep(60)
    shown = (home.levels(mug), home.levels(cup))
    before = written(home)
    home.start()
    await asyncio.sleep(120)
    since = [one.path for one in written(home) if all(one is not old for old in before)]
    await merchant.sign_in(home.browser_session, home.url)
    page = await home.read("/apps/bigcommerce/check")
    log = await home.read("/apps/bigcommerce/log")
    await home.open("/apps/bigcommerce/check")
    await home.press("6 is right as it is")
    await home.wait(120)

    assert ([(8, 8)], [(2, 2)]) == shown
    assert [] == since
    assert "Check this number: Mugg" in page
    assert "Check this number: Kopp" not in page
    assert "By the sales and orders since we last worked, 6 would be left." in page
    assert "check the number: the till shows 8, the web shop 8" in log
    assert ([(6, 6)], [(2, 2)]) == (home.levels(mug), home.levels(cup))


@pytest.mark.rule("S2", "S3", "S4")
async def test_a_count_typed_on_both_sides_while_nobody_worked_counts_once(
    home: DemoStack,
) -> None:
    """A delivery of four mugs was typed on both sides: there are 14, not 18, and nobody is asked. A
    cup that was lost was taken off both. Of plates, one side alone was told: that is a question,
    and the lower number counts until the answer.
    """
    mug, cup, plate = (home.add(name, stock=10) for name in ("Mugg", "Kopp", "Fat"))
    await home.connect()
    tables = await backed_up(home)
    await waits_since_restore(home, tables)
    for uuid, counted in ((mug, 14), (cup, 9)):
        home.till.set_stock(home.variant(uuid), counted)
        home.shop.set_stock(counted, product_id=home.id_of(uuid))
    home.till.set_stock(home.variant(plate), 12)
    await asyncio.sleep(60)
    home.start()
    await asyncio.sleep(180)
    await merchant.sign_in(home.browser_session, home.url)
    page = await home.read("/apps/bigcommerce/check")
    await home.open("/apps/bigcommerce/check")
    await home.press("10 is right as it is")
    await home.wait(120)
    home.till.sell(home.variant(mug))
    home.shop.place([{"product_id": home.id_of(cup), "quantity": 1}])
    await home.wait(60)

    names = ("Mugg", "Kopp", "Fat")
    assert ["Fat"] == [one for one in names if f"Check this number: {one}" in page]
    assert [[(13, 13)], [(8, 8)], [(10, 10)]] == [home.levels(one) for one in (mug, cup, plate)]


@pytest.mark.rule("S2", "S3")
async def test_without_sales_to_read_equal_numbers_that_fell_are_a_question(
    home: DemoStack,
) -> None:
    """Zettle does not show its sales: what has fallen since the backup is asked about, and what has
    not is believed.
    """
    mug, cup, plate = (home.add(name, stock=10) for name in ("Mugg", "Kopp", "Fat"))
    await home.connect()
    backup = await backed_up(home)
    await home.wait(60)
    home.shop.place([{"product_id": home.id_of(mug), "quantity": 2}])
    home.till.set_stock(home.variant(cup), 12)
    await home.calm()
    home.sandbox.zettle.faults.add(
        "5xx_before", path="/purchase/purchases/v2", params={"status": 403}
    )
    await waits_since_restore(home, backup)
    home.start()
    await asyncio.sleep(120)
    await merchant.sign_in(home.browser_session, home.url)
    page = await home.read("/apps/bigcommerce/check")

    assert "Check this number: Mugg" in page
    assert not [one for one in ("Kopp", "Fat") if f"Check this number: {one}" in page]
    assert [[(8, 8)], [(12, 12)], [(10, 10)]] == [home.levels(one) for one in (mug, cup, plate)]
