"""The start of a day: both sandboxes, and merchants who have just pressed "Finish set-up". Nothing
is synced yet.
"""

import random
from datetime import timedelta
from typing import Any

from brygga.bigcommerce.api import ShopApi
from brygga.core.model import Choices, Stage
from brygga.database import connections, tokens, work_items
from brygga.database.tokens import Platform, Token
from brygga.database.work_items import Kind
from brygga.signing_in import FreshToken, Platforms
from brygga.sync.connection.account import read_shop
from brygga.wire import OpenGate, Wire, open_client
from brygga.wiring import handlers
from brygga.zettle.api import Zettle
from brygga_sandbox.bigcommerce import Config as ShopConfig
from brygga_sandbox.clock import LoopClock
from brygga_sandbox.merchants import Merchant
from brygga_sandbox.outbox import DeliveryFaults
from brygga_sandbox.sandbox import Connector, Plan, Sandbox
from tests.conftest import NOON
from tests.simulation.day import Day, Goods
from tests.simulation.disk import Disk, DiskDatabase
from tests.simulation.fault_plan import Faults, Net, ahead_of_us, hands_at_work
from tests.simulation.invariants import picture_of
from tests.simulation.process import URL, LoopTime, MakeHandlers, ProcessHost, settings_of
from tests.simulation.sampled import dice_of, sampled, switches_of, timed, times_of


async def begin(
    seed: int,
    disk: Disk,
    make: MakeHandlers = handlers,
    faults: Faults | None = None,
    merchants: int | None = None,
) -> Day:
    """A new sandbox on an empty disk. Faults and the number of merchants are the seed's, unless
    they are given.
    """
    dice = random.Random(seed)
    chance = random.Random(dice.getrandbits(64))
    kinds = sampled(seed) if faults is None else frozenset()
    times = times_of(seed, kinds)
    fault_plan = faults or Faults.of(
        chance, ahead_of_us(seed), hands=hands_at_work(seed), sampled=kinds, stale_s=times.stale_s
    )
    plan = Plan(
        seed=dice.getrandbits(32),
        products=0,
        drawings=False,
        connector=Connector().at(URL),
        bigcommerce_config=ShopConfig(read_lag_s=times.read_lag_s, hook_delay_s=0.0),
        bigcommerce_switches=switches_of(seed, kinds, fault_plan.clock_offset_s),
    )
    sandbox = Sandbox(plan, LoopClock(NOON.timestamp(), origin=0.0))
    database = DiskDatabase(disk)
    disk.clear()
    net = Net(sandbox, fault_plan, random.Random(dice.getrandbits(64)), times.late_s)
    day = Day(
        seed,
        disk,
        dice,
        fault_plan,
        sandbox,
        net,
        database,
        make=timed(make, times.service) if kinds else make,
    )
    if fault_plan.clock_offset_s:
        day.tell(f"clock apart: BigCommerce's is {fault_plan.clock_offset_s:+.3f} s ahead of ours")
    day.crashes_left = dice.randint(8, 20)
    day.host = ProcessHost(day, random.Random(dice.getrandbits(64)))
    sandbox.zettle.outbox.post = sandbox.bigcommerce.carry = day.host.post
    for box in (sandbox.zettle.outbox, sandbox.bigcommerce.outbox):
        box.delivery_faults = DeliveryFaults(delay=(0.0, 0.6))
    drawn = dice.choice([1, 1, 1, 1, 1, 1, 2, 2, 3])
    for number in range(merchants or drawn):
        merchant = (
            sandbox.merchant if number == 0 else sandbox.add_merchant(f"Butik {number}", products=0)
        )
        await _connect(day, merchant, number)
        _stock(day, merchant, number)
        await _furnish(day, merchant)
        _set_up_orders(day, merchant, number)
    day.tell(f"faults: {', '.join(sorted(fault_plan.on))}")
    return day


