"""Both sandboxes in a process of their own: `python -m brygga.cli.benching.platforms`, with a
`Platforms` as one line of JSON on its standard input. It ends when its input does.
"""

import asyncio
import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from brygga.cli.benching.pipe import each_line, usage
from brygga.cli.benching.quick import QuickClock, SandboxClock
from brygga_sandbox.merchants import Merchant
from brygga_sandbox.sandbox import Connector, Plan, Sandbox
from brygga_sandbox.server import SandboxServer

STOCK = 10_000
"""What there is of each product where `stocked`."""


@dataclass(frozen=True, slots=True)
class Platforms:
    """`latency_s` is added to each answer of both platforms. `kind` is "simple" for products of one
    variant, "mixed" for the sandbox's generated library, with variants and pictures.
    """

    callback: str
    began: float
    merchants: int = 1
    products: int = 20
    kind: str = "simple"
    large: int = 0
    """So many products more for the first merchant."""
    quota: int = 450
    latency_s: float = 0.0
    speed: float = 1.0
    seed: int = 1


async def opened(platforms: Platforms, clock: QuickClock) -> SandboxServer:
    generated = platforms.products if platforms.kind == "mixed" else 0
    server = SandboxServer(
        Plan(
            seed=platforms.seed,
            products=generated,
            connector=Connector().at(platforms.callback),
            drawings=False,
            merchants=platforms.merchants,
            store_settings={"plan": "Scale", "quota": platforms.quota},
        ),
        SandboxClock(clock),
    )
    sandbox = await server.start()
    for platform in (sandbox.zettle, sandbox.bigcommerce):
        if platforms.latency_s:
            platform.faults.add("slow", params={"seconds": platforms.latency_s})
    for merchant in sandbox.merchants:
        if platforms.kind == "simple":
            large = platforms.large if merchant is sandbox.merchant else 0
            stock(sandbox, merchant, platforms.products + large)
    return server


def stock(sandbox: Sandbox, merchant: Merchant, products: int) -> None:
    till = sandbox.till(merchant)
    for number in range(products):
        made: dict[str, Any] = till.create_product(
            f"Vara {number + 1}", sku=f"V-{number + 1}", price=10_000 + number
        )
        till.track(made["uuid"])
        till.set_stock(made["variants"][0]["uuid"], STOCK)


def reprice(sandbox: Sandbox) -> None:
    """Every product of the first merchant's gets a new price."""
    for stored in sandbox.merchant.organization.products.values():
        for variant in stored.value()["variants"]:
            price = variant["price"]["amount"] + 100
            sandbox.till().edit_variant(variant["uuid"], price=price)


def facts(sandbox: Sandbox) -> dict[str, Any]:
    """What the other processes need to know."""
    return {
        "zettle": sandbox.plan.zettle_url,
        "bigcommerce": sandbox.plan.bigcommerce_url,
        "merchants": [
            {
                "organization": one.organization.uuid,
                "user": one.organization.owner.uuid,
                "store": one.store_hash,
            }
            for one in sandbox.merchants
        ],
    }


async def run(platforms: Platforms) -> None:
    clock = QuickClock(datetime.fromtimestamp(platforms.began, UTC), platforms.speed)
    server = await opened(platforms, clock)
    sandbox = server.sandbox
    print(json.dumps(facts(sandbox)), flush=True)
    async for line in each_line():
        if line == "reprice":
            reprice(sandbox)
        shown = {
            **usage(),
            "bigcommerce": sandbox.bigcommerce.requests.total(),
            "zettle": sandbox.zettle.requests.total(),
            "refused": sandbox.bigcommerce.requests.refused,
            "products": sum(
                len(sandbox.bigcommerce.stores[one.store_hash].products)
                for one in sandbox.merchants
            ),
        }
        print(json.dumps(shown), flush=True)
    await server.stop()


if __name__ == "__main__":
    asyncio.run(run(msgspec.json.decode(sys.stdin.readline(), type=Platforms)))
