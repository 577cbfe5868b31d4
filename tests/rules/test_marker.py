"""The marker (decision 16): one hidden product of ours in the store, which counts nowhere."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from brygga.core import marker
from brygga.core.report import Code
from brygga.core.stock import Slot
from brygga.database import markers, work_items
from brygga.database.work_items import Kind
from tests.rules.stack import DemoStack
from tests.rules.test_disconnect import disconnect
from tests.rules.test_pages_true import uninstall


async def _slots(home: DemoStack) -> list[Slot]:
    connection_id = (await home.connection()).id
    async with home.service.database.read() as tx:
        return [one.slot for one in await markers.free(tx, connection_id)]


async def _sweep(home: DemoStack) -> None:
    connection_id = (await home.connection()).id
    async with home.service.database.transaction() as tx:
        await work_items.add(tx, connection_id, Kind.SWEEP, "", home.service.worker.clock.now())
    await asyncio.sleep(10)


async def test_finished_set_up_makes_one_hidden_product_of_ours(home: DemoStack) -> None:
    """(decision 16) Not for sale, in no category, not visible, and it says what it is for."""
    home.add("Mugg", stock=5)
    await home.prepare()
    before = home.markers()
    await home.finish()

    (made,) = home.markers()
    shown = (
        made["name"],
        made["is_visible"],
        made["availability"],
        made["categories"],
        made["inventory_tracking"],
    )
    assert [] == before
    assert (marker.NAME, False, "disabled", [], "variant") == shown
    assert list(marker.SKUS) == [variant["sku"] for variant in made["variants"]]
    assert "Leave it as it is" in made["description"]
    assert [Slot(one["id"], 1) for one in made["variants"]] == await _slots(home)
    assert [1] * 8 == [home.shop.level(variant_id=one.variant_id) for one in await _slots(home)]
    assert [{"name": marker.NAME}] == await home.reported(Code.MARKER_MADE)


async def test_the_marker_counts_nowhere(home: DemoStack) -> None:
    """(decision 16) Not on the overview, in the library, as a duplicate, as hidden, or as still in
    the category."""
    home.add("Mugg", stock=5)
    await home.connect()
    await _sweep(home)

    pages = [
        await home.read(page)
        for page in ("/apps/bigcommerce", "/library", "/apps/bigcommerce/duplicates", "/apps")
    ]

    assert not [page for page in pages if marker.NAME in page]
    assert "1 product is synced" in pages[-1]
    assert not [line for line in await home.log() if line.severity != "info"]


@pytest.mark.parametrize("products", ["keep", "remove"])
async def test_the_marker_goes_at_every_disconnect(home: DemoStack, products: str) -> None:
    """(decision 16) Whether the merchant's products are kept or removed: the marker is ours."""
    home.add("Mugg", stock=5)
    await home.connect()

    said = await home.read("/apps/bigcommerce/disconnect")
    await disconnect(home, products)

    assert f"“{marker.NAME}” is removed either way" in said
    assert [] == home.markers()
    assert (["Mugg"] if products == "keep" else []) == home.in_shop()


async def test_where_the_access_is_gone_the_marker_stays_and_the_page_says_so(
    home: DemoStack,
) -> None:
    """(decisions 5, 16) It is used again when the same store comes back."""
    home.add("Mugg", stock=5)
    await home.connect()
    (made,) = home.markers()

    await uninstall(home)
    page = await home.read("/apps/bigcommerce")
    left = await home.reported(Code.MARKER_LEFT)
    await home.connect()

    assert f"hidden product “{marker.NAME}” could not be removed" in page
    assert [{"name": marker.NAME}] == left
    assert [made["id"]] == [one["id"] for one in home.markers()]
    assert [one["id"] for one in made["variants"]] == [
        slot.variant_id for slot in await _slots(home)
    ]


async def test_a_deleted_marker_is_made_again_at_once(home: DemoStack) -> None:
    """(decision 16) With one line."""
    home.add("Mugg", stock=5)
    await home.connect()
    (before,) = home.markers()

    home.shop.delete_product(before["id"])
    await home.wait(60)

    (made,) = home.markers()
    assert made["id"] != before["id"]
    assert [one["id"] for one in made["variants"]] == [
        slot.variant_id for slot in await _slots(home)
    ]
    assert [{"name": marker.NAME}] == await home.reported(Code.MARKER_MADE_AGAIN)


@pytest.mark.parametrize(
    "change",
    [{"name": "Min produkt"}, {"is_visible": True}, {"inventory_tracking": "product"}],
    ids=str,
)
async def test_a_changed_marker_is_made_again_by_the_sweep(
    home: DemoStack, change: Mapping[str, Any]
) -> None:
    """(decision 16) Renamed, shown, or without its numbers."""
    home.add("Mugg", stock=5)
    await home.connect()
    (before,) = home.markers()

    await home.shop.edit_product(before["id"], **change)
    await _sweep(home)
    await home.wait(120)

    (made,) = home.markers()
    assert (marker.NAME, False) == (made["name"], made["is_visible"])
    assert [Slot(one["id"], 1) for one in made["variants"]] == await _slots(home)
    assert [{"name": marker.NAME}] == await home.reported(Code.MARKER_MADE_AGAIN)


