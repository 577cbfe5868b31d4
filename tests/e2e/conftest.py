"""The whole product as a merchant meets it: `brygga demo` as a process of its own, and a real
Chromium.
"""

import asyncio
import email
import email.policy
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.chromium import CHROMIUM, FLAGS
from tests.markers import merchants_products
from tests.wire.test_mail import Server

TIMEOUT_S = 60.0


class Mailbox:
    """A mail server on this machine that keeps what it is sent."""

    def __init__(self) -> None:
        self.server, self.loop = Server(), asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    @contextmanager
    def open(self) -> Iterator[dict[str, str]]:
        """The settings of a service that sends its mail here."""
        self.thread.start()
        listening = asyncio.start_server(self.server.talk, "127.0.0.1", 0)
        opened = asyncio.run_coroutine_threadsafe(listening, self.loop).result()
        settings = {
            "HOST": "127.0.0.1",
            "PORT": str(opened.sockets[0].getsockname()[1]),
            "SECURITY": "off",
            "FROM": "brygga@example.com",
        }
        yield {f"BRYGGA_SMTP_{name}": value for name, value in settings.items()}
        self.loop.call_soon_threadsafe(opened.close)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)

    @property
    def mails(self) -> list[str]:
        """Their texts, newest last."""
        found = []
        for raw in self.server.mails:
            body = email.message_from_string(raw, policy=email.policy.default).get_body(("plain",))
            assert body is not None
            found.append(str(body.get_content()))
        return found


@dataclass
class Demo:
    """A running demo, and what its ready file said."""

    facts: dict[str, Any]
    mailbox: Mailbox = field(default_factory=Mailbox)
    http: httpx2.Client = field(default_factory=lambda: httpx2.Client(timeout=20))

    @property
    def url(self) -> str:
        return str(self.facts["app"])

    @property
    def till(self) -> str:
        return str(self.facts["zettle"]["control"]).removesuffix("/sandbox") + "/till"

    @property
    def shop(self) -> str:
        return str(self.facts["bigcommerce"]["control"]).removesuffix("/sandbox")

    def library(self) -> list[dict[str, Any]]:
        """Zettle's products, read with the token of the merchant's other tool."""
        zettle = self.facts["zettle"]
        answer = self.http.get(
            f"{zettle['products']}/organizations/self/products/v2",
            headers={"Authorization": f"Bearer {zettle['access_token']}"},
        )
        return list(answer.raise_for_status().json())

    def store(self) -> dict[str, Any]:
        """The store as it is, stock without lag, and without our marker (decision 16)."""
        state = dict(
            self.http.get(f"{self.facts['bigcommerce']['control']}/state").raise_for_status().json()
        )
        return {**state, "products": merchants_products(state)}

    def product(self, name: str) -> dict[str, Any] | None:
        return next((one for one in self.store()["products"] if one["name"] == name), None)

    def make(self, name: str, stock: int | None = None) -> dict[str, Any]:
        """A product of one variant, made at the till, once it is in the store with its stock."""
        control = f"{self.facts['zettle']['control']}"

        def sent(path: str, **body: Any) -> dict[str, Any]:
            return dict(self.http.post(f"{control}{path}", json=body).raise_for_status().json())

        product = sent("/products", name=name, variants=[{"price": 19900}])
        if stock is not None:
            sent("/tracking", product_uuid=product["uuid"], on=True)
            sent("/stock", variant_uuid=product["variants"][0]["uuid"], balance=stock)
        self.wait(f"{name} in the store", lambda: self.level(name) == stock)
        return product

    def level(self, name: str) -> int | None:
        """What the store shows, None where it does not count the product. -1: it is not there."""
        found = self.product(name)
        if found is None:
            return -1
        return None if found["inventory_tracking"] == "none" else int(found["inventory_level"])

    def balance(self, variant: str) -> int:
        """What can be sold of a variant at the till, without drawing on Zettle's four requests a
        second.
        """
        state = self.http.get(f"{self.facts['zettle']['control']}/state").raise_for_status().json()
        return int(state["stock"][variant])

    def wait(self, what: str, seen: Any) -> None:
        """Until it is seen; a minute is far more than any promise allows, so that a slow machine
        fails no honest run.
        """
        ends = time.monotonic() + TIMEOUT_S
        while not seen():
            assert time.monotonic() < ends, f"never saw: {what}"
            time.sleep(0.1)


@contextmanager
def running(folder: Path, *more: str) -> Iterator[Demo]:
    """`brygga demo` of twelve products, with these arguments more. Its log must be clean."""
    ready, log = folder / "ready.json", folder / "demo.log"
    command = [
        sys.executable,
        "-m",
        "brygga",
        "demo",
        "--port-base",
        "0",
        "--products",
        "12",
        "--ready-file",
        str(ready),
        *more,
    ]
    mailbox = Mailbox()
    with log.open("wb") as output, mailbox.open() as mail:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **mail}
        )
        try:
            ends = time.monotonic() + TIMEOUT_S
            while not ready.exists():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < ends, log.read_text()
                time.sleep(0.1)
            yield Demo(json.loads(ready.read_text()), mailbox)
            assert process.poll() is None, log.read_text()
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
    assert '"level": "error"' not in log.read_text(), log.read_text()
    assert "Traceback" not in log.read_text(), log.read_text()


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    with running(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One for a whole file: connected, the whole library in the store. Each story makes the
    products that it is about.
    """
    with running(tmp_path_factory.mktemp("shared"), "--connected") as made:
        count = len(made.library())
        made.wait("the first sync", lambda: len(made.store()["products"]) == count)
        yield made


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Ended with its file: while it lives, playwright's loop runs in this thread, and no
    asynchronous test can.
    """
    if not CHROMIUM.exists():
        pytest.skip("no Chromium: install it, or name one in BRYGGA_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(locale="sv-SE", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_S * 1000)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    context.close()
    assert faults == []
