"""`brygga-sandbox`: both platforms on this machine, for everyone who builds against them.

`python -m brygga_sandbox` is the same command. If the first word is in `COMMANDS`, it runs that
command instead.
"""

import argparse
import asyncio
import contextlib
import random
import re
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

import msgspec

from brygga_sandbox.bigcommerce import Config
from brygga_sandbox.bigcommerce.storefile import OLD_PLANS, PLANS, WEIGHTS
from brygga_sandbox.clock import Clock, ManualClock, MovableClock, SteppedClock
from brygga_sandbox.merchants import Merchant
from brygga_sandbox.sandbox import CURRENCIES, OTHER_TOOL, Connector, Plan, Sandbox
from brygga_sandbox.server import PortTakenError, SandboxServer
from brygga_sandbox.shoppers import Shoppers

COMMANDS = {
    "certify": "brygga_sandbox.commands.certify",
    "parity": "brygga_sandbox.commands.parity",
    "replay": "brygga_sandbox.commands.replay",
}
"""The other commands, each with its module: `add` takes a parser, `run` takes the parsed options.
"""

PORT_BASE = 8710
MOST = 50_000


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(
        "brygga-sandbox",
        description="A Zettle and a BigCommerce of your own, on this machine.",
    )
    add_arguments(parser)
    return parser.parse_args(given)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """For this command, and for another command that offers it under its own name."""
    parser.usage = f"{parser.prog} [options]"
    parser.epilog = (
        "All state is in memory: every start begins the same state. "
        "Other commands, each with --help: "
        f"{', '.join(f'brygga-sandbox {name}' for name in COMMANDS)}."
    )
    goods_arguments(parser.add_argument_group("the merchants and their goods"))
    shop_arguments(parser.add_argument_group("the store at BigCommerce"))
    place = parser.add_argument_group("where and when")
    place.add_argument(
        "--port-base", type=port, default=PORT_BASE, metavar="PORT",
        help=f"Zettle's port; BigCommerce gets the next (0: any two; {PORT_BASE})",
    )  # fmt: skip
    place.add_argument(
        "--clock", choices=("running", "standing"), default="running",
        help=("running: the machine's time; standing: only POST /sandbox/clock moves it, which "
"moves a running one too"),
    )  # fmt: skip
    place.add_argument(
        "--record", metavar="FILE", help="write down the session, for `brygga-sandbox replay`"
    )
    place.add_argument(
        "--json", action="store_true", help="print one line of JSON instead of a page of text"
    )
    app = parser.add_argument_group("your app")
    app.add_argument(
        "--callback",
        type=address,
        default="http://127.0.0.1:8700",
        metavar="URL",
        help="where your app answers",
    )
    for side, name in (("zettle", "Zettle"), ("bigcommerce", "BigCommerce")):
        app.add_argument(
            f"--{side}-app",
            type=keys,
            metavar="ID:SECRET",
            help=f"your app's keys at {name}; made up if left out",
        )


def goods_arguments(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--merchants",
        type=between(1, 50),
        default=1,
        metavar="N",
        help="so many merchants, isolated (1)",
    )
    group.add_argument(
        "--products",
        type=between(0, MOST),
        metavar="N",
        help="so many generated products each, not the demo library",
    )
    group.add_argument(
        "--currency",
        choices=CURRENCIES,
        default="SEK",
        metavar="C",
        help=f"Zettle's: {' '.join(CURRENCIES)} (SEK)",
    )
    group.add_argument(
        "--seed", type=int, default=1, metavar="S", help="the same seed makes the same data (1)"
    )
    group.add_argument(
        "--people", type=seconds, metavar="SECONDS", help="somebody does something every so often"
    )


