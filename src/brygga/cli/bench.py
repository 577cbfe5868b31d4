"""`brygga bench`: what the work costs in requests, statements, processor time and seconds, beside
what the platforms allow. Everything runs against the sandbox in another process.

With sizes of libraries it counts only the requests of a first import, a sale, an order and a
changed price. With `--setups N`, N merchants set up at once, and it counts how many finish.
"""

import argparse
import asyncio
import json
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from brygga.cli import arguments, check, crowd, demo_stack, logs, merchant
from brygga.cli.benching import table
from brygga.cli.benching.figures import Figure, as_json, as_text
from brygga.cli.benching.syncing import FULL, SMALL, Size
from brygga.cli.browser import BrowserClient
from brygga.cli.demo_stack import DemoStack, Wish

QUIET_WITHIN_S = 2.0
"""The webhooks of a change have arrived after this time."""


@dataclass(frozen=True, slots=True)
class Count:
    """Requests to BigCommerce. `first_import` begins with "Finish set-up" and ends when no work is
    due.
    """

    products: int
    first_import: int
    per_product: float
    acts: dict[str, int]


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "products",
        type=arguments.between(1, 50_000),
        nargs="*",
        metavar="N",
        help="only count requests, with libraries of these sizes",
    )
    parser.add_argument(
        "--only",
        choices=(*table.MEASURES, *table.ALSO),
        action="append",
        default=[],
        metavar="NAME",
        help=f"one line of the table: {', '.join((*table.MEASURES, *table.ALSO))}",
    )
    parser.add_argument(
        "--latency",
        type=arguments.between(0, 10_000),
        default=0,
        metavar="MS",
        help="added to each answer of the platforms",
    )
    parser.add_argument(
        "--rate",
        type=arguments.between(1, 200),
        default=0,
        metavar="N",
        help="with --only sale: so many sales, and then orders, a second (50 unless said)",
    )
    parser.add_argument(
        "--durable",
        action="store_true",
        help="commits wait for the disk, as an installation's do",
    )
    _add_sizes(parser)
    parser.add_argument(
        "--setups",
        type=arguments.between(1, 200),
        default=0,
        metavar="N",
        help="N merchants set up at once, and how many finish",
    )
    parser.add_argument(
        "--workers",
        type=arguments.between(1, 8),
        default=0,
        metavar="N",
        help="with --setups (2 unless said) or --only sale (1): how many workers",
    )
    parser.add_argument(
        "--answer-ms",
        type=arguments.between(0, 10_000),
        default=300,
        metavar="MS",
        help="with --setups: how long the platforms take for each answer",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def _add_sizes(parser: argparse.ArgumentParser) -> None:
    much = parser.add_mutually_exclusive_group()
    much.add_argument(
        "--small", action="store_true", help="few products and merchants: does the bench work?"
    )
    much.add_argument(
        "--full", action="store_true", help="up to 50,000 products and 500 merchants: over an hour"
    )


def run(asked: argparse.Namespace) -> int:
    """0: measured, whether an aim is met or not (with --setups: every set-up finished); 1: a line
    could not be measured (a set-up did not finish).
    """
    logs.configure(logging.WARNING)
    if asked.setups:
        return _setups(asked)
    if not asked.products:
        return _table(asked)
    counts = []
    for size in asked.products:
        with demo_stack.throwaway_database() as database_url:
            counts.append(asyncio.run(measure(size, database_url)))
        if not asked.json:
            print(reported(counts[-1]), flush=True)
    if asked.json:
        print(json.dumps([asdict(count) for count in counts], indent=2))
    return 0


def _table(asked: argparse.Namespace) -> int:
    size = SMALL if asked.small else FULL if asked.full else Size()
    size = replace(size, a_second=asked.rate or size.a_second, workers=asked.workers or 1)
    figures: list[Figure] = []
    failed: list[str] = []
    for some in table.measured(
        main_names(asked.only), size, asked.latency / 1000, durable=asked.durable
    ):
        if isinstance(some, str):
            failed.append(some)
            continue
        figures += some
        if not asked.json:
            print("\n".join(map(as_text, some)), flush=True)
    if asked.json:
        print(as_json(figures))
    for why in failed:
        print(why, file=sys.stderr)
    return 1 if failed else 0


def main_names(only: Sequence[str]) -> Mapping[str, None]:
    """The measures to run, each once: those that bring these lines, or all."""
    return dict.fromkeys(table.ALSO.get(name, name) for name in only or table.MEASURES)


def _setups(asked: argparse.Namespace) -> int:
    tried = crowd.Crowd(asked.setups, asked.workers or 2, asked.answer_ms / 1000)
    with demo_stack.throwaway_database() as database_url:
        outcome = asyncio.run(crowd.measure(tried, database_url))
    print(json.dumps(outcome.as_json(), indent=2) if asked.json else crowd.reported(outcome))
    return 0 if outcome.ok else 1


async def measure(products: int, database_url: str) -> Count:
    """One sandbox with this many generated products, set up as a merchant would."""
    wish = Wish(port_base=0, products=products)
    async with (
        demo_stack.open_stack(wish, database_url) as home,
        demo_stack.browser_client() as http,
    ):
        browser = BrowserClient(http)
        await merchant.prepare(browser, home.url, prices=True, whole_library=True)
        await check.quiet(home)
        before = home.sandbox.bigcommerce.requests.total()
        await merchant.finish(browser)
        await check.quiet(home)
        used = home.sandbox.bigcommerce.requests.total() - before
        acts = {name: await _counted(home, act) for name, act in ACTS.items()}
    return Count(products, used, round(used / products, 3), acts)


def reported(count: Count) -> str:
    head = (
        f"{count.products:6} products: first import {count.first_import} requests, "
        f"{count.per_product:.3f} a product"
    )
    return "\n".join(
        [head, *(f"       {name}: {used} requests" for name, used in count.acts.items())]
    )


async def _counted(home: DemoStack, act: Callable[[DemoStack], object]) -> int:
    before = home.sandbox.bigcommerce.requests.total()
    act(home)
    await asyncio.sleep(QUIET_WITHIN_S)
    await check.quiet(home)
    return home.sandbox.bigcommerce.requests.total() - before


def _sale(home: DemoStack) -> object:
    return home.sandbox.till().sell(check.stocked_pair(home)[0], 1)


def _order(home: DemoStack) -> object:
    return home.sandbox.shop().place([{"variant_id": check.stocked_pair(home)[1], "quantity": 1}])


def _price(home: DemoStack) -> object:
    return home.sandbox.till().edit_variant(check.stocked_pair(home)[0], price=12_300)


ACTS: dict[str, Callable[[DemoStack], object]] = {
    "a sale in Zettle": _sale,
    "an order in the store": _order,
    "a changed price": _price,
}
