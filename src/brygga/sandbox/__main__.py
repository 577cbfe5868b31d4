"""`python -m brygga.sandbox`: both platforms on this machine, for anybody who builds against them."""

import argparse
import asyncio
import contextlib
import random
import signal
import sys
from collections.abc import Sequence
from typing import Any

import msgspec

from brygga.sandbox.clock import RealClock
from brygga.sandbox.server import PortTakenError, TownServer
from brygga.sandbox.shoppers import Shoppers
from brygga.sandbox.town import CURRENCIES, OTHER_TOOL, Connector, Plan, Town

PORT_BASE = 8710


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(
        "python -m brygga.sandbox", description="A Zettle and a BigCommerce of your own, on this machine."
    )
    add_arguments(parser)
    return parser.parse_args(given)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """For this command, and for another that offers it under its own name."""
    parser.add_argument(
        "--port-base", type=int, default=PORT_BASE, help="Zettle's port; BigCommerce gets the next (0: any)"
    )
    parser.add_argument("--products", type=int, help="so many generated products instead of the demo library")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same town")
    parser.add_argument("--currency", choices=CURRENCIES, default="SEK", help="the Zettle account's currency")
    parser.add_argument("--store-currency", choices=CURRENCIES, help="the store's currency; the account's if left out")
    parser.add_argument("--callback", default="http://127.0.0.1:8700", help="where your app answers")
    parser.add_argument("--people", type=float, metavar="SECONDS", help="somebody does something every so often")
    parser.add_argument("--json", action="store_true", help="print one line of JSON instead of a page of text")


def plan_of(asked: argparse.Namespace) -> Plan:
    """The town that was asked for."""
    return Plan(
        seed=asked.seed,
        products=asked.products,
        zettle_currency=asked.currency,
        store_currency=asked.store_currency or asked.currency,
        connector=Connector().at(asked.callback.rstrip("/")),
        drawings=asked.products is None or asked.products <= 5_000,
    )


def facts(town: Town) -> dict[str, Any]:
    """Everything a client needs to know about a running town."""
    plan, merchant, app = town.plan, town.merchant, town.plan.connector
    tokens, stored = town.zettle_tokens(), merchant.organization.products.values()
    skus = (variant["sku"] for one in stored for variant in one.value()["variants"] if variant.get("sku"))
    return {
        "zettle": {
            "url": plan.zettle_url,
            "till": f"{plan.zettle_url}/till",
            "organization_uuid": merchant.organization.uuid,
            "products": len(stored),
            "a_sku": next(skus, None),
        },
        "bigcommerce": {
            "url": plan.bigcommerce_url,
            "api": town.api(),
            "control_panel": f"{plan.bigcommerce_url}/manage",
            "shop": f"{plan.bigcommerce_url}/shop",
            "install": f"{plan.bigcommerce_url}/login/app/{app.bigcommerce_client_id}/install",
            "store_hash": merchant.store_hash,
        },
        "app": {
            "zettle_client_id": app.zettle_client_id,
            "zettle_client_secret": app.zettle_client_secret,
            "zettle_redirect_uri": app.zettle_redirect_uris[0],
            "bigcommerce_client_id": app.bigcommerce_client_id,
            "bigcommerce_client_secret": app.bigcommerce_client_secret,
            "bigcommerce_auth_url": app.bigcommerce_auth_url,
        },
        "other_tool": {
            "name": OTHER_TOOL.name,
            "zettle_client_id": OTHER_TOOL.zettle_client_id,
            "zettle_client_secret": OTHER_TOOL.zettle_client_secret,
            "zettle_access_token": tokens.access,
            "zettle_refresh_token": tokens.refresh,
            "bigcommerce_token": town.store_token(),
        },
    }


def page(told: dict[str, Any]) -> str:
    """The facts for a person, with a first call to each side."""
    zettle, shop, app, tool = told["zettle"], told["bigcommerce"], told["app"], told["other_tool"]
    return f"""\
Zettle        {zettle["url"]}   ({zettle["products"]} products)
  till        {zettle["till"]}
BigCommerce   {shop["url"]}   (store {shop["store_hash"]})
  panel       {shop["control_panel"]}
  shop        {shop["shop"]}
  install     {shop["install"]}

Your app      Zettle       {app["zettle_client_id"]} / {app["zettle_client_secret"]}
              returns to   {app["zettle_redirect_uri"]}
              BigCommerce  {app["bigcommerce_client_id"]} / {app["bigcommerce_client_secret"]}
              returns to   {app["bigcommerce_auth_url"]}

Try it with the tokens of the merchant's other tool, {tool["name"]}:
  TILL={tool["zettle_access_token"]}
  SHOP={tool["bigcommerce_token"]}
  curl {zettle["url"]}/products/organizations/self/products/v2 -H "Authorization: Bearer $TILL"
  curl {shop["api"]}/v3/catalog/products -H "X-Auth-Token: $SHOP"
  curl -X POST {zettle["url"]}/sandbox/sell -d '{{"sku": "{zettle["a_sku"]}", "quantity": 1}}'
  curl {shop["url"]}/sandbox/requests

Ctrl-C stops it; nothing is kept."""


async def live(town: Town, every: float) -> None:
    """People come and go until the town closes."""
    shoppers = Shoppers(town, random.Random(town.plan.seed))
    while True:
        await town.clock.sleep(every)
        print(await shoppers.step(), flush=True)  # noqa: T201 - this is what was asked for


async def run(asked: argparse.Namespace) -> None:
    """Open the town, tell where it is, and keep it open until a signal comes."""
    server = TownServer(plan_of(asked), RealClock(), asked.port_base)
    town = await server.start()
    await town.furnish()
    told = facts(town)
    print(msgspec.json.encode(told).decode() if asked.json else page(told), flush=True)  # noqa: T201 - likewise
    closing = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # not everywhere; there Ctrl-C ends the loop by itself
            asyncio.get_running_loop().add_signal_handler(number, closing.set)
    people = asyncio.create_task(live(town, asked.people)) if asked.people else None
    await closing.wait()
    if people:
        people.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await people
    await server.stop()


def open_town(asked: argparse.Namespace) -> int:
    """0 when it was closed in good order, 1 when a port is not free."""
    try:
        asyncio.run(run(asked))
    except KeyboardInterrupt:
        return 0
    except PortTakenError as error:
        print(f"brygga.sandbox: {error}; choose another with --port-base", file=sys.stderr)  # noqa: T201 - likewise
        return 1
    return 0


def main(given: Sequence[str] | None = None) -> int:
    """The command."""
    return open_town(arguments(given))


if __name__ == "__main__":
    sys.exit(main())
