"""A product of our own form, from the page to both platforms, whatever gets lost on the way (rule
P9).
"""

import re
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from brygga.core.report import Code
from brygga.database import additions, work_items
from brygga.database.additions import Addition
from brygga.database.work_items import Kind
from brygga.sync.products.adding import Wanted
from brygga.zettle.values import NewProduct, NewVariant
from tests.rules.stack import JSON, URL, DemoStack
from tests.web.test_add_product import png

FORM = "/library/new"
PRODUCTS, MOVEMENTS = "/products/organizations/self/products", "/inventory/v3/movements"


async def add(home: DemoStack, *files: bytes, at: str = FORM, **fields: str) -> str:
    """The form filled in and saved: the uuid of what is being added."""
    page = await home.open(at)
    hidden = dict(
        re.findall(r'<input type="hidden" name="(_csrf_token|key)" value="([^"]+)"', page)
    )
    data: dict[str, Any] = {**hidden, "action": "save", "bigcommerce": "yes", **fields}
    sent = [("picture", (f"{n}.png", content, "image/png")) for n, content in enumerate(files)]
    nothing = [("picture", ("", b"", "application/octet-stream"))]
    answer = await browser(home).post(f"{URL}{FORM}", data=data, files=sent or nothing)
    assert 303 == answer.status_code, answer.text
    return str(answer.headers["location"].rpartition("/")[2])


def browser(home: DemoStack) -> httpx2.AsyncClient:
    """The merchant's, with the cookies."""
    return home.browser_session._http


async def ask_for(home: DemoStack, form: dict[str, str], product: NewProduct) -> None:
    """What our form would have let through, if Zettle's limits were others than we know."""
    connection, now = await home.connection(), home.service.worker.clock.now()
    async with home.service.database.transaction() as tx:
        await additions.keep_draft(tx, connection.id, product.uuid, tuple(form.items()), now)
        await additions.send(tx, connection.id, product.uuid, Wanted(product).plain(), now)
        await work_items.add(tx, connection.id, Kind.ADDITION, product.uuid, now)
        await home.jobs.enqueue(tx, connection.id)


def made(home: DemoStack) -> list[JSON]:
    stored = home.till.organization.products_after(0)
    return [one.value() for one in stored if one.value()["name"] == "Mugg"]


def sent(home: DemoStack, path: str) -> int:
    """How often a POST of ours reached this path at the till."""
    return len([one for one in home.asked("POST", of="till") if one.path == path])


def fault(home: DemoStack, kind: str, path: str, **more: Any) -> None:
    home.sandbox.zettle.faults.add(kind, method="POST", path=path, next=1, **more)


async def left(home: DemoStack, uuid: str) -> Addition | None:
    connection = await home.connection()
    async with home.service.database.read() as tx:
        return await additions.get(tx, connection.id, uuid)


@pytest.fixture
async def running(home: DemoStack) -> DemoStack:
    await home.connect()
    return home


@pytest.mark.rule("P9", "P1")
async def test_everything_that_was_typed_stands_in_zettle_and_in_the_shop(
    running: DemoStack,
) -> None:
    uuid = await add(
        running,
        png(),
        png(200),
        name="Mugg",
        price="249,50",
        vat="12",
        sku="MUG-1",
        barcode="7310865004703",
        description="I kassan",
        online_description="På nätet",
        weight="450",
        weight_unit="g",
        seo_title="Mugg | Lind",
        seo_description="Handgjord",
        slug="bla-mugg",
        tracked="yes",
        stock="7",
    )
    await running.wait(60)
    product, shown = running.till.product(uuid), running.shown(uuid)
    (variant,) = product["variants"]
    online = product["online"]

    assert ("Mugg", "I kassan", "12.0") == (
        product["name"],
        product["description"],
        product["vatPercentage"],
    )
    assert ({"amount": 24950, "currencyId": "SEK"}, "MUG-1") == (variant["price"], variant["sku"])
    assert ("På nätet", 450) == (online["description"], online["shipping"]["weightInGrams"])
    assert {"title": "Mugg | Lind", "metaDescription": "Handgjord", "slug": "bla-mugg"} == online[
        "seo"
    ]
    assert product["presentation"]["imageUrl"] == online["presentation"]["displayImageUrl"]
    assert 1 == len(online["presentation"]["additionalImageUrls"])
    assert [(7, 7)] == running.levels(uuid)
    assert (249.5, "MUG-1", 2, False) == (
        shown["price"],
        shown["sku"],
        len(shown["images"]),
        shown["is_visible"],
    )
    assert "/bla-mugg/" == shown["custom_url"]["url"]
    assert await left(running, uuid) is None
    assert Code.PRODUCT_ADDED in await running.codes()
    assert "Mugg" in await running.read(f"/library/new/{uuid}"), (
        "the page has gone on to the product"
    )


