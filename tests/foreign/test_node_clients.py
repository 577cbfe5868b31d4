"""Clients in Node by other makers: `node-bigcommerce` and `@space48/bigcommerce-api`."""

import asyncio
import base64
import hashlib
import hmac
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.foreign.shopfront import Shopfront

NODE = shutil.which("node") or ""
HERE = Path(__file__).parent / "node"
CLIENTS = ("node-bigcommerce", "space48")
Step = dict[str, Any]

pytestmark = pytest.mark.skipif(
    not NODE or not (HERE / "node_modules" / ".fetched").exists(),
    reason="no Node, or its clients are not fetched (scripts/node.sh)",
)


def step(client: str, call: str, *values: Any, version: str = "v3") -> Step:
    return {"client": client, "version": version, "call": call, "values": values}


async def taken(front: Shopfront, *steps: Step, **config: Any) -> list[dict[str, Any]]:
    """What came of each step: `result`, or `error`."""
    app = front.app
    known = {
        "clientId": app.bigcommerce_client_id,
        "secret": app.bigcommerce_client_secret,
        "callback": app.bigcommerce_auth_url,
        "storeHash": front.sandbox.merchant.store_hash,
        "accessToken": front.sandbox.store_token(connector=app),
    }
    process = await asyncio.create_subprocess_exec(
        NODE, "--require", str(HERE / "loopback.cjs"), str(HERE / "run.cjs"),
        env={"SANDBOX_HOSTS": json.dumps(front.hosts), "PATH": ""},
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said = json.dumps({"config": {**known, **config}, "steps": steps}).encode()
    out, complaints = await asyncio.wait_for(process.communicate(said), 60)
    assert process.returncode == 0, complaints.decode()
    return [json.loads(line) for line in out.splitlines()]


def cup(number: int = 1) -> dict[str, Any]:
    return {
        "name": f"Kopp {number}", "sku": f"K-{number}", "type": "physical", "weight": 0.4,
        "price": 249.5, "categories": [],
    }  # fmt: skip


async def test_a_product_is_made_read_changed_and_deleted(front: Shopfront) -> None:
    """By both clients, each in its own words."""
    first = (await front.sandbox.shop().add_product(**cup(9))).id
    one, other = f"/catalog/products/{first + 1}", {"path": {"product_id": first + 2}}
    path = "/catalog/products/{product_id}"
    node = [
        step("node-bigcommerce", "post", "/catalog/products", cup(1)),
        step("node-bigcommerce", "put", one, {"name": "Mugg"}),
        step("node-bigcommerce", "get", one),
    ]
    space48 = [
        step("space48", "post", "/catalog/products", {"body": cup(2)}),
        step("space48", "put", path, {**other, "body": {"name": "Skål"}}),
        step("space48", "get", path, other),
        step("space48", "delete", path, other),
        step("space48", "get", path, other),
    ]

    came = await taken(front, *node, *space48)
    results = [one.get("result", one) for one in came]
    assert [row["data"]["name"] for row in results[:3]] == ["Kopp 1", "Mugg", "Mugg"]
    assert [row["name"] for row in results[3:6]] == ["Kopp 2", "Skål", "Skål"]
    assert results[6:] == [None, None]


async def test_every_page_is_read_and_the_second_version_too(front: Shopfront) -> None:
    shop = front.sandbox.shop()
    for number in range(5):
        await shop.add_product(**cup(number))
    shop.place([{"sku": "K-1", "quantity": 2}])

    listed, store, orders, time = await taken(
        front,
        step("space48", "list", "/catalog/products", {"query": {"limit": 2}}),
        step("node-bigcommerce", "get", "/store", version="v2"),
        step("node-bigcommerce", "get", "/orders?limit=5", version="v2"),
        step("space48", "get", "/time", version="v2"),
    )
    assert sorted(row["name"] for row in listed["result"]) == [f"Kopp {n}" for n in range(5)]
    assert store["result"]["id"] == front.sandbox.merchant.store_hash
    assert [row["items_total"] for row in orders["result"]] == [2]
    assert time["result"]["time"] == int(front.clock.now())


async def test_a_code_becomes_a_token(front: Shopfront) -> None:
    """The client posts JSON; a code is good once."""
    asked = front.installation()

    given, again = await taken(
        front,
        step("node-bigcommerce", "authorize", asked),
        step("node-bigcommerce", "authorize", asked),
    )
    assert given["result"]["context"] == f"stores/{front.sandbox.merchant.store_hash}"
    assert given["result"]["access_token"]
    assert "invalid_grant" in again["error"]


async def test_refusals_are_errors(front: Shopfront) -> None:
    missing, unknown, token = await taken(
        front,
        step("node-bigcommerce", "post", "/catalog/products", {"name": "Kopp"}),
        step("space48", "post", "/catalog/products", {"body": {**cup(), "colour": "red"}}),
        step("node-bigcommerce", "get", "/no/such", version="v3"),
    )
    assert missing["code"] == 422
    assert "422" in unknown["error"]
    assert "colour" in unknown["error"]
    assert token["code"] == 404


async def test_a_dead_token_is_an_error_where_its_answer_is_json(front: Shopfront) -> None:
    """One client reads every answer as JSON. The documents show a text for 401
    (`unauthorized_body`), at which it only says that this is none.
    """
    asked = step("space48", "get", "/store", version="v2")
    (text,) = await taken(front, asked, accessToken="no such")
    store = front.sandbox.shop().store
    store.switches = replace(store.switches, unauthorized_body="json")
    (json_body,) = await taken(front, asked, accessToken="no such")

    assert "not valid JSON" in text["error"]
    assert "401" in json_body["error"]


async def test_a_client_out_of_quota_learns_when_to_come_back(front: Shopfront) -> None:
    front.sandbox.shop().set_settings(quota=1)

    first, second = await taken(
        front, *[step("node-bigcommerce", "get", "/store", version="v2")] * 2
    )
    assert "result" in first
    assert second["retryAfter"] == 30


async def test_stock_is_set_and_read(front: Shopfront) -> None:
    made = await front.sandbox.shop().add_product(**cup(), inventory_tracking="product")
    row = {"location_id": 1, "product_id": made.id, "quantity": 7}
    relative = {"reason": "count", "items": [{**row, "quantity": -2}]}

    came = await taken(
        front,
        step(
            "node-bigcommerce", "put", "/inventory/adjustments/absolute",
            {"reason": "count", "items": [row]},
        ),
        step("space48", "send", "POST /inventory/adjustments/relative", {"body": relative}),
        step("space48", "get", "/catalog/products/{product_id}",
             {"path": {"product_id": made.id}}),
    )  # fmt: skip
    assert "error" not in came[0], came
    assert came[1]["result"]["status"] == 200
    assert came[2]["result"]["inventory_level"] == 5


async def test_the_old_signed_payload_is_not_sent_any_more(front: Shopfront) -> None:
    """The client reads the form of before 2021, its parts joined by a point; the sandbox signs JSON
    Web Tokens only, as the documents say now.
    """
    data = json.dumps({"user": {"id": 1}, "store_hash": "abc"}).encode()
    secret = front.app.bigcommerce_client_secret.encode()
    signature = hmac.new(secret, data, hashlib.sha256).hexdigest().encode()
    old = ".".join(base64.b64encode(part).decode() for part in (data, signature))
    apps = front.sandbox.bigcommerce.apps
    store = front.sandbox.bigcommerce.stores[front.sandbox.merchant.store_hash]
    new = apps.payload(apps.registered[front.app.bigcommerce_client_id], store, store.owner)

    read, unread = await taken(
        front,
        step("node-bigcommerce", "verify", old),
        step("node-bigcommerce", "verify", new),
    )
    assert read["result"]["store_hash"] == "abc"
    assert "error" in unread
