"""`brygga check`: tests the main job on the sandbox, without a screen.

It connects as a merchant would, lets the first sync run, makes one change each way, and compares
both platforms' raw JSON.
"""

import argparse
import json
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

from brygga.cli import demo, demo_stack, logs, merchant
from brygga.cli.browser import BrowserClient
from brygga.cli.compare import (
    Both,
    Json,
    Mismatch,
    doubled,
    field_mismatches,
    own_slug,
    stock_mismatches,
)
from brygga.cli.demo_stack import DemoStack
from brygga_sandbox.library import picture_for

TIMEOUT_S = 900.0
CHANGE_S = 30.0
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Result:
    """What is printed. `bigcommerce_requests` are those of the first sync, from "Finish set-up"
    until no work is due.
    """

    ok: bool
    products_in_zettle: int
    products_in_bigcommerce: int
    field_mismatches: int
    stock_mismatches: int
    bigcommerce_requests: int
    requests_per_product: float
    bigcommerce_requests_to_connect: int
    seconds: float
    changes: dict[str, bool]
    mismatches: list[dict[str, str]]


def add(parser: argparse.ArgumentParser) -> None:
    demo.sandbox(parser)
    parser.set_defaults(port_base=0)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(asked: argparse.Namespace) -> int:
    logs.configure(logging.WARNING)
    return demo_stack.alone(lambda database_url: _printed(asked, database_url))


async def _printed(asked: argparse.Namespace, database_url: str) -> int:
    result = await _check(asked, database_url)
    print(
        json.dumps(asdict(result), indent=2, ensure_ascii=False) if asked.json else reported(result)
    )
    return 0 if result.ok else 1


async def _check(asked: argparse.Namespace, database_url: str) -> Result:
    async with (
        demo_stack.open_stack(demo.wish_of(asked), database_url) as home,
        demo_stack.browser_client() as http,
    ):
        requests, clock = home.sandbox.bigcommerce.requests, home.service.worker.clock
        began = clock.monotonic()
        browser = BrowserClient(http)
        await merchant.prepare(browser, home.url, prices=True, whole_library=True)
        await quiet(home)
        connecting = requests.total()
        await merchant.finish(browser)
        await quiet(home)
        syncing, seconds = requests.total() - connecting, clock.monotonic() - began

        compared = compare(home)
        changes = {name: await change(home) for name, change in CHANGES.items()}
        await quiet(home)
        compared += [found for found in compare(home) if found not in compared]

    return _result(home, compared, changes, (connecting, syncing), seconds)


def _result(
    home: DemoStack,
    found: list[Mismatch],
    changes: dict[str, bool],
    requests: tuple[int, int],
    seconds: float,
) -> Result:
    goods = till_products(home)
    stock = sum(mismatch.field in {"stock", "tracking"} for mismatch in found)
    made = len(bound(home))
    return Result(
        ok=not found and made == len(goods) and all(changes.values()),
        products_in_zettle=len(goods),
        products_in_bigcommerce=made,
        field_mismatches=len(found) - stock,
        stock_mismatches=stock,
        bigcommerce_requests=requests[1],
        requests_per_product=round(requests[1] / max(1, len(goods)), 3),
        bigcommerce_requests_to_connect=requests[0],
        seconds=round(seconds, 1),
        changes=changes,
        mismatches=[asdict(mismatch) for mismatch in found[:SHOWN]],
    )


def reported(result: Result) -> str:
    lines = [
        (
            f"{'well' if result.ok else 'NOT WELL'}: {result.products_in_bigcommerce} of "
            f"{result.products_in_zettle} products in BigCommerce"
        ),
        (
            f"fields that differ: {result.field_mismatches}; stock that differs: "
            f"{result.stock_mismatches}"
        ),
        (
            f"first sync: {result.bigcommerce_requests} requests ({result.requests_per_product} a "
            f"product), {result.seconds} s"
        ),
        *(
            f"{name}: {'arrived' if arrived else 'DID NOT ARRIVE'}"
            for name, arrived in result.changes.items()
        ),
        *(
            f"  {one['product']} {one['field']}: {one['zettle']!r} / {one['bigcommerce']!r}"
            for one in result.mismatches
        ),
    ]
    return "\n".join(lines)


# ---- Waiting -------------------------------------------------------------------------------------


async def quiet(home: DemoStack) -> None:
    """Returns when nothing is due and no webhook is under way. Raises NeverReady after a quarter of
    an hour.
    """
    clock, calm = home.service.worker.clock, 0
    ends = clock.monotonic() + TIMEOUT_S
    while calm < 3:
        calm = calm + 1 if await demo_stack.is_quiet(home.service) else 0
        if clock.monotonic() > ends:
            raise merchant.NeverReady("work did not come to an end")
        await clock.sleep(0.3)


