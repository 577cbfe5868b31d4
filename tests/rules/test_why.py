"""Why a number is what it is: what the page says of sales, refunds, orders and edits, through the
whole service (rules S2 to S4).
"""

import csv
import io
from itertools import pairwise

import pytest

from brygga.core.report import Code
from brygga.sync.stock import explaining
from brygga_sandbox.bigcommerce.switches import Switches
from tests.rules.conftest import OpenStack
from tests.rules.stack import DemoStack
from tests.rules.stocked import ordered, stocked
from tests.rules.test_stock_separate_leaving import rest


async def reported(home: DemoStack, uuid: str) -> str:
    """The page's words, once the platforms have been asked what made the number move."""
    path = f"/library/{uuid}/variants/{home.variant(uuid)}/stock"
    await home.open(path)
    await home.wait(15)
    return await home.read(path)


def listed(page: str) -> str:
    """The list of movements, without the chart and its marks."""
    return page.partition("Every movement")[2]


@pytest.mark.rule("S2", "S3", "S4")
async def test_every_movement_is_told_with_what_made_it(home: DemoStack) -> None:
    uuid = await stocked(home, 10)
    sale = home.till.sell(home.variant(uuid), 3)
    await home.wait(15)
    refund = home.till.refund(sale)
    await home.wait(15)
    order = await ordered(home, uuid, 2)
    await home.wait(15)
    home.shop.cancel(order)
    await home.wait(15)
    home.till.set_stock(home.variant(uuid), 20)
    await home.wait(15)
    home.shop.set_stock(25, product_id=home.id_of(uuid))
    await home.wait(15)
    page = await reported(home, uuid)

    assert "Why is this 25?" in page
    assert f"Sold at the till, receipt {sale['purchaseNumber']}" in page
    assert f"Seller: {sale['userDisplayName']}" in page
    assert f"Refunded at the till, receipt {refund['purchaseNumber']}" in page
    assert f"Order {order} in the web shop" in page
    assert f"Order {order} cancelled or refunded in the web shop" in page
    assert "Changed by hand in Zettle" in page
    assert "Changed by hand in BigCommerce" in page
    assert "The product was made in the web shop with 10 (first sync)" in page


@pytest.mark.rule("S2")
async def test_the_platforms_are_asked_only_when_somebody_wants_to_know_and_once(
    home: DemoStack,
) -> None:
    uuid = await stocked(home, 10)
    home.till.sell(home.variant(uuid), 1)
    await home.wait(15)
    before = asked_why(home)
    await reported(home, uuid)
    once = asked_why(home)
    await reported(home, uuid)

    assert 0 == before
    assert once == asked_why(home)
    assert once > 0


def asked_why(home: DemoStack) -> int:
    asked = [*home.asked("GET", of="till"), *home.asked("GET")]
    return sum(one.path.endswith(("/purchases/v2", "/v2/orders")) for one in asked)


@pytest.mark.rule("S2")
async def test_where_sales_may_not_be_read_nothing_is_claimed(home: DemoStack) -> None:
    """The merchant's account lets us work on without the right to read purchases: the line stays as
    general as it was.
    """
    uuid = await stocked(home, 10)
    home.sandbox.zettle.faults.add(
        "5xx_before", path="/purchase/purchases/v2", params={"status": 403}
    )
    home.till.sell(home.variant(uuid), 1)
    await home.wait(15)
    page = await reported(home, uuid)

    assert "Sold, or taken down by hand, at the till" in page
    assert "No sale fits" not in page
    assert "Needs you" not in await home.read("/apps/bigcommerce")


@pytest.mark.rule("S4")
async def test_where_there_are_too_many_sales_to_read_no_edit_is_claimed(
    home: DemoStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explaining, "PAGE", 1)
    monkeypatch.setattr(explaining, "MOST_PAGES", 2)
    uuid, other = home.add("Mugg", stock=10), home.add("Fat", stock=50)
    await home.connect()
    for _ in range(4):
        home.till.sell(home.variant(other))
    home.till.sell(home.variant(uuid), 1)
    await home.wait(15)
    page = await reported(home, uuid)

    assert "Sold, or taken down by hand, at the till" in page
    assert "No sale fits" not in page


@pytest.mark.rule("S3")
async def test_two_orders_of_one_product_bear_their_own_numbers(home: DemoStack) -> None:
    uuid = await stocked(home, 10)
    first = await ordered(home, uuid, 1)
    await home.wait(20)
    second = await ordered(home, uuid, 1)
    await home.wait(20)
    page = await reported(home, uuid)

    assert page.index(f"Order {second} in the web shop") < page.index(
        f"Order {first} in the web shop"
    )


