"""The store's backorders (decision 21): a unit that was sold on backorder is never promised again,
in whichever order things come."""

import random
from typing import Any

import pytest

from brygga.core.report import Code
from brygga.database import work_items
from brygga.database.work_items import Kind
from brygga_sandbox.bigcommerce import Switches
from tests.rules.conftest import OpenStack
from tests.rules.stack import DemoStack

READINGS = ("kept_beside", "served_first", "below_zero")


async def _selling(open_stack: OpenStack, reading: Any, stock: int = 2) -> tuple[DemoStack, str]:
    """A mug that may be sold ten times beyond what is there."""
    home = await open_stack(bigcommerce_switches=Switches(backordered_units=reading))
    uuid = home.add("Mugg", stock=stock)
    await home.connect()
    home.shop.allow_backorders(10, product_id=home.id_of(uuid))
    return home, uuid


def _order(home: DemoStack, uuid: str, units: int) -> int:
    return home.shop.place([{"product_id": home.id_of(uuid), "quantity": units}]).id


def _numbers(home: DemoStack, uuid: str) -> tuple[int, int]:
    """What the till may sell, and what is there in the shop less what is still to be delivered."""
    return home.till.balance(home.variant(uuid)), home.shop.record(
        product_id=home.id_of(uuid)
    ).level


@pytest.mark.parametrize("reading", READINGS)
async def test_a_backordered_unit_is_sold_and_the_next_delivery_pays_it(
    open_stack: OpenStack, reading: str
) -> None:
    """(decision 21) Two are there, five are sold, ten come: seven are left on both sides."""
    home, uuid = await _selling(open_stack, reading)

    _order(home, uuid, 5)
    await home.wait(60)
    sold = _numbers(home, uuid)
    home.till.set_stock(home.variant(uuid), 10)
    await home.wait(120)

    assert (0, -3) == sold
    assert (7, 7) == _numbers(home, uuid)


@pytest.mark.parametrize("reading", READINGS)
async def test_a_cancelled_backorder_is_no_longer_taken_from_the_till(
    open_stack: OpenStack, reading: str
) -> None:
    """(decision 21) Before the delivery, and after it."""
    home, uuid = await _selling(open_stack, reading)

    early, late = _order(home, uuid, 5), _order(home, uuid, 2)
    await home.wait(60)
    home.shop.cancel(early)
    await home.wait(60)
    between = _numbers(home, uuid)
    home.till.set_stock(home.variant(uuid), between[0] + 10)
    await home.wait(120)
    home.shop.cancel(late)
    await home.wait(120)

    assert (0, 0) == between
    assert (12, 12) == _numbers(home, uuid)


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("seed", range(3))
async def test_no_unit_is_sold_twice_in_any_order(
    open_stack: OpenStack, reading: str, seed: int
) -> None:
    """(decision 21) Orders, cancellations, parcels, restocks on either side and till sales, as the
    dice fall."""
    home, uuid = await _selling(open_stack, reading, stock=4)
    dice, truth, orders, reported = random.Random(seed), 4, [], []
    for _ in range(12):
        act = dice.choice(("order", "order", "cancel", "ship", "deliver", "restock", "sell"))
        units = dice.randint(1, 4)
        if act == "order" and truth + 10 >= units:
            orders.append((_order(home, uuid, units), units))
            truth -= units
        elif act == "cancel" and orders:
            number, units = orders.pop(dice.randrange(len(orders)))
            home.shop.cancel(number)
            truth += units
        elif act == "ship" and orders:
            home.shop.ship(orders.pop(0)[0])
        elif act == "deliver":
            home.till.set_stock(home.variant(uuid), home.till.balance(home.variant(uuid)) + units)
            truth += units
        elif act == "restock":
            home.shop.set_stock(
                max(0, home.shop.level(product_id=home.id_of(uuid))) + units,
                product_id=home.id_of(uuid),
            )
            truth += units
        elif act == "sell" and home.till.balance(home.variant(uuid)) >= units:
            home.till.sell(home.variant(uuid), units)
            truth -= units
        await home.wait(dice.choice((40, 90)))
        reported.append((act, units, truth, _numbers(home, uuid)))
        till, shop = _numbers(home, uuid)
        assert till <= max(0, truth), reported
        assert shop <= max(truth, 0) or shop == truth, reported

    await home.wait(120)
    assert (max(0, truth), truth) == _numbers(home, uuid) or truth < 0, reported


async def test_an_order_that_fires_no_hook_of_its_own_is_found(
    open_stack: OpenStack,
) -> None:
    """(decision 21) By the next look: the till's own sale of the next delivery sees it."""
    switches = Switches(backorder_hooks="own_only")
    home = await open_stack(bigcommerce_switches=switches)
    uuid = home.add("Mugg", stock=0)
    await home.connect()
    home.shop.allow_backorders(10, product_id=home.id_of(uuid))

    _order(home, uuid, 3)
    await home.wait(60)
    home.till.set_stock(home.variant(uuid), 10)
    await home.wait(120)

    assert (7, 7) == _numbers(home, uuid)


async def test_set_up_and_overview_say_that_the_store_sells_on_backorder(
    open_stack: OpenStack,
) -> None:
    """(decision 21) Only where it does; said once in the log when it begins."""
    home = await open_stack()
    own = await home.shop.add_product(
        name="Egen", price=10, inventory_tracking="product", inventory_level=1
    )
    home.add("Mugg", stock=5)
    await home.prepare()
    before = await home.read("/apps/bigcommerce")
    home.shop.allow_backorders(3, product_id=own.id)
    connection_id = (await home.connection()).id
    async with home.service.database.transaction() as tx:
        await work_items.add(tx, connection_id, Kind.ACCOUNT, "", home.service.worker.clock.now())
    await home.wait(5)
    set_up = await home.read("/apps/bigcommerce")
    await home.finish()
    overview = await home.read("/apps/bigcommerce")

    said = "A piece that was sold so counts as sold here too"
    assert (False, True, True) == (said in before, said in set_up, said in overview)
    assert [{}] == await home.reported(Code.BACKORDERS_ON)