def shop_arguments(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--store-currency", choices=CURRENCIES, metavar="C", help="the store's currency, if another"
    )
    group.add_argument(
        "--plan", choices=(*PLANS, *OLD_PLANS), default="Core", metavar="P",
        help="Core and Growth: 150 requests in 30 s; Scale and Performance: 450 (older names work)",
    )  # fmt: skip
    group.add_argument(
        "--quota",
        type=between(1, 1_000_000),
        metavar="N",
        help="another number of requests in 30 s",
    )
    group.add_argument(
        "--tax-entry",
        choices=("including", "excluding"),
        default="including",
        help="how the store enters prices",
    )
    group.add_argument(
        "--weight-unit", choices=WEIGHTS, default="KGS", help="in which the store weighs (KGS)"
    )
    group.add_argument(
        "--stock-moves",
        choices=("placed", "shipped"),
        default="placed",
        help="when an order takes from stock",
    )
    group.add_argument(
        "--read-delay",
        type=seconds,
        default=0.0,
        metavar="SECONDS",
        help="how far stock readings trail writes (0)",
    )
    group.add_argument(
        "--hook-delay",
        type=seconds,
        default=0.0,
        metavar="SECONDS",
        help="how long until a new webhook works (0)",
    )


def between(low: int, high: int) -> Callable[[str], int]:
    """A whole number within bounds."""

    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {low} to {high}")
        return int(text)

    return read


def port(text: str) -> int:
    """A port whose next number is also a valid port, or 0."""
    return between(0, 65_534)(text)


def seconds(text: str) -> float:
    """A duration of 0 or more."""
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0")
    return value


def address(text: str) -> str:
    """Scheme and host, without a slash at the end."""
    if not re.fullmatch(r"https?://[^/\s]+[^\s]*", text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not an address such as http://127.0.0.1:8700"
        )
    return text.rstrip("/")


def keys(text: str) -> tuple[str, str]:
    """An app's id and secret."""
    own, _, secret = text.partition(":")
    if not own or not secret:
        raise argparse.ArgumentTypeError(f"{text!r} is not ID:SECRET")
    return own, secret


def plan_of(asked: argparse.Namespace) -> Plan:
    """The sandbox with the requested options."""
    app = Connector().at(asked.callback)
    if asked.zettle_app:
        app = replace(
            app, zettle_client_id=asked.zettle_app[0], zettle_client_secret=asked.zettle_app[1]
        )
    if asked.bigcommerce_app:
        own, secret = asked.bigcommerce_app
        app = replace(app, bigcommerce_client_id=own, bigcommerce_client_secret=secret)
    settings: dict[str, Any] = {
        "plan": asked.plan,
        "is_price_entered_with_tax": asked.tax_entry == "including",
        "weight_units": asked.weight_unit,
        "update_stock_behavior": "order_placed"
        if asked.stock_moves == "placed"
        else "order_completed_or_shipped",
    }
    return Plan(
        seed=asked.seed,
        products=asked.products,
        zettle_currency=asked.currency,
        store_currency=asked.store_currency or asked.currency,
        connector=app,
        drawings=asked.products is None or asked.products <= 5_000,
        merchants=asked.merchants,
        store_settings={**settings, **({"quota": asked.quota} if asked.quota else {})},
        bigcommerce_config=Config(read_lag_s=asked.read_delay, hook_delay_s=asked.hook_delay),
    )


def facts(sandbox: Sandbox) -> dict[str, Any]:
    """Everything a client needs to know about a running sandbox."""
    plan, merchant, app = sandbox.plan, sandbox.merchant, sandbox.plan.connector
    stored = merchant.organization.products.values()
    skus = (
        variant["sku"]
        for one in stored
        for variant in one.value()["variants"]
        if variant.get("sku")
    )
    everybody = [keys_of(sandbox, one) for one in sandbox.merchants]
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
            "api": sandbox.api(),
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
            **{name: value for name, value in everybody[0].items() if name.endswith("token")},
        },
        "merchants": everybody,
    }


def keys_of(sandbox: Sandbox, merchant: Merchant) -> dict[str, Any]:
    """What a client needs to act for one merchant, with the rights of the merchant's other tool."""
    tokens = sandbox.zettle_tokens(merchant)
    return {
        "name": merchant.name,
        "organization_uuid": merchant.organization.uuid,
        "store_hash": merchant.store_hash,
        "api": sandbox.api(merchant),
        "zettle_access_token": tokens.access,
        "zettle_refresh_token": tokens.refresh,
        "bigcommerce_token": sandbox.store_token(merchant),
    }