async def test_a_marker_that_an_open_call_holds_is_not_taken_away(home: DemoStack) -> None:
    """(decision 16) It is made again when the call has come to its end."""
    home.add("Mugg", stock=5)
    await home.connect()
    (before,) = home.markers()
    connection_id = (await home.connection()).id
    async with home.service.database.transaction() as tx:
        await markers.take(tx, connection_id, "call", home.service.worker.clock.now())

    await home.shop.edit_product(before["id"], name="Min produkt")
    await _sweep(home)
    waiting = home.markers()[0]["id"]
    async with home.service.database.transaction() as tx:
        await markers.give_back(tx, connection_id, "call", 2)
    await home.wait(120)

    assert before["id"] == waiting
    assert marker.NAME == home.markers()[0]["name"]


@pytest.mark.parametrize("lies", [1, 2, 4])
async def test_a_marker_that_no_read_shows_is_not_made_twice(home: DemoStack, lies: int) -> None:
    """(decisions 15, 16) Reads that say nothing end no slot that a call holds, and say nothing."""
    home.add("Mugg", stock=5)
    await home.connect()
    (before,) = home.markers()
    connection_id = (await home.connection()).id
    async with home.service.database.transaction() as tx:
        await markers.take(tx, connection_id, "call", home.service.worker.clock.now())
    for path, answer in (
        (f"*/catalog/products/{before['id']}", "not_found"),
        ("*/catalog/products/metafields", "counted_empty"),
        ("*/catalog/variants", "counted_empty"),
        ("*/catalog/products", "counted_empty"),
    )[:lies]:
        home.sandbox.bigcommerce.faults.add(
            "hollow", method="GET", path=path, params={"answer": answer}
        )

    await _sweep(home)
    async with home.service.database.read() as tx:
        meanwhile = await markers.held(tx, connection_id)
    home.sandbox.bigcommerce.faults.clear()
    await asyncio.sleep(400)
    await home.calm()

    async with home.service.database.read() as tx:
        found, held = await markers.find(tx, connection_id), await markers.held(tx, connection_id)
    assert [before["id"]] == [one["id"] for one in home.markers()]
    assert found is not None
    assert (before["id"], True) == (found.product_id, found.stands)
    assert {"call": 1} == {call: slot.count for call, slot in held.items()}
    assert held == meanwhile
    assert not {Code.MARKER_MADE_AGAIN, Code.MARKER_REFUSED} & set(await home.codes())


async def test_stock_that_somebody_gave_the_marker_is_gone_on_from(home: DemoStack) -> None:
    """(decision 16) With one line, and no number of the merchant's moves."""
    uuid = home.add("Mugg", stock=5)
    await home.connect()
    slot = (await _slots(home))[2]

    home.shop.set_stock(40, variant_id=slot.variant_id)
    await home.wait(900)
    await _sweep(home)
    await home.wait(60)

    assert Slot(slot.variant_id, 40) == (await _slots(home))[2]
    assert [{"name": marker.NAME}] == await home.reported(Code.MARKER_RECOUNTED)
    assert [(5, 5)] == home.levels(uuid)


async def test_a_slot_that_no_open_call_holds_is_given_back_as_seen(home: DemoStack) -> None:
    """(decision 16) A crash may leave one."""
    home.add("Mugg", stock=5)
    await home.connect()
    connection_id = (await home.connection()).id
    async with home.service.database.transaction() as tx:
        slot = await markers.take(
            tx, connection_id, "call of a dead process", home.service.worker.clock.now()
        )
    assert slot is not None
    home.shop.set_stock(2, variant_id=slot.variant_id)

    await home.wait(900)
    await _sweep(home)

    assert [Slot(slot.variant_id, 2)] == [
        one for one in await _slots(home) if one.variant_id == slot.variant_id
    ]
    assert 8 == len(await _slots(home))


async def test_hooks_of_the_marker_ask_for_nothing(home: DemoStack) -> None:
    """(decision 16) Each of our stock calls fires some."""
    home.add("Mugg", stock=5)
    await home.connect()
    seen = len(home.asked())

    home.shop.set_stock(7, variant_id=(await _slots(home))[0].variant_id)
    await home.wait(120)

    assert seen == len(home.asked())


async def test_an_upgraded_connection_gets_its_marker_by_the_sweep(home: DemoStack) -> None:
    """(decision 16) It was connected before there were any."""
    home.add("Mugg", stock=5)
    await home.connect()
    home.shop.delete_product(home.markers()[0]["id"])
    await home.wait(60)
    connection_id = (await home.connection()).id
    async with home.service.database.transaction() as tx:
        await markers.forget(tx, connection_id)
    home.shop.delete_product(home.markers()[0]["id"])
    await home.wait(60)
    before = home.markers()

    await _sweep(home)

    assert (0, 1, 8) == (len(before), len(home.markers()), len(await _slots(home)))


async def test_where_the_marker_is_refused_stock_goes_on_without_it(home: DemoStack) -> None:
    """(decision 16) Said once."""
    uuid = home.add("Mugg", stock=5)
    await home.shop.add_product(name=marker.NAME, price=10)
    await home.connect()
    await _sweep(home)
    home.till.sell(home.variant(uuid))
    await home.wait(60)

    assert [] == home.markers()
    assert [{"name": marker.NAME, "cause": "name_taken"}] == await home.reported(
        Code.MARKER_REFUSED
    )
    assert [(4, 4)] == home.levels(uuid)


async def test_set_up_and_help_say_what_the_hidden_product_is(home: DemoStack) -> None:
    """(decision 16) By the name that it has in the store."""
    home.add("Mugg", stock=5)
    await home.prepare()
    page = await home.read("/apps/bigcommerce")
    help_ = await home.read("/help")

    assert f"adds a hidden product to your store, called “{marker.NAME}”" in page
    assert "Leave it alone; if it is deleted, it is made again." in page
    assert f"What is the product “{marker.NAME}” in BigCommerce?" in help_