@pytest.mark.rule("S2", "S3")
async def test_what_a_sweep_finds_is_told_with_the_sale_that_made_it(home: DemoStack) -> None:
    uuid = await stocked(home, 10)
    home.sandbox.zettle.outbox.delivery_faults.loss = 1.0
    sale = home.till.sell(home.variant(uuid), 2)
    await home.wait_hours(7)
    page = await reported(home, uuid)

    assert (
        f"Sold at the till, receipt {sale['purchaseNumber']}. Nobody had announced it; a sweep "
        "found it"
    ) in page


@pytest.mark.rule("S5", "S6")
async def test_parting_and_joining_are_told_with_both_numbers(home: DemoStack) -> None:
    uuid = await stocked(home, 10)
    variant = home.variant(uuid)
    await home.open(f"/library/{uuid}/stock/separate")
    await home.press("Save", separate="yes", **{f"zettle-{variant}": "7", f"shop-{variant}": "3"})
    await home.wait(15)
    home.till.sell(variant, 2)
    await ordered(home, uuid, 1)
    await home.wait(15)
    separate = await reported(home, uuid)
    await home.open(f"/library/{uuid}/stock/join")
    await home.press("Disable separate stock")
    await home.wait(15)
    together = await reported(home, uuid)

    assert "Why 5 at the till and 2 in the web shop?" in separate
    assert "You switched separate stock on" in separate
    assert "Why is this 7?" in together
    assert "You switched separate stock off. The two numbers were added" in together
    assert [(7, 7)] == home.levels(uuid)


