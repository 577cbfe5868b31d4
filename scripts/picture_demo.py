"""The demo that the pictures are of, and what happens in it before they are taken."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from playwright.sync_api import Page

TIMEOUT_S = 300.0


@dataclass
class Sandbox:
    """A running demo."""

    facts: dict[str, Any]
    http: httpx2.Client

    @property
    def url(self) -> str:
        return str(self.facts["app"])

    def till(self, path: str, body: dict[str, Any]) -> None:
        self.http.post(f"{self.facts['zettle']['control']}{path}", json=body).raise_for_status()

    def shop(self, path: str, body: dict[str, Any]) -> None:
        self.http.post(
            f"{self.facts['bigcommerce']['control']}{path}", json=body
        ).raise_for_status()

    def store(self) -> dict[str, Any]:
        return dict(
            self.http.get(f"{self.facts['bigcommerce']['control']}/state").raise_for_status().json()
        )

    def library(self) -> list[dict[str, Any]]:
        headers = {"Authorization": f"Bearer {self.facts['zettle']['access_token']}"}
        where = f"{self.facts['zettle']['products']}/organizations/self/products/v2"
        return list(self.http.get(where, headers=headers).raise_for_status().json())

    def product(self, product_id: int) -> dict[str, Any]:
        return next(one for one in self.store()["products"] if one["id"] == product_id)


@contextmanager
def sandbox(folder: Path) -> Iterator[Sandbox]:
    """A demo of its own, which keeps its files in this folder and ends with this."""
    ready, log = folder / "ready.json", folder / "demo.log"
    command = [
        sys.executable,
        "-m",
        "brygga",
        "demo",
        "--port-base",
        "0",
        "--ready-file",
        str(ready),
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)  # noqa: S603 - our own
        try:
            until(lambda: ready.exists() or process.poll() is not None)
            yield Sandbox(json.loads(ready.read_text()), httpx2.Client(timeout=20))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def until(seen: Callable[[], object]) -> None:
    """Waits until this is true. Raises TimeoutError after `TIMEOUT_S`."""
    ends = time.monotonic() + TIMEOUT_S
    while not seen():
        if time.monotonic() > ends:
            raise TimeoutError("the demo never came so far")
        time.sleep(0.2)


def synced(page: Page, sandbox: Sandbox) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """By name: what is in both systems. Waits until the first sync is over."""
    page.goto(f"{sandbox.url}/apps/bigcommerce")

    def figure(name: str) -> str:
        return str(page.locator(f"[data-live-text={name}]").inner_text())

    until(lambda: figure("waiting") == "0" and figure("synced") != "0")
    in_shop = {one["name"]: one for one in sandbox.store()["products"]}
    return {
        one["name"]: (one, in_shop[one["name"]])
        for one in sandbox.library()
        if one["name"] in in_shop
    }


def a_day(sandbox: Sandbox, mug: dict[str, Any], there: dict[str, Any]) -> None:
    """Sales, a restock, an order and a refund, so that there is something to explain."""
    variant, product_id = mug["variants"][0]["uuid"], there["id"]

    def level() -> int:
        return int(sandbox.product(product_id)["inventory_level"])

    for path, body, after in (
        ("/stock", {"variant_uuid": variant, "balance": 15}, 15),
        ("/sell", {"variant_uuid": variant, "quantity": 2}, 13),
        ("/sell", {"variant_uuid": variant, "quantity": 5}, 8),
    ):
        sandbox.till(path, body)
        until(lambda after=after: level() == after)  # type: ignore[misc]
    variant_id = there["variants"][0]["id"]
    sandbox.shop(
        "/orders", {"lines": [{"product_id": product_id, "variant_id": variant_id, "quantity": 2}]}
    )
    time.sleep(3)
    sandbox.till("/refund", {"variant_uuid": variant, "quantity": 1})
    until(lambda: level() == 7)


def edited(page: Page, sandbox: Sandbox, product: dict[str, Any], there: dict[str, Any]) -> None:
    """Somebody edits the product in BigCommerce, and its page has read that."""
    edits = {
        "name": f"{there['name']}, handgjord",
        "description": "<p>Drejad &amp; <b>bränd</b></p>",
    }
    sandbox.shop(f"/products/{there['id']}", {**edits, "weight": 1.25})
    page.goto(f"{sandbox.url}/library/{product['uuid']}")
    page.get_by_role("button", name="Read again").click()
    page.get_by_text("have been edited in BigCommerce").wait_for()


def state_now(page: Page, sandbox: Sandbox) -> None:
    """A statement without waiting for the night."""
    page.goto(f"{sandbox.url}/apps/bigcommerce/statements")
    page.get_by_role("button", name="Compare now").click()
    page.locator("td a", has_text="CSV").first.wait_for()


def plain(product: dict[str, Any], there: dict[str, Any]) -> bool:
    """One variant with a name in letters that every machine can draw, and enough of it on the
    stock record.
    """
    drawable = product["name"].isprintable() and all(
        ord(letter) < 0x250 for letter in product["name"]
    )
    return (
        drawable
        and len(product["variants"]) == 1
        and there["inventory_tracking"] != "none"
        and there["inventory_level"] >= 4
    )