@pytest.mark.rule("P9")
async def test_variants_have_their_own_prices_skus_and_stock(running: DemoStack) -> None:
    rows: dict[str, str] = {}
    for n, (size, price, stock) in enumerate(
        (("S", "", "3"), ("M", "219", "0"), ("L", "229", "5"))
    ):
        cells = {
            "key": f'["{size}"]',
            "use": "yes",
            "price": price,
            "sku": f"TR-{size}",
            "stock": stock,
        }
        rows |= {f"row-{part}-{n}": text for part, text in cells.items()}
    options = {"option-1-name": "Storlek", "option-1-values": "S, M, L"}
    uuid = await add(running, name="Tröja", price="199", tracked="yes", **options, **rows)
    await running.wait(60)
    product = running.till.product(uuid)

    assert [19900, 21900, 22900] == [one["price"]["amount"] for one in product["variants"]]
    assert [(3, 3), (0, 0), (5, 5)] == running.levels(uuid)
    assert 1 == sent(running, MOVEMENTS)


@pytest.mark.rule("P9")
@pytest.mark.parametrize("whole_library", [True, False])
async def test_an_unticked_product_is_never_in_the_shop_although_its_webhook_is_quick(
    home: DemoStack, whole_library: bool
) -> None:
    await home.connect(whole_library=whole_library)
    uuid = await add(home, name="Kassakopp", bigcommerce="", tracked="yes", stock="2")
    await home.wait(60)
    home.till.edit_product(uuid, name="Kassakopp två")
    await home.wait(60)

    assert "Kassakopp två" == home.till.product(uuid)["name"]
    assert [] == home.in_shop()
    assert [] == [
        one.path for one in home.asked_of_products("POST") if one.path.endswith("/catalog/products")
    ]


@pytest.mark.rule("P8", "P9")
async def test_a_ticked_product_is_synced_in_by_hand_mode_too(home: DemoStack) -> None:
    await home.connect(whole_library=False)
    uuid = await add(home, name="Mugg")
    await home.wait(60)

    assert "Mugg" == home.shown(uuid)["name"]


@pytest.mark.rule("P9")
@pytest.mark.parametrize(
    "kind", ["5xx_before", "5xx_after", "timeout_before", "timeout_after", "cut_after"]
)
async def test_a_create_whose_answer_is_lost_makes_one_product(
    running: DemoStack, kind: str
) -> None:
    fault(running, kind, PRODUCTS)
    uuid = await add(running, name="Mugg", sku="MUG-1", tracked="yes", stock="4")
    await running.wait(120)

    assert [uuid] == [one["uuid"] for one in made(running)]
    assert [(4, 4)] == running.levels(uuid)
    assert 1 == (await running.codes()).count(Code.PRODUCT_ADDED)


@pytest.mark.rule("P9", "S1")
@pytest.mark.parametrize(
    "kind", ["5xx_before", "5xx_after", "timeout_before", "timeout_after", "cut_after"]
)
async def test_opening_stock_whose_answer_is_lost_is_written_once(
    running: DemoStack, kind: str
) -> None:
    fault(running, kind, MOVEMENTS)
    uuid = await add(running, name="Mugg", sku="MUG-1", tracked="yes", stock="4")
    await running.wait(300)

    assert [(4, 4)] == running.levels(uuid)
    assert await left(running, uuid) is None


@pytest.mark.rule("P9")
async def test_what_zettle_refuses_comes_back_to_the_form_and_can_be_mended(
    running: DemoStack,
) -> None:
    uuid, variant = (f"0000000{n}-0000-1000-8000-000000000000" for n in (1, 2))
    wrong = NewProduct(uuid, "Mugg", (NewVariant(variant),), vat_percentage=Decimal(130))
    await ask_for(
        running, {"name": "Mugg", "vat": "130", "description": "Fin", "bigcommerce": "yes"}, wrong
    )
    await running.wait(10)
    page = await running.open(f"{FORM}/{uuid}")
    before = made(running)
    await add(running, at=f"{FORM}/{uuid}", name="Mugg", vat="12", description="Fin")
    await running.wait(60)

    assert "Zettle did not take the product" in page
    assert 'id="vat-wrong"' in page
    assert ">Fin</textarea>" in page
    assert [] == before
    assert [{"name": "Mugg", "cause": "zettle_input_refused"}] == await running.reported(
        Code.ADDITION_REFUSED
    )
    assert ("Fin", "12.0") == (
        running.till.product(uuid)["description"],
        running.till.product(uuid)["vatPercentage"],
    )
    assert "Mugg" == running.shown(uuid)["name"]


@pytest.mark.rule("P9")
async def test_a_form_that_is_pressed_twice_adds_one_product(running: DemoStack) -> None:
    page = await running.open(FORM)
    hidden = dict(
        re.findall(r'<input type="hidden" name="(_csrf_token|key)" value="([^"]+)"', page)
    )
    data = {**hidden, "action": "save", "bigcommerce": "yes", "name": "Mugg"}
    answers = [await browser(running).post(f"{URL}{FORM}", data=data) for _ in range(2)]
    await running.wait(60)

    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert 1 == len(made(running))
