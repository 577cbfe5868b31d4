"""The same first import by Brygga and by plain scripts on other makers' clients.

    .venv/bin/python bench/peers.py [N]

N generated products (100 unless told) go from Zettle's sandbox to BigCommerce's, each time into an
empty store: by Brygga, by a script on BigCommerce's own Python client (`bigcommerce`), and by one
on `bigc`. The scripts do the least that shows the products: read the library, create each product
with its variants and stock, then add its pictures. They bind nothing, resolve no clash, wait for no
quota and follow no later change. Their client runs in this process, the sandbox in another.
"""

import asyncio
import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import requests
from bigc.api import BigCommerceAPI
from bigcommerce.api import BigcommerceApi
from requests.adapters import HTTPAdapter

from brygga.cli import demo_stack, logs
from brygga.cli.benching import homes, syncing

QUOTA = 1_000_000
Json = dict[str, Any]
Create = Callable[[str, Json], Json]
"""Posts a body to a path of BigCommerce's third API, and returns what was made."""


class Here(HTTPAdapter):
    """Carries what was meant for BigCommerce's own host to the sandbox."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def send(self, request: Any, *rest: Any, **more: Any) -> requests.Response:
        parts = urlsplit(request.url)
        request.url = f"{self.url}/api{parts.path}" + (f"?{parts.query}" if parts.query else "")
        return super().send(request, *rest, **more)


@contextmanager
def sandbox(products: int) -> Iterator[Json]:
    words = [
        sys.executable, "-m", "brygga_sandbox", "--json", "--port-base", "0",
        "--products", str(products), "--quota", str(QUOTA),
    ]  # fmt: skip
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


def official(platforms: Json) -> Create:
    api = BigcommerceApi(
        client_id="peer",
        store_hash=platforms["bigcommerce"]["store_hash"],
        access_token=platforms["other_tool"]["bigcommerce_token"],
    )
    api.connection._session.mount("https://", Here(platforms["bigcommerce"]["url"]))
    base = f"https://api.bigcommerce.com/stores/{platforms['bigcommerce']['store_hash']}/v3"
    return lambda path, body: dict(api.connection.post(base + path, data=body)["data"])


def bigc(platforms: Json) -> Create:
    client: Any = BigCommerceAPI(
        platforms["bigcommerce"]["store_hash"], platforms["other_tool"]["bigcommerce_token"]
    ).api_v3
    client._session.mount("https://", Here(platforms["bigcommerce"]["url"]))
    return lambda path, body: dict(client.request("POST", path, data=body))


def imported(platforms: Json, create: Create) -> None:
    """What a plain script does."""
    url, token = platforms["zettle"]["url"], platforms["other_tool"]["zettle_access_token"]
    found = requests.get(
        f"{url}/products/organizations/self/products/v2",
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    )
    for number, product in enumerate(found.json()):
        made = create("/catalog/products", body(number, product))
        for image in (product.get("presentation") or {}).get("imageUrl"), None:
            if image:
                create(f"/catalog/products/{made['id']}/images", {"image_url": image})


def body(number: int, product: Json) -> Json:
    price = (product["variants"][0].get("price") or {"amount": 0})["amount"] / 100
    shown: Json = {
        "name": f"{product['name']} {number}",
        "type": "physical",
        "weight": 0,
        "price": price,
        "categories": [],
        "inventory_tracking": "none",
    }
    if len(product["variants"]) > 1:
        shown["variants"] = [
            {
                "sku": f"P{number}-{each}",
                "price": (one.get("price") or {"amount": 0})["amount"] / 100,
                "option_values": [
                    {"option_display_name": "Variant", "label": one.get("name") or str(each)}
                ],
            }
            for each, one in enumerate(product["variants"])
        ]
    return shown


def by_script(name: str, client: Callable[[Json], Create], products: int) -> None:
    with sandbox(products) as platforms:
        create = client(platforms)
        requests.delete(f"{platforms['bigcommerce']['url']}/sandbox/requests", timeout=60)
        began, cpu = time.perf_counter(), time.process_time()
        imported(platforms, create)
        took, used = time.perf_counter() - began, time.process_time() - cpu
        total = requests.get(
            f"{platforms['bigcommerce']['url']}/sandbox/requests", timeout=60
        ).json()
    say(name, products, total["total"], took, used)


async def by_brygga(products: int, url: str) -> None:
    async with homes.opened(url, products=products, kind="mixed", quota=QUOTA) as home:
        run = await syncing.synced(home, products)
    say("brygga", products, run.requests, run.seconds, run.cpu_s)


def say(name: str, products: int, total: int, took: float, used: float) -> None:
    print(
        f"{name:<12} {total / products:6.3f} requests a product, {1000 * used / products:6.1f} ms "
        f"CPU a product, {took:6.1f} s"
    )


def main() -> None:
    logs.configure(logging.ERROR)
    products = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with demo_stack.throwaway_database() as url:
        asyncio.run(by_brygga(products, url))
    by_script("bigcommerce", official, products)
    by_script("bigc", bigc, products)


if __name__ == "__main__":
    main()
