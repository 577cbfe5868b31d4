"""Every fault on either platform: what the caller meets, and whether the world has changed."""

import asyncio
import itertools
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from brygga_sandbox.clock import ManualClock
from brygga_sandbox.faults import AFTER, BEFORE, GENERAL, HOLLOWS, SPECIAL, Faults
from brygga_sandbox.sandbox import Plan, Sandbox
from brygga_sandbox.zettle import painted

JSON = dict[str, Any]
SIDES = ("zettle", "bigcommerce")
NUMBERS = itertools.count(1)


class Caller:
    """A client of one platform that makes products and counts them."""

    def __init__(self, sandbox: Sandbox, side: str, http: httpx2.AsyncClient) -> None:
        self.sandbox, self.side, self.http = sandbox, side, http
        self.faults: Faults = (
            sandbox.zettle.faults if side == "zettle" else sandbox.bigcommerce.faults
        )
        self.root = (
            f"{sandbox.plan.zettle_url}/products/organizations/self"
            if side == "zettle"
            else f"{sandbox.api()}/v3"
        )
        self.path = "/products" if side == "zettle" else "/catalog/products"
        self.headers = (
            {"Authorization": f"Bearer {sandbox.zettle_tokens().access}"}
            if side == "zettle"
            else {"X-Auth-Token": sandbox.store_token()}
        )

    async def ask(
        self, method: str, path: str, body: Any = None, root: str | None = None
    ) -> httpx2.Response:
        url = (root or self.root) + path
        return await self.http.request(method, url, headers=self.headers, json=body)

    async def write(self, **fields: Any) -> httpx2.Response:
        """A product more."""
        name = f"Mugg {next(NUMBERS)}"
        if self.side == "zettle":
            body: JSON = {
                "uuid": str(uuid.uuid1()),
                "name": name,
                "variants": [{"uuid": str(uuid.uuid1())}],
            }
        else:
            body = {"name": name, "type": "physical", "weight": 0, "price": 1, "categories": []}
        return await self.ask("POST", self.path, {**body, **fields})

    async def read(self) -> httpx2.Response:
        """The list of products."""
        return await self.ask("GET", self.path + ("/v2" if self.side == "zettle" else ""))

    @property
    def made(self) -> int:
        """How many products there are."""
        if self.side == "zettle":
            return len(self.sandbox.merchant.organization.products)
        return len(self.sandbox.shop().store.products)

    async def patiently(self, seconds: float) -> httpx2.Response | Exception:
        """A write whose answer takes its time on the clock, which is moved on; what came of it."""
        clock = self.sandbox.clock
        assert isinstance(clock, ManualClock)
        call = asyncio.ensure_future(self.write())
        await clock.advance(seconds - 1)
        assert not call.done()
        await clock.advance(2)
        (result,) = await asyncio.gather(call, return_exceptions=True)
        assert not isinstance(result, BaseException) or isinstance(result, Exception)
        return result


@pytest.fixture(params=SIDES)
async def caller(request: pytest.FixtureRequest) -> AsyncIterator[Caller]:
    sandbox = Sandbox(Plan(products=0, drawings=False), ManualClock())
    async with httpx2.AsyncClient(transport=sandbox.transport()) as http:
        yield Caller(sandbox, request.param, http)
    await sandbox.stop()


STATUSES: list[tuple[str, JSON, int]] = [
    ("429", {}, 429), ("429", {"retry_after": 3}, 429),
    *(("5xx_before", {"status": status}, status) for status in (500, 502, 503, 504)),
    *(("5xx_after", {"status": status}, status) for status in (500, 502, 503, 504)),
    ("html", {"status": 200}, 200), ("html", {"status": 502}, 502), ("token_expired", {}, 401),
    ("token_revoked", {}, 401),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "params", "status"), STATUSES, ids=[f"{kind}-{n}" for kind, _, n in STATUSES]
)
async def test_an_answer_in_place_of_the_right_one(
    caller: Caller, kind: str, params: JSON, status: int
) -> None:
    """For the next call only; before its effect or after it, as the kind says."""
    before = caller.made
    caller.faults.add(kind, next=1, params=params)

    struck, healed = await caller.write(), await caller.write()

    assert (struck.status_code, healed.status_code < 300) == (status, True)
    assert caller.made == before + 1 + (kind in AFTER)
    if kind == "html":
        assert "html" in struck.headers["content-type"]
        assert struck.text.lower().startswith("<!doctype html>")
    if kind == "429":
        named = struck.headers.get("Retry-After") or struck.headers.get("X-Retry-After")
        assert named == (str(params["retry_after"]) if params else None)


