"""Product work survives every answer that a platform can fail to give, at every request of every
story: the end is the one without a fault.

Faults that only a platform can act out (a 207, a batch that is refused whole) are acted out by the
sandbox.
"""

import httpx2
import pytest

from brygga.core.report import Code
from brygga.database.engine import Database
from tests.conftest import MovableClock
from tests.rules.products_bench import Bench, kr, opened
from tests.simulation import product_stories as stories
from tests.simulation.product_stories import Story, Walked


@pytest.fixture
async def bench(database: Database, clock: MovableClock) -> Bench:
    bench = await opened(database, clock)
    bench.sandbox.shop().set_settings(quota=10_000_000)
    await bench.finish_setup()
    return bench


class Failing:
    """The answer to the request number `at` is not the platform's. Before: nothing has happened;
    after: it has done its part.
    """

    def __init__(self, kind: str, at: int) -> None:
        self.kind = kind
        self.at = at
        self.passed = 0
        self.struck = False
        self.moment = "no fault"

    def wire(self, inner: httpx2.AsyncBaseTransport) -> httpx2.AsyncBaseTransport:
        return _Wire(inner, self)

    def disk(self, database: Database) -> Database:
        return database


class _Wire(httpx2.AsyncBaseTransport):
    def __init__(self, inner: httpx2.AsyncBaseTransport, trouble: Failing) -> None:
        self.inner = inner
        self.trouble = trouble

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        trouble = self.trouble
        trouble.passed += 1
        if trouble.passed != trouble.at:
            return await self.inner.handle_async_request(request)
        trouble.struck = True
        trouble.moment = (
            f"{trouble.kind} at request {trouble.at}, {request.method} {request.url.path}"
        )
        match trouble.kind:
            case "unreachable":
                raise httpx2.ConnectError("no route", request=request)
            case "throttled":
                return httpx2.Response(429, request=request)
        answer = await self.inner.handle_async_request(request)
        await answer.aread()
        match trouble.kind:
            case "timeout":
                raise httpx2.ReadTimeout("too late", request=request)
            case "a page" if "json" in answer.headers.get("content-type", ""):
                return httpx2.Response(200, text="<h1>Sorry</h1>", request=request)
            case "a page":
                raise httpx2.RemoteProtocolError(
                    "closed before the end of the body", request=request
                )
            case _:
                return httpx2.Response(500, json={"status": 500}, request=request)


KINDS = ("unreachable", "throttled", "timeout", "a page", "error after the effect")
"""The first two before anything has happened, the others after it. More kinds of each are told
apart at the wire (tests/wire).
"""
STORIES = (
    stories.created, stories.grown, stories.sized, stories.simplified, stories.coloured,
    stories.unassigned, stories.lost, stories.five,
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.rule("P8", "P10", "A3")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
async def test_a_fault_at_every_request_comes_to_the_end_without_one(
    bench: Bench, story: Story, kind: str
) -> None:
    walked = Walked(bench, story)

    faults = await walked.walk(lambda at: Failing(kind, at))
    print(f"\n  {kind} at every request of {walked}")  # noqa: T201 - to be read with -s

    assert faults > 1
    walked.judge(spare=3)


# ---- What only a platform can act out ------------------------------------------------------------


@pytest.mark.rule("P5")
@pytest.mark.parametrize("path", ["*/catalog/products", "*/catalog/variants"])
async def test_a_refused_batch_is_halved_until_only_the_failing_part_fails(
    bench: Bench, path: str
) -> None:
    """A refusal that names nobody: every product of it is saved all the same, one by one at
    worst.
    """
    shirts = [bench.shirt("S", "M", name=f"Tröja {n}") for n in range(12)]
    await bench.sync(*shirts)
    rule = bench.sandbox.bigcommerce.faults.add("batch_refused", method="PUT", path=path, next=3)
    for uuid in shirts:
        rows = [
            dict(one) | {"price": kr(5)} for one in bench.sandbox.till().product(uuid)["variants"]
        ]
        bench.save(uuid, description="Ny", variants=rows)

    await bench.sync(*shirts)

    shown = [await bench.shown(uuid) for uuid in shirts]
    assert 3 == rule.fired
    assert {"<p>Ny</p>"} == {one["description"] for one in shown}
    assert {5} == {variant["price"] for one in shown for variant in one["variants"]}


@pytest.mark.rule("P5")
async def test_one_bad_product_of_a_batch_is_named_and_the_other_nine_are_saved(
    bench: Bench,
) -> None:
    """A name that the merchant's own product has: it gets its suffix and a line, the others go as
    they are (decision 6).
    """
    uuids = [bench.till_product(f"Mugg {n}", {"sku": f"M{n}", "price": kr(1)}) for n in range(10)]
    await bench.sync(*uuids)
    await bench.sandbox.shop().add_product(name="Upptaget", price=1)
    for number, uuid in enumerate(uuids):
        bench.save(uuid, name="Upptaget" if number == 6 else f"Kopp {number}")
    bench.sandbox.bigcommerce.requests.reset()

    await bench.sync(*uuids)

    names = [(await bench.shown(uuid))["name"] for uuid in uuids]
    clashes = [
        (line.subject, line.params["field"])
        for line in await bench.log()
        if line.code is Code.CLASH
    ]
    assert [f"Kopp {number}" for number in range(10) if number != 6] == names[:6] + names[7:]
    assert names[6].startswith("Upptaget (")
    assert [(uuids[6], "name")] == clashes
    assert bench.sandbox.bigcommerce.requests.writes() <= 9


@pytest.mark.rule("P3", "P12")
async def test_a_create_that_was_kept_in_part_is_kept_and_completed(bench: Bench) -> None:
    """207: the product is there, a part of it is not."""
    rule = bench.sandbox.bigcommerce.faults.add(
        "partial", method="POST", path="*/catalog/products", next=1
    )
    uuid = bench.shirt("S", "M")

    await bench.sync(uuid)
    await bench.wait(60)

    shown = await bench.shown(uuid)
    assert (1, ["Tröja"]) == (rule.fired, await bench.in_shop())
    assert {"TR-S", "TR-M"} == {one["sku"] for one in shown["variants"]}
    assert await bench.binding(uuid)


@pytest.mark.rule("P12")
async def test_a_refused_delete_of_many_leaves_only_what_cannot_be_deleted(bench: Bench) -> None:
    """Halved too; what stays is tried again (decision 11)."""
    uuids = [bench.till_product(f"Mugg {n}", {"sku": f"M{n}", "price": kr(1)}) for n in range(8)]
    await bench.sync(*uuids)
    rule = bench.sandbox.bigcommerce.faults.add(
        "5xx_before", method="DELETE", path="*/catalog/products", next=3, params={"status": 422}
    )
    for uuid in uuids:
        bench.sandbox.till().delete_product(uuid)

    await bench.sync(*uuids, detail="deleted")
    await bench.wait(600)

    assert (3, []) == (rule.fired, await bench.in_shop())
