"""The same first import by Brygga and by what other makers offer, then the same sales.

    .venv/bin/python bench/peers.py [PRODUCTS] [SALES]

PRODUCTS generated products (100 unless told) go from Zettle's sandbox to BigCommerce's, each time
into an empty store: by Brygga, by scripts on BigCommerce's own Python client (`bigcommerce`) and on
`bigc`, and by two connectors that install from npm and can create products: Activepieces' and
Pipedream's (`npm ci --ignore-scripts` in `bench/node` fetches them; without that they are left
out). Then SALES products (20 unless told) are sold at the till, one each, and Brygga and the first
script bring the store's stock down.

The scripts do the least that shows the products: read the library, and create each with its
variants and its picture, without description, barcode, weight or the stock of variants. They bind
nothing, resolve no clash, wait for no quota, and ask for new sales each time. The connectors take
what a person or a workflow of theirs would fill in. Each client runs in a process of its own, or in
this one, and the sandbox in another.
"""

import asyncio
import json
import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from bigc.api import BigCommerceAPI
from bigcommerce.api import BigcommerceApi
from requests.adapters import HTTPAdapter

from brygga.cli import demo_stack, logs
from brygga.cli.benching import homes, syncing
from brygga_sandbox.sandbox import OTHER_TOOL, ZETTLE_SCOPES

QUOTA = 1_000_000
LEVEL = 50
READ_LAG_S = 13.0
"""Brygga's last look at what it wrote is not later than this."""
ROOT = Path(__file__).parents[1]
NODE = shutil.which("node") or ""
PACKAGES = ROOT / "bench" / "node"
CONNECTORS = ("activepieces", "pipedream")
Json = dict[str, Any]
Ask = Callable[[str, str, Json | None], Json]
"""Sends a method to a path of BigCommerce's third API, with a body, and returns `data`."""


@dataclass(frozen=True, slots=True)
class Done:
    """What one of them made and used."""

    name: str
    made: int
    with_variants: int
    with_pictures: int
    requests: int
    seconds: float
    cpu_s: float

    def __str__(self) -> str:
        each = max(1, self.made)
        return (
            f"{self.name:<13} {self.made:4} products, {self.with_variants:3} with variants, "
            f"{self.with_pictures:3} with a picture: "
            f"{self.requests / each:6.3f} requests to the store, "
            f"{1000 * self.cpu_s / each:6.1f} ms CPU a product, {self.seconds:6.1f} s"
        )


class Here(HTTPAdapter):
    """Carries what was meant for BigCommerce's own host to the sandbox."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def send(self, request: Any, *rest: Any, **more: Any) -> requests.Response:
        parts = urlsplit(request.url)
        request.url = f"{self.url}/api{parts.path}" + (f"?{parts.query}" if parts.query else "")
        return super().send(request, *rest, **more)


@dataclass(frozen=True, slots=True)
class Platforms:
    """Both sandboxes, by their addresses."""

    zettle: str
    bigcommerce: str
    store: str
    token: str
    till_token: str

    def act(self, platform: str, path: str, body: Json) -> None:
        answer = requests.post(f"{platform}/sandbox{path}", json=body, timeout=60)
        answer.raise_for_status()

    def till(self, path: str, **values: str) -> Any:
        """What an app reads at Zettle."""
        headers = {"Authorization": f"Bearer {self.till_token}"}
        found = requests.get(f"{self.zettle}{path}", params=values, headers=headers, timeout=60)
        found.raise_for_status()
        return found.json()

    def library(self) -> list[Json]:
        return list(self.till("/products/organizations/self/products/v2"))

    def total(self, *platforms: str) -> int:
        """Requests to these, to both unless told."""
        return sum(
            int(requests.get(f"{one}/sandbox/requests", timeout=60).json()["total"])
            for one in platforms or (self.zettle, self.bigcommerce)
        )

    def stored(self) -> int:
        """Requests to BigCommerce."""
        return self.total(self.bigcommerce)

    def made(self, before: tuple[int, int, int] = (0, 0, 0)) -> tuple[int, int, int]:
        """Products, those with variants and those with pictures, that are in the store now, less
        those that were there before.
        """
        state = requests.get(f"{self.bigcommerce}/sandbox/state", timeout=60).json()
        products = state["products"]
        several = [one for one in products if len(one["variants"]) > 1]
        pictured = [one for one in products if one.get("images")]
        return (
            len(products) - before[0],
            len(several) - before[1],
            len(pictured) - before[2],
        )


@contextmanager
def sandbox(products: int) -> Iterator[Platforms]:
    words = [
        sys.executable, "-m", "brygga_sandbox", "--json", "--port-base", "0",
        "--products", str(products), "--quota", str(QUOTA),
    ]  # fmt: skip
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        yield Platforms(
            told["zettle"]["url"],
            told["bigcommerce"]["url"],
            told["bigcommerce"]["store_hash"],
            told["other_tool"]["bigcommerce_token"],
            told["other_tool"]["zettle_access_token"],
        )
    finally:
        process.terminate()
        process.wait()


# ---- Scripts on two clients ----------------------------------------------------------------------


def official(platforms: Platforms) -> Ask:
    api = BigcommerceApi(client_id="peer", store_hash=platforms.store, access_token=platforms.token)
    api.connection._session.mount("https://", Here(platforms.bigcommerce))
    base = f"https://api.bigcommerce.com/stores/{platforms.store}/v3"

    def ask(method: str, path: str, body: Json | None) -> Json:
        return dict(api.connection.make_request(method, base + path, data=body)["data"])

    return ask


def bigc(platforms: Platforms) -> Ask:
    client: Any = BigCommerceAPI(platforms.store, platforms.token).api_v3
    client._session.mount("https://", Here(platforms.bigcommerce))
    return lambda method, path, body: dict(client.request(method, path, data=body))


def imported(platforms: Platforms, ask: Ask) -> dict[str, int]:
    """What a plain script does. The products' ids by their first variant at the till."""
    ids = {}
    for number, product in enumerate(platforms.library()):
        made = ask("POST", "/catalog/products", body(number, product))
        ids[product["variants"][0]["uuid"]] = made["id"]
    return ids