@pytest.mark.parametrize("kind", ["cut_before", "cut_after"])
async def test_a_cut_connection(caller: Caller, kind: str) -> None:
    before = caller.made
    caller.faults.add(kind, next=1)

    with pytest.raises(httpx2.RemoteProtocolError):
        await caller.write()

    assert caller.made == before + (kind == "cut_after")


@pytest.mark.parametrize("kind", ["timeout_before", "timeout_after"])
async def test_no_answer_at_all(caller: Caller, kind: str) -> None:
    before = caller.made
    caller.faults.add(kind, next=1, params={"seconds": 30})

    assert isinstance(await caller.patiently(30), httpx2.ReadTimeout)

    assert caller.made == before + (kind == "timeout_after")


async def test_a_slow_answer_is_the_right_one(caller: Caller) -> None:
    before = caller.made
    caller.faults.add("slow", next=1, params={"seconds": 30})

    answer = await caller.patiently(30)

    assert isinstance(answer, httpx2.Response)
    assert answer.status_code < 300
    assert caller.made == before + 1


async def test_a_fault_strikes_by_method_path_and_number(caller: Caller) -> None:
    """Others go on; `skip` lets so many pass, `next` ends it, and what has fired is counted."""
    rule = caller.faults.add("5xx_before", method="POST", path=f"*{caller.path}", skip=2, next=2)

    writes = [(await caller.write()).status_code < 300 for _ in range(5)]
    reads = [(await caller.read()).status_code for _ in range(2)]

    assert writes == [True, True, False, False, True]
    assert reads == [200, 200]
    assert rule.fired == 2


async def test_a_fault_strikes_with_its_probability(caller: Caller) -> None:
    caller.faults.add("5xx_before", path="*", probability=0.3)

    struck = [(await caller.read()).status_code == 500 for _ in range(150)]

    assert 25 <= sum(struck) <= 65
    assert True in struck[:20]
    assert False in struck[:20]


async def test_a_batch_is_refused_whole(caller: Caller) -> None:
    """Each platform's own batches, none of which changes anything."""
    caller.faults.add("batch_refused", next=10)
    made = (await caller.write()).json() if caller.side == "bigcommerce" else {}
    if caller.side == "zettle":
        await caller.write()
        stored = next(iter(caller.sandbox.merchant.organization.products.values())).value()
        row = {
            "productUuid": stored["uuid"],
            "variantUuid": stored["variants"][0]["uuid"],
            "from": "a",
            "to": "b",
            "change": 1,
        }
        host = caller.sandbox.plan.zettle_url
        answers = [
            await caller.ask("POST", "/v3/movements", {"movements": [row]}, f"{host}/inventory"),
            await caller.ask("DELETE", f"/products?uuid={stored['uuid']}"),
            await caller.ask("POST", "/import/v2", {"products": [stored]}),
            await caller.ask(
                "POST",
                "/v2/images/organizations/self/products/bulk",
                {"imageUploads": [{}]},
                f"{host}/image",
            ),
        ]
    else:
        number = made["data"]["id"]
        rows = [{"id": number, "name": "Annat"}]
        items = {"items": [{"location_id": 1, "product_id": number, "quantity": 1}]}
        answers = [
            await caller.ask("PUT", "/catalog/products", rows),
            await caller.ask(
                "PUT", "/catalog/variants", [{"id": made["data"]["base_variant_id"], "price": 7}]
            ),
            await caller.ask("PUT", "/inventory/adjustments/absolute", items),
            await caller.ask("POST", "/inventory/adjustments/relative", items),
        ]

    wanted = {400} if caller.side == "zettle" else {422}
    assert {answer.status_code for answer in answers} == wanted
    assert caller.faults.rules[0].fired == 4
    assert caller.made == 1