async def comes_through(home: DemoStack, seen: Callable[[], bool]) -> bool:
    """Whether the change is visible within half a minute."""
    clock = home.service.worker.clock
    ends = clock.monotonic() + CHANGE_S
    while clock.monotonic() < ends:
        if seen():
            return True
        await clock.sleep(0.05)
    return False


# ---- One change each way -------------------------------------------------------------------------


async def sale(home: DemoStack) -> bool:
    """S2: one sold in Zettle is one less in the store."""
    variant, shop_variant = stocked_pair(home)
    before = home.sandbox.shop().level(variant_id=shop_variant)
    home.sandbox.till().sell(variant, 1)
    return await comes_through(
        home, lambda: home.sandbox.shop().level(variant_id=shop_variant) == before - 1
    )


async def order(home: DemoStack) -> bool:
    """S3: one ordered in the store is one less in Zettle."""
    variant, shop_variant = stocked_pair(home)
    before = home.sandbox.till().balance(variant)
    home.sandbox.shop().place([{"variant_id": shop_variant, "quantity": 1}])
    return await comes_through(home, lambda: home.sandbox.till().balance(variant) == before - 1)


async def rename(home: DemoStack) -> bool:
    """P5: a new name in Zettle is the name in the store."""
    uuid = next(iter(bound(home)))
    home.sandbox.till().edit_product(uuid, name="Omdöpt av kontrollen")
    return await comes_through(home, lambda: bound(home)[uuid]["name"] == "Omdöpt av kontrollen")


CHANGES: dict[str, Callable[[DemoStack], Awaitable[bool]]] = {
    "sale in Zettle": sale,
    "order in the store": order,
    "new name in Zettle": rename,
}


def stocked_pair(home: DemoStack) -> tuple[str, int]:
    """A tracked simple product with enough stock: its variant in Zettle and in the store."""
    made, organization = bound(home), home.sandbox.merchant.organization
    for product in till_products(home):
        shop = made.get(product["uuid"])
        tracked = organization.tracked(product["uuid"])
        if (
            shop
            and tracked
            and len(product["variants"]) == 1
            and not product.get("variantOptionDefinitions")
        ):
            variant = product["variants"][0]["uuid"]
            if home.sandbox.till().balance(variant) >= 3:
                return variant, shop["variants"][0]["id"]
    raise merchant.NeverReady("the library has no tracked simple product with stock to sell")


# ---- Both sides, raw -----------------------------------------------------------------------------


def till_products(home: DemoStack) -> list[Json]:
    return [stored.value() for stored in home.sandbox.merchant.organization.products.values()]


def bound(home: DemoStack) -> dict[str, Json]:
    """BigCommerce's products by the Zettle uuid in our metafield."""
    state = home.sandbox.shop().state()
    products = {product["id"]: product for product in state["products"]}
    return {
        field["value"]: products[field["resource_id"]]
        for field in state["metafields"]
        if field["key"] == "zettle_uuid" and field["resource_id"] in products
    }


def compare(home: DemoStack) -> list[Mismatch]:
    """Compares every Zettle product with its product in the store."""
    state, made, goods = home.sandbox.shop().state(), bound(home), till_products(home)
    category = next(
        (one["category_id"] for one in state["categories"] if one["name"] == "Zettle"), 0
    )
    names = Counter(" ".join(product["name"].split()).casefold() for product in goods)
    skus = Counter(
        sku.casefold()
        for product in goods
        for variant in product["variants"]
        if (sku := (variant.get("sku") or "").strip())
    )
    slugs = Counter(own_slug(product) for product in goods)
    found = doubled(state["metafields"], {product["id"] for product in state["products"]})
    for product in goods:
        shop = made.get(product["uuid"])
        if shop is None:
            found.append(Mismatch(product["uuid"], "product", product["name"], "missing"))
            continue
        both = Both(
            zettle=product,
            shop=shop,
            levels=_levels(home, product),
            pictures=lambda source: _fetchable(home, source),
            shared_names=names,
            shared_skus=skus,
            shared_slugs=slugs,
            category_id=category,
            currency=state["settings"]["currency"],
            weight_units=state["settings"]["weight_units"],
            prices=True,
        )
        found += [*field_mismatches(both), *stock_mismatches(both)]
    return found


def _levels(home: DemoStack, product: Json) -> dict[str, int] | None:
    if not home.sandbox.merchant.organization.tracked(product["uuid"]):
        return None
    return {
        variant["uuid"]: home.sandbox.till().balance(variant["uuid"])
        for variant in product["variants"]
    }


def _fetchable(home: DemoStack, source: str) -> bool:
    """Whether the sandbox has such a picture."""
    base = f"{home.sandbox.plan.zettle_url}/image/"
    return source.startswith(base) and _picture(source.removeprefix(base)) is not None


def _picture(path: str) -> Any:
    return picture_for(path)