def picture(product: Json) -> str:
    return str((product.get("presentation") or {}).get("imageUrl") or "")


def amount(variant: Json) -> float:
    return float((variant.get("price") or {"amount": 0})["amount"]) / 100


def body(number: int, product: Json) -> Json:
    variants = product["variants"]
    shown: Json = {
        "name": f"{product['name']} {number}",
        "type": "physical",
        "weight": 0,
        "price": amount(variants[0]),
        "categories": [],
        "inventory_tracking": "none" if len(variants) > 1 else "product",
        "inventory_level": LEVEL,
    }
    if len(variants) > 1:
        shown["variants"] = [
            {
                "sku": f"P{number}-{each}",
                "price": amount(one),
                "option_values": [
                    {"option_display_name": "Variant", "label": one.get("name") or str(each)}
                ],
            }
            for each, one in enumerate(variants)
        ]
    if image := picture(product):
        shown["images"] = [{"image_url": image, "is_thumbnail": True}]
    return shown


def followed(platforms: Platforms, ask: Ask, ids: dict[str, int], sold: Sequence[str]) -> None:
    """After each sale the script asks for new purchases, and writes what is left."""
    seen = ""
    for variant in sold:
        platforms.act(platforms.zettle, "/sell", {"variant_uuid": variant})
        asked = {"lastPurchaseHash": seen} if seen else {}
        found = platforms.till("/purchase/purchases/v2", **asked)
        seen = found.get("lastPurchaseHash", seen)
        for purchase in found["purchases"]:
            for line in purchase["products"]:
                path = f"/catalog/products/{ids[line['variantUuid']]}"
                level = ask("GET", path, None)["inventory_level"]
                ask("PUT", path, {"inventory_level": level - int(line["quantity"])})


def sellable(platforms: Platforms, count: int) -> list[str]:
    """Products of one variant, tracked and in stock at the till: that variant of each."""
    simple = [one for one in platforms.library() if len(one["variants"]) == 1][:count]
    for one in simple:
        tracked = {"product_uuid": one["uuid"], "on": True}
        platforms.act(platforms.zettle, "/tracking", tracked)
        stocked = {"variant_uuid": one["variants"][0]["uuid"], "balance": LEVEL}
        platforms.act(platforms.zettle, "/stock", stocked)
    return [one["variants"][0]["uuid"] for one in simple]