async def test_a_part_is_lost_or_a_read_is_old_only_as_the_documents_say() -> None:
    """BigCommerce's 207 and late readings; Zettle refuses the rules with the reason."""
    sandbox = Sandbox(Plan(products=0, drawings=False), ManualClock())
    for kind in ("partial", "stale_inventory"):
        with pytest.raises(ValueError, match=f"there is no {kind} here"):
            sandbox.zettle.faults.add(kind)
    async with httpx2.AsyncClient(transport=sandbox.transport()) as http:
        shop = Caller(sandbox, "bigcommerce", http)
        shop.faults.add("partial", next=1)
        partly = await shop.write(inventory_tracking="product", inventory_level=3)
        number = partly.json()["data"]["id"]
        assert (partly.status_code, partly.json()["data"]["inventory_level"]) == (207, 0)

        item = {"location_id": 1, "product_id": number, "quantity": 5}
        assert (
            await shop.ask("PUT", "/inventory/adjustments/absolute", {"items": [item]})
        ).status_code == 200
        sandbox.shop().store.read_lag_s = 10.0
        await sandbox.clock.sleep(0)
        item["quantity"] = 9
        await shop.ask("PUT", "/inventory/adjustments/absolute", {"items": [item]})
        shop.faults.add("stale_inventory", next=1, params={"seconds": 5})
        sandbox.shop().store.read_lag_s = 0.0

        async def seen() -> int:
            rows = (await shop.ask("GET", f"/inventory/items?product_id:in={number}")).json()[
                "data"
            ]
            return int(rows[0]["locations"][0]["total_inventory_onhand"])

        assert [await seen(), await seen()] == [5, 9]
    await sandbox.stop()


async def test_a_picture_cannot_be_fetched(caller: Caller) -> None:
    """Where it is sent by address, and at the till also where it is looked at."""
    sandbox = caller.sandbox
    sandbox.zettle.add_picture("mugg.png", *painted("mugg"))
    address = f"{sandbox.plan.zettle_url}/image/product/mugg.png"
    caller.faults.add("image_missing", next=1)

    if caller.side == "zettle":
        struck, healed = [(await caller.http.get(address)).status_code for _ in range(2)]
        assert (struck, healed) == (404, 200)
        return
    refused = await caller.write(images=[{"image_url": address}])
    assert (refused.status_code, caller.made) == (422, 0)
    assert (await caller.write(images=[{"image_url": address}])).status_code == 200
    number = next(iter(sandbox.shop().store.products))
    caller.faults.add("image_missing", next=1)
    answers = [
        await caller.ask("POST", f"/catalog/products/{number}/images", {"image_url": address})
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [400, 200]


@pytest.mark.parametrize("answer", HOLLOWS)
async def test_an_answer_that_says_nothing(caller: Caller, answer: str) -> None:
    """In place of the right one, which is there all the same."""
    right = await caller.read()
    caller.faults.add("hollow", next=1, params={"answer": answer})

    struck, healed = await caller.read(), await caller.read()

    status, body = HOLLOWS[answer]
    assert (struck.status_code, healed.content) == (status, right.content)
    if answer == "cut":
        assert struck.content == right.content[: len(right.content) // 2]
    elif answer == "page":
        assert "html" in struck.headers["content-type"]
    else:
        assert struck.content == body


async def test_a_fault_ends_when_its_time_is_over(caller: Caller) -> None:
    clock = caller.sandbox.clock
    assert isinstance(clock, ManualClock)
    caller.faults.add("hollow", lasts_s=600, params={"answer": "not_found"})

    before = (await caller.read()).status_code
    await clock.advance(601)

    assert (404, 200) == (before, (await caller.read()).status_code)


@pytest.mark.parametrize(
    "wrong", [{"params": {"answer": "none"}}, {}, {"params": {"answer": "null"}, "lasts_s": -1}]
)
def test_a_hollow_answer_with_a_typing_error_is_refused(wrong: JSON) -> None:
    sandbox = Sandbox(Plan(products=0, drawings=False), ManualClock())
    with pytest.raises(ValueError, match=r"answer is one of|lasts_s is a number"):
        sandbox.zettle.faults.add("hollow", **wrong)


def test_every_kind_of_fault_is_struck_in_here() -> None:
    struck = {kind for kind, _, _ in STATUSES} | {
        "cut_before",
        "cut_after",
        "timeout_before",
        "timeout_after",
        "slow",
        "hollow",
    }

    assert struck == GENERAL
    assert {"batch_refused", "partial", "stale_inventory", "image_missing"} == SPECIAL
    assert BEFORE & AFTER == frozenset()