async def _connect(day: Day, merchant: Merchant, number: int) -> None:
    sandbox, now = day.sandbox, LoopTime().now()
    sandbox.shop(merchant).set_settings(quota=1500)
    wire = Wire(open_client(sandbox.transport()), LoopTime(), user_agent="Brygga")
    platforms = Platforms(settings_of(sandbox), wire, LoopTime())
    till, store = (
        sandbox.zettle_tokens(merchant, sandbox.plan.connector),
        sandbox.store_token(merchant, sandbox.plan.connector),
    )
    organization = await Zettle(
        wire, OpenGate(), platforms.zettle_urls, FreshToken(till.access)
    ).organization()
    shop = await read_shop(
        ShopApi(wire, OpenGate(), platforms.shop_urls, store, merchant.store_hash)
    )
    async with day.database.transaction() as tx:
        made = await connections.start(tx, organization, f"key{number}", now)
        await connections.set_shop(tx, made.id, shop)
        prices = day.dice.random() < 0.7
        await connections.set_choices(tx, made.id, Choices(prices=prices, whole_library=True))
        await connections.set_stage(tx, made.id, Stage.RUNNING)
        expires = now + timedelta(hours=2)
        await tokens.save(
            tx, made.id, Platform.ZETTLE, Token(till.access, now, till.refresh, expires)
        )
        await tokens.save(tx, made.id, Platform.BIGCOMMERCE, Token(store, now))
        await work_items.add(tx, made.id, Kind.SETUP, "", now)
        await work_items.add(tx, made.id, Kind.HOOKS, "", now)
    day.connections[made.id] = merchant
    day.invariants.stores[store] = merchant.store_hash
    if not prices:
        day.invariants.no_prices.add(merchant.store_hash)


def _stock(day: Day, merchant: Merchant, number: int) -> None:
    """One or two products, two to four variants."""
    till, connection = day.sandbox.till(merchant), max(day.connections)
    few = "low stock" in day.fault_plan.on
    for product in range(day.dice.choice([1, 2])):
        name = f"Vara{number}{product}"
        sizes = day.dice.choice([1, 2])
        rows = [_row(name, size if sizes > 1 else "") for size in ("S", "M")[:sizes]]
        more: dict[str, Any] = {}
        if sizes > 1:
            properties = [{"value": row["name"]} for row in rows]
            more = {
                "variantOptionDefinitions": {
                    "definitions": [{"name": "Storlek", "properties": properties}]
                }
            }
        made = till.create_product(name, rows, **more)
        till.track(made["uuid"])
        for variant in made["variants"]:
            level = day.dice.randint(0, 4) if few else day.dice.randint(5, 40)
            till.set_stock(variant["uuid"], level)
            day.goods.append(
                Goods(merchant, connection, made["uuid"], variant["uuid"], variant["sku"], level)
            )


def _row(name: str, size: str) -> dict[str, Any]:
    row: dict[str, Any] = {"sku": f"{name}{size}", "price": 9900}
    return row | ({"name": size, "options": [{"name": "Storlek", "value": size}]} if size else {})


def _set_up_orders(day: Day, merchant: Merchant, number: int) -> None:
    """Stock follows an edited order or not, and moves with the order or with the parcel."""
    if "order edits" in day.fault_plan.on:
        dice = dice_of(day.seed, f"orders of {number}")
        moves = dice.choice(["order_placed", "order_placed", "order_completed_or_shipped"])
        follows = dice.random() < 0.7
        settings = {"update_stock_behavior": moves, "edit_order_stock_adjustment": follows}
        day.sandbox.shop(merchant).set_settings(**settings)
        day.tell(
            f"orders of {merchant.store_hash}: {moves}, edits {'move' if follows else 'move no'} "
            "stock"
        )


async def _furnish(day: Day, merchant: Merchant) -> None:
    """What stood in the shop before: sometimes with a name or a SKU that the till has too."""
    shop = day.sandbox.shop(merchant)
    category = shop.add_category("Eget").id
    clash = "name clash" in day.fault_plan.on
    ours = next(one for one in day.goods if one.merchant is merchant)
    name = ours.key if clash else "Hylla"
    made = await shop.add_product(
        name=name, sku=ours.sku if clash else "HYLLA", categories=[category], price=5
    )
    day.invariants.own[merchant.store_hash] = {made.id: picture_of(shop, made.id)}