def page(reported: dict[str, Any]) -> str:
    """The addresses and keys as text, with a first call to each platform."""
    zettle, shop, app, tool = (
        reported["zettle"],
        reported["bigcommerce"],
        reported["app"],
        reported["other_tool"],
    )
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

{others(reported["merchants"])}Try it with the tokens of the merchant's other tool, {tool["name"]}:
  TILL={tool["zettle_access_token"]}
  SHOP={tool["bigcommerce_token"]}
  curl {zettle["url"]}/products/organizations/self/products/v2 -H "Authorization: Bearer $TILL"
  curl {shop["api"]}/v3/catalog/products -H "X-Auth-Token: $SHOP"
  curl -X POST {zettle["url"]}/sandbox/sell -d '{{"sku": "{zettle["a_sku"]}", "quantity": 1}}'
  curl {shop["url"]}/sandbox/requests

Ctrl-C stops it; nothing is kept."""


def others(merchants: list[dict[str, Any]]) -> str:
    """The other merchants as text."""
    rows = [
        f"  {one['name']}: store {one['store_hash']}, organization {one['organization_uuid']}\n"
        f"    TILL={one['zettle_access_token']}\n    SHOP={one['bigcommerce_token']}\n"
        for one in merchants[1:]
    ]
    return f"More merchants, each with their own tokens:\n{''.join(rows)}\n" if rows else ""


async def live(sandbox: Sandbox, every: float) -> None:
    """Actors act until the sandbox closes."""
    shoppers = Shoppers(sandbox, random.Random(sandbox.plan.seed))
    while True:
        await asyncio.sleep(every)
        print(await shoppers.step(), flush=True)  # noqa: T201 - this is what was asked for


async def run(asked: argparse.Namespace) -> None:
    """Start the sandbox, print its addresses, and keep it running until a signal arrives."""
    clock = clock_of(asked)
    server = SandboxServer(plan_of(asked), clock, asked.port_base)
    sandbox = await server.start()
    for merchant in sandbox.merchants:
        await sandbox.furnish(merchant)
    reported = facts(sandbox)
    if asked.record:
        server.recordings.to_file(asked.record)
    print(msgspec.json.encode(reported).decode() if asked.json else page(reported), flush=True)  # noqa: T201 - likewise
    closing = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(
            NotImplementedError
        ):  # not available everywhere; without it Ctrl-C ends the loop
            asyncio.get_running_loop().add_signal_handler(number, closing.set)
    beside = [asyncio.create_task(live(sandbox, asked.people))] if asked.people else []
    if isinstance(clock, SteppedClock):
        beside.append(asyncio.create_task(clock.run()))
    await closing.wait()
    for task in beside:
        task.cancel()
    await asyncio.gather(*beside, return_exceptions=True)
    await server.stop()


def clock_of(asked: argparse.Namespace) -> Clock:
    """The requested clock. A clock that is recorded moves in steps."""
    if asked.clock == "standing":
        return ManualClock(time.time())
    return SteppedClock() if asked.record else MovableClock()


def open_sandbox(asked: argparse.Namespace) -> int:
    """0 after a normal stop, 1 when a port is not free, 2 when an option is out of range."""
    if (asked.products or 0) * asked.merchants > 2 * MOST:
        text = (
            f"--merchants times --products is {asked.products * asked.merchants}; the most is "
            f"{2 * MOST}"
        )
        print(f"brygga-sandbox: {text}", file=sys.stderr)  # noqa: T201 - this is what was asked for
        return 2
    try:
        asyncio.run(run(asked))
    except KeyboardInterrupt:
        return 0
    except PortTakenError as error:
        print(f"brygga-sandbox: {error}; choose another with --port-base", file=sys.stderr)  # noqa: T201 - likewise
        return 1
    return 0


def main(given: Sequence[str] | None = None) -> int:
    """The command."""
    words = list(sys.argv[1:] if given is None else given)
    if not words or words[0] not in COMMANDS:
        return open_sandbox(arguments(words))
    command = import_module(COMMANDS[words[0]])
    parser = argparse.ArgumentParser(f"brygga-sandbox {words[0]}", description=command.__doc__)
    command.add(parser)
    return int(command.run(parser.parse_args(words[1:])))


if __name__ == "__main__":
    sys.exit(main())