@pytest.mark.rule("S2", "S3", "S5", "S6")
async def test_every_change_that_is_shown_is_the_difference_of_the_numbers_beside_it(
    home: DemoStack,
) -> None:
    uuid = await stocked(home, 10)
    variant = home.variant(uuid)
    home.till.sell(variant, 3)
    await ordered(home, uuid, 2)
    await home.wait(15)
    await home.open(f"/library/{uuid}/stock/separate")
    await home.press("Save", separate="yes", **{f"zettle-{variant}": "4", f"shop-{variant}": "1"})
    await home.wait(15)
    await home.open(f"/library/{uuid}/stock/join")
    await home.press("Disable separate stock")
    await home.wait(15)
    text = (await home.open(f"/library/{uuid}/variants/{variant}/stock.csv")).lstrip("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text)))
    moved = [row for row in rows if row["Change"]]

    assert len(moved) == 2
    for row in moved:
        own = {"Till": "Till", "Web shop": "Web shop"}[row["Who"]]
        assert int(row["Change"]) == int(row[f"{own} after"]) - int(row[f"{own} before"])
    for before, after in pairwise(rows):
        for side in ("Till", "Web shop"):
            assert before[f"{side} after"] == after[f"{side} before"]
    assert [rows[-1]["Till after"], rows[-1]["Web shop after"]] == ["5", "5"]


@pytest.mark.rule("S3")
async def test_an_order_that_came_while_work_was_paused_is_named_when_it_is_seen(
    home: DemoStack,
) -> None:
    uuid = await stocked(home, 10)
    await rest(home)
    order = await ordered(home, uuid, 2)
    await home.wait(1500)
    await rest(home, notify=True)
    await home.wait(60)
    page = await reported(home, uuid)

    assert f"Order {order} in the web shop" in page
    assert "Changed by hand" not in page
    assert (1, 1) == (asked_why(home), asked_lines(home))


@pytest.mark.rule("S3")
async def test_an_order_that_a_sweep_finds_is_named(home: DemoStack) -> None:
    uuid = await stocked(home, 10)
    home.sandbox.bigcommerce.outbox.delivery_faults.loss = 1.0
    order = await ordered(home, uuid, 2)
    await home.wait_hours(7)
    page = await reported(home, uuid)

    assert f"Order {order} in the web shop. Nobody had announced it; a sweep found it" in page


@pytest.mark.rule("S2", "S3")
async def test_after_a_pause_of_days_nobody_is_said_to_have_changed_a_number(
    home: DemoStack,
) -> None:
    uuid = await stocked(home, 10)
    await rest(home)
    await ordered(home, uuid, 2)
    await home.wait_hours(30)
    await rest(home, notify=True)
    await home.wait(60)
    page = await reported(home, uuid)

    assert "An order in the web shop" in page
    assert "No order fits" not in page


@pytest.mark.rule("S3")
async def test_an_edit_of_a_record_that_was_long_still_is_told_as_one(home: DemoStack) -> None:
    """Nothing moved for days, but sweeps have looked at it."""
    uuid = await stocked(home, 10)
    await home.wait_hours(50)
    home.shop.set_stock(7, product_id=home.id_of(uuid))
    await home.wait(15)
    page = await reported(home, uuid)

    assert "Changed by hand in BigCommerce" in page


@pytest.mark.rule("S3")
async def test_what_happened_close_by_is_read_before_what_was_hours_ago(home: DemoStack) -> None:
    """No more orders are read than it takes."""
    uuid, other = home.add("Mugg", stock=10), home.add("Fat", stock=50)
    await home.connect()
    for _ in range(3):
        await ordered(home, other)
    await home.wait(3600)
    order = await ordered(home, uuid, 2)
    await home.wait(15)
    page = await reported(home, uuid)

    assert f"Order {order} in the web shop" in page
    assert 1 == asked_lines(home)


def asked_lines(home: DemoStack) -> int:
    return sum(
        "/v2/orders/" in one.path and one.path.endswith("/products") for one in home.asked("GET")
    )


@pytest.mark.rule("S3")
@pytest.mark.parametrize("clock_offset_s", [-40.0, 40.0])
async def test_orders_are_told_from_edits_though_our_clock_is_wrong(
    open_stack: OpenStack, clock_offset_s: float
) -> None:
    home = await open_stack(bigcommerce_switches=Switches(clock_ahead_s=clock_offset_s))
    uuid = await stocked(home, 10)
    order = await ordered(home, uuid, 2)
    await home.wait(15)
    page = await reported(home, uuid)

    assert f"Order {order} in the web shop" in page
    assert "Changed by hand" not in page


# ---- One order, one row; an edit by hand is no order ---------------------------------------------


@pytest.mark.rule("S3")
async def test_an_order_of_two_lines_is_one_row(home: DemoStack) -> None:
    uuid = await stocked(home, 10)
    lines = [{"product_id": home.id_of(uuid), "quantity": quantity} for quantity in (1, 2)]
    order = home.shop.place(lines)
    await home.wait(30)
    home.shop.cancel(order.id)
    await home.wait(30)
    page = await reported(home, uuid)

    assert 1 == listed(page).count(f"Order {order.id} in the web shop")
    assert 1 == listed(page).count(f"Order {order.id} cancelled or refunded in the web shop")
    assert f"{order.id}, {order.id}" not in page


@pytest.mark.rule("S3", "S4")
@pytest.mark.parametrize(("number", "change"), [(13, "5"), (5, "-3")])
async def test_an_edit_just_after_an_order_is_told_as_an_edit(
    home: DemoStack, number: int, change: str
) -> None:
    uuid = await stocked(home, 10)
    order = await ordered(home, uuid, 2)
    home.shop.set_stock(number, product_id=home.id_of(uuid))
    await home.wait(30)
    page = await reported(home, uuid)

    assert [["-2"], [change]] == [
        [line["change"].lstrip("+") for line in await home.reported(code)]
        for code in (Code.STOCK_SHOP_ORDER, Code.STOCK_SHOP_MOVED)
    ]
    assert f"Order {order} in the web shop" in page
    assert 1 == listed(page).count("Changed by hand in BigCommerce")
    assert "cancelled" not in page


@pytest.mark.rule("S3", "S4")
async def test_an_edit_of_the_size_of_a_refund_in_part_is_told_as_an_edit(home: DemoStack) -> None:
    """Such a refund puts nothing back (bigcommerce facts 8)."""
    uuid = await stocked(home, 10)
    order = home.shop.order(await ordered(home, uuid, 3))
    home.shop.refund(order.id, {order.lines[0].id: 1})
    home.shop.set_stock(8, product_id=home.id_of(uuid))
    await home.wait(30)
    page = await reported(home, uuid)

    assert f"Order {order.id} in the web shop" in page
    assert 1 == listed(page).count("Changed by hand in BigCommerce")
    assert "cancelled" not in page


@pytest.mark.rule("S3", "S4")
async def test_an_order_and_an_edit_at_once_are_no_cancelled_order(home: DemoStack) -> None:
    """One read shows +3, and an event of it named an order."""
    uuid = await stocked(home, 10)
    home.shop.place([{"product_id": home.id_of(uuid), "quantity": 2}])
    home.shop.set_stock(13, product_id=home.id_of(uuid))
    await home.wait(30)
    page = await reported(home, uuid)

    assert [] == await home.reported(Code.STOCK_SHOP_ORDER)
    assert "Raised in BigCommerce" in page
    assert "cancelled" not in page


@pytest.mark.rule("S3", "S4")
async def test_what_the_log_tells_as_an_order_the_page_never_tells_as_an_edit(
    home: DemoStack,
) -> None:
    """The list of orders does not hold it: the event did name one."""
    uuid = await stocked(home, 10)
    order = home.shop.place([{"product_id": home.id_of(uuid), "quantity": 2}])
    home.sandbox.bigcommerce.store().orders[order.id].lines.clear()
    await home.wait(30)
    page = await reported(home, uuid)

    assert ["-2"] == [line["change"] for line in await home.reported(Code.STOCK_SHOP_ORDER)]
    assert "An order in the web shop" in page
    assert "Changed by hand" not in page