def by_script(name: str, client: Callable[[Platforms], Ask], products: int, sales: int) -> None:
    with sandbox(products) as platforms:
        sold, ask = sellable(platforms, sales), client(platforms)
        there = platforms.made()
        before, began, cpu = platforms.stored(), time.perf_counter(), time.process_time()
        ids = imported(platforms, ask)
        took, used = time.perf_counter() - began, time.process_time() - cpu
        total = platforms.stored() - before
        print(Done(name, *platforms.made(there), total, took, used), flush=True)
        if sold:
            before, cpu = platforms.total(), time.process_time()
            followed(platforms, ask, ids, sold)
            used = time.process_time() - cpu
            say_sales(name, len(sold), platforms.total() - before, used)


def say_sales(name: str, sales: int, total: int, used: float) -> None:
    print(
        f"{name:<13} {sales:4} sales: {total / sales:6.2f} requests and "
        f"{1000 * used / sales:6.1f} ms CPU a sale",
        flush=True,
    )


# ---- Connectors ----------------------------------------------------------------------------------


def by_connector(name: str, products: int) -> None:
    """Where a store asks for categories, one of them creates nothing: that is switched off."""
    with sandbox(products) as platforms:
        platforms.act(platforms.bigcommerce, "/switches", {"categories_required": False})
        wanted = [
            {
                "name": f"{product['name']} {number}",
                "type": "physical",
                "weight": 0,
                "price": amount(product["variants"][0]),
                "categories": [],
                "images": [picture(product)] if picture(product) else [],
            }
            for number, product in enumerate(platforms.library())
        ]
        there = platforms.made()
        before, began = platforms.stored(), time.perf_counter()
        told = subprocess.run(
            [
                NODE, "--require", str(ROOT / "tests/foreign/node/loopback.cjs"),
                str(PACKAGES / "create.mjs"),
            ],
            input=json.dumps({
                "connector": name, "store": platforms.store, "token": platforms.token,
                "products": wanted,
            }),
            env={**os.environ, "SANDBOX_HOSTS": json.dumps(
                {"api.bigcommerce.com": f"{platforms.bigcommerce}/api"}
            )},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        took, said = time.perf_counter() - began, json.loads(told.stdout)
        total = platforms.stored() - before
        print(Done(name, *platforms.made(there), total, took, said["cpu"]), flush=True)
        for why in said["refused"]:
            print(f"{name:<13} refused: {why}")


# ---- Brygga --------------------------------------------------------------------------------------


def reached(told: Json) -> Platforms:
    """The platforms of a bench, with a token of another app's at the till."""
    wanted = {"client_id": OTHER_TOOL.zettle_client_id, "scopes": ZETTLE_SCOPES}
    given = requests.post(f"{told['zettle']}/sandbox/token", json=wanted, timeout=60)
    given.raise_for_status()
    token = given.json()["access_token"]
    store = told["merchants"][0]["store"]
    return Platforms(told["zettle"], told["bigcommerce"], store, "", token)


async def by_brygga(products: int, sales: int, url: str) -> None:
    async with homes.opened(url, products=products, kind="mixed", quota=QUOTA) as home:
        platforms = reached(home.platforms.hello)
        sold = sellable(platforms, sales)
        there = platforms.made()
        run = await syncing.synced(home, products)
        made, several, pictured = platforms.made(there)
        # Our hidden product is none of the merchant's.
        done = Done("brygga", made - 1, several - 1, pictured, run.requests, run.seconds, run.cpu_s)
        print(done, flush=True)
        before, house = platforms.total(), await home.house.ask()
        for variant in sold:
            await home.act("zettle", "/sell", {"variant_uuid": variant})
            await asyncio.sleep(0.5)
        await home.quiet()
        await asyncio.sleep(READ_LAG_S)
        await home.quiet()
        used = (await home.house.ask())["cpu"] - house["cpu"]
        say_sales("brygga", len(sold), platforms.total() - before, used)


def main() -> None:
    logs.configure(logging.ERROR)
    words = [int(word) for word in sys.argv[1:]]
    products, sales = (*words, *(100, 20)[len(words) :])
    with demo_stack.throwaway_database() as url:
        asyncio.run(by_brygga(products, sales, url))
    by_script("bigcommerce", official, products, sales)
    by_script("bigc", bigc, products, sales)
    if not NODE or not (PACKAGES / "node_modules").exists():
        print("the connectors in bench/node are not fetched")
        return
    for name in CONNECTORS:
        by_connector(name, products)


if __name__ == "__main__":
    main()
