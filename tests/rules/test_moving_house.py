"""A merchant moves to another installation, and comes from another connector: no product is made
twice, and stock is right on both sides (P11, S2, D4).
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import sqlalchemy as sa

from brygga.cli import adopt, importing, reconcile
from brygga.core.model import Origin
from brygga.database import connections, moving, restoring, statements
from brygga.database.engine import Database
from brygga.database.moving import Strange
from brygga.database.sealing import Sealer
from brygga.database.tables import metadata
from brygga.web.operating import house
from brygga.web.operating.acts import NotNow
from brygga.wiring import Seams, build
from brygga_sandbox.sandbox import host_of
from tests.conftest import CountingDice
from tests.databases import Databases
from tests.rules.stack import DemoStack, LoopTime
from tests.rules.test_moved_address import places
from tests.timely import TimelyJobs

NEW = "https://ny.town.test"
PASSPHRASE = "a passphrase of the house"


@pytest.fixture
def second_url(databases: Databases) -> Iterator[str]:
    """The empty database of the other installation."""
    name = databases.lend()
    yield databases.url(name)
    databases.take_back(name)


async def packed(home: DemoStack, passphrase: str) -> bytes:
    number = (await home.connection()).id
    async with home.service.database.transaction() as tx:
        return await house.packed(tx, number, passphrase, LoopTime().now(), "noise")


@asynccontextmanager
async def another_house(home: DemoStack, second_url: str) -> AsyncIterator[DemoStack]:
    """A second installation at another address, with a database and keys of its own; the first one
    stays as it is.
    """
    keys = ("the secret of another house altogether",)
    settings = replace(home.service.settings, public_url=NEW, secret_keys=keys)
    database, clock = Database.at(second_url, Sealer(keys)), LoopTime()
    jobs = TimelyJobs(database, clock)
    seams = Seams(clock, CountingDice(50_000), home.sandbox.hosts)
    service = build(settings, database, jobs, seams, home.service.worker.pace)
    home.sandbox.hosts.open(host_of(NEW), service.web)
    other = DemoStack(home.sandbox, service, jobs, url=NEW)
    other.browser_session = other.browser()
    other.start()
    try:
        yield other
    finally:
        await other.halt()
        for browser in other.browsers:
            await browser.aclose()
        await service.close()


async def unpacked(other: DemoStack, file: bytes, passphrase: str) -> int:
    parcel = house.opened(file)
    secrets = house.unsealed(parcel, passphrase)
    async with other.service.database.transaction() as tx:
        assert [] == await house.obstacles(tx, parcel)
        now = LoopTime().now()
        number = await house.arrived(tx, parcel, secrets, now, CountingDice(70_000))
    async with other.service.database.read() as tx:
        assert await house.obstacles(tx, parcel), "it is here already"
    return number


@pytest.mark.rule("S2", "S3", "D4")
async def test_a_merchant_moves_with_everything_and_nothing_is_made_twice(
    home: DemoStack, second_url: str
) -> None:
    """What is sold and ordered while nobody works for the merchant is asked about where the sides
    differ; what both agree on needs nobody.
    """
    mug, shirt = home.add("Mugg", stock=10), home.add_sized("S", "M", stock=8)
    await home.connect()
    ids, lines = [home.id_of(uuid) for uuid in (mug, shirt)], len(await home.log())
    file = await packed(home, PASSPHRASE)
    home.till.sell(home.variant(mug), 3)
    plate = home.add("Fat", stock=4)
    await home.wait(120)
    stale = home.levels(mug)

    async with another_house(home, second_url) as other:
        number = await unpacked(other, file, PASSPHRASE)
        await asyncio.sleep(120)
        asked = await questions(other, number)
        async with other.service.database.transaction() as tx:
            await reconcile.answered(tx, number, "zettle")
        await other.wait(180)
        home.shop.place([{"product_id": other.id_of(mug), "quantity": 2}])
        home.till.sell(home.variant(plate))
        await other.wait(120)

        assert ([(7, 10)], 1) == (stale, asked), "nobody worked meanwhile"
        assert [[(5, 5)], [(8, 8), (8, 8)], [(3, 3)]] == [
            other.levels(uuid) for uuid in (mug, shirt, plate)
        ]
        assert ids == [other.id_of(uuid) for uuid in (mug, shirt)]
        assert ["Fat", "Mugg", "Tröja"] == other.in_shop()
        assert 1 == len(other.markers())
        assert all(one.startswith(NEW) for place in places(other) for one in place)
        assert len(await other.log()) > lines
        async with other.service.database.read() as tx:
            found = await connections.by_id(tx, number)
            assert await restoring.state(tx, number) is None
            assert all(one.number for one in await statements.newest(tx, number))
        before = await home.connection()
        assert found is not None
        assert (before.choices, before.shop, before.hook_key) == (
            found.choices,
            found.shop,
            found.hook_key,
        )


async def questions(other: DemoStack, number: int) -> int:
    async with other.service.database.read() as tx:
        state = await restoring.state(tx, number)
    assert state is not None
    assert state.compared_at is not None
    return state.questions


@pytest.mark.rule("C11")
async def test_without_a_passphrase_the_file_has_no_secret_and_access_is_asked_again(
    home: DemoStack, second_url: str
) -> None:
    home.add("Mugg", stock=10)
    await home.connect()
    file = await packed(home, "")
    text = json.dumps([house.opened(file).contents.connection, house.opened(file).contents.tables])
    async with another_house(home, second_url) as other:
        number = await unpacked(other, file, "")
        await other.wait(60)
        async with other.service.database.read() as tx:
            waiting = await connections.by_id(tx, number)

    async with home.service.database.read() as tx:
        secrets = {
            str(value)
            for row in await tx.rows(sa.text("SELECT encode(sealed, 'base64') AS one FROM tokens"))
            for value in row
        }
    hook_key = (await home.connection()).hook_key
    assert not [one for one in {*secrets, hook_key} if one and one in text]
    assert waiting is not None
    assert "zettle_access_gone" == waiting.paused


async def test_a_wrong_passphrase_or_a_strange_file_is_one_line(home: DemoStack) -> None:
    home.add("Mugg")
    await home.connect()
    file = await packed(home, PASSPHRASE)
    parcel = house.opened(file)
    found = parcel.contents
    strange = replace(parcel, contents=replace(found, tables={"tokens": [{"sealed": "x"}]}))
    newer = replace(
        parcel, contents=replace(found, connection={**found.connection, "unknown_column": 1})
    )

    with pytest.raises(Strange, match="passphrase"):
        house.unsealed(parcel, "another passphrase")
    with pytest.raises(Strange, match="no export"):
        house.opened(b"nothing")
    number = (await home.connection()).id
    async with home.service.database.transaction() as tx:
        await connections.disconnect(tx, number, LoopTime().now())
    for wrong, why in ((strange, "not moved"), (newer, "unknown_column")):
        with pytest.raises(Strange, match=why):
            await taken(home, wrong)


async def taken(home: DemoStack, parcel: house.Parcel) -> None:
    async with home.service.database.transaction() as tx:
        await house.arrived(tx, parcel, None, LoopTime().now(), CountingDice(90_000))


async def test_only_a_merchant_whose_set_up_is_finished_moves(home: DemoStack) -> None:
    home.add("Mugg")
    await home.prepare()

    with pytest.raises(NotNow, match="set-up is finished"):
        await packed(home, PASSPHRASE)


def test_each_table_of_a_merchant_moves_or_stays_for_a_reason() -> None:
    owned = {table.name for table in metadata.sorted_tables if moving.OWNER in table.c}

    assert owned == moving.MOVED | moving.LEFT.keys()
    assert not moving.MOVED & moving.LEFT.keys()
    assert set() == {
        f"{table.name}.{column.name}"
        for table in moving._tables()
        for column in moving._columns(table)
        if isinstance(column.type, sa.LargeBinary)
    } - {"addition_pictures.content"}, "what is sealed stays"


def test_the_plan_says_what_comes_and_what_is_in_the_way() -> None:
    contents = moving.Contents({"organization": {"name": "Linds"}, "store_hash": "abc"}, {})
    parcel = house.Parcel("2026-11-30", "1", "0001", contents, None)

    said = importing._plan(parcel, None, ["connection 7 here has the same account or store"])
    assert "Linds and store abc" in said
    assert "not possible: connection 7" in said
    assert "tokens do not come along" in said


# ---- From another connector ----------------------------------------------------------------------


@pytest.mark.rule("P11", "P3", "S2")
async def test_what_another_connector_made_is_linked_with_its_stock_and_not_doubled(
    home: DemoStack,
) -> None:
    """Equal SKUs in the category "Zettle" are shown, then linked: nothing is created for them, and
    the till's number counts.
    """
    category = home.shop.add_category("Zettle").id
    theirs = await home.shop.add_product(
        name="Kaffemugg",
        sku="MUGG-1",
        price=1,
        categories=[category],
        inventory_level=3,
        inventory_tracking="product",
    )
    await home.shop.add_product(name="Eget", sku="EGET-1", price=1)
    mug = home.add("Mugg", {"sku": "MUGG-1", "price": 100}, stock=10)
    own = home.add("Eget", {"sku": "EGET-1", "price": 100}, stock=2)
    await home.prepare()
    connection = await home.connection()
    async with home.service.database.transaction() as tx:
        shown = await adopt.plan_of(tx, connection)
        await adopt.link_all(tx, connection, shown.links)
        after = await adopt.plan_of(tx, connection)
    await home.finish()
    await home.wait(120)
    home.till.sell(home.variant(mug))
    await home.wait(60)

    (link,) = shown.links
    assert (mug, "Mugg", theirs.id, "Kaffemugg") == (
        link.product,
        link.name,
        link.bigcommerce_id,
        link.store_name,
    )
    assert ((), 1) == (after.links, after.linked)
    binding = await home.binding(mug)
    assert binding is not None
    assert (theirs.id, Origin.LINKED) == (binding.synced.product_id, binding.synced.origin)
    assert [category] == home.shop.raw(theirs.id)["categories"]
    assert [(9, 9)] == home.levels(mug)
    assert 1 == len([name for name in home.in_shop() if "ugg" in name])
    assert await home.binding(own), "its own product, made as any other"
    assert "are linked" in adopt._told(shown, done=True)
