"""Counts BigCommerce requests: of a first import of N products, and of a sale, an order and a changed price after it.

    .venv/bin/python bench/count_requests.py [N ...]

Requests are counted, not seconds: machines are noisy, and what a store's quota allows is requests.
"""

import asyncio
import logging
import sys
from collections.abc import Callable

from brygga.cli import check, house, logs, merchant
from brygga.cli.house import House, Wish
from brygga.cli.visitor import Visitor


async def measure(products: int, database_url: str) -> None:
    wish = Wish(port_base=0, products=products)
    async with house.open_house(wish, database_url) as home, house.visitor_client() as http:
        requests, visitor = home.town.bigcommerce.requests, Visitor(http)
        await merchant.prepare(visitor, home.url, prices=True, whole_library=True)
        await check.quiet(home)
        before = requests.total()
        await merchant.finish(visitor)
        await check.quiet(home)
        used = requests.total() - before
        print(f"{products:6} products: first import {used} requests, {used / products:.3f} a product")
        for name, act in ACTS.items():
            print(f"       {name}: {await counted(home, act)} requests")


async def counted(home: House, act: Callable[[House], object]) -> int:
    before = home.town.bigcommerce.requests.total()
    act(home)
    await asyncio.sleep(2)
    await check.quiet(home)
    return home.town.bigcommerce.requests.total() - before


def sale(home: House) -> None:
    home.town.till().sell(check.stocked_pair(home)[0], 1)


def order(home: House) -> None:
    home.town.shop().place([{"variant_id": check.stocked_pair(home)[1], "quantity": 1}])


def price(home: House) -> None:
    product = next(one for one in check.till_products(home) if len(one["variants"]) == 1)
    variant = product["variants"][0]
    home.town.till().edit_variant(variant["uuid"], price={"amount": 12300, "currencyId": "SEK"})


ACTS: dict[str, Callable[[House], object]] = {"a sale at the till": sale, "an order": order, "a changed price": price}


def main() -> None:
    logs.configure(logging.WARNING)
    for products in [int(text) for text in sys.argv[1:]] or [100]:
        with house.throwaway_database() as database_url:
            asyncio.run(measure(products, database_url))


if __name__ == "__main__":
    main()
