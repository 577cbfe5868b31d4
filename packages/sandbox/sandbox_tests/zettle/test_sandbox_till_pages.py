"""The cashier's pages of the Zettle sandbox: they do what the till does, in two languages (zettle
facts 11).
"""

import re

from brygga_sandbox.zettle.tillpage import price_minor, price_text
from brygga_sandbox.zettle.tillwords import WORDS
from sandbox_tests.zettle.zettle_bench import PRODUCTS, Bench, raw, v1, variant_of, with_sizes


def field(page: str, name: str) -> str:
    """The value of the first input of that name."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found.group(1)


async def test_the_cashier_sells_and_counts_on_the_page() -> None:
    """Sell, refund and stock, each with a word that it is done."""
    bench = Bench()
    mug = await bench.tracked_mug(12)
    page = (await bench.client.get("/till")).text
    variant = field(page, "variant")

    sold = await bench.client.post(
        "/till/sell", data={"variant": variant, "quantity": "2"}, follow_redirects=True
    )
    assert "Sålt." in sold.text
    assert field(sold.text, "balance") == "10"
    back = await bench.client.post(
        "/till/refund", data={"variant": variant, "quantity": "1"}, follow_redirects=True
    )
    assert field(back.text, "balance") == "11"
    await bench.client.post("/till/stock", data={"variant": variant, "balance": "40"})
    assert await bench.balance(mug) == 40
    wrong = await bench.client.post(
        "/till/stock", data={"variant": variant, "balance": "many"}, follow_redirects=True
    )
    assert "”many” är inget antal" in wrong.text


async def test_the_page_speaks_two_languages() -> None:
    """Every word exists in both; English by ?lang or by the browser's wish."""
    bench = Bench()
    await bench.mug()

    assert ">Sälj</button>" in (await bench.client.get("/till")).text
    assert ">Sell</button>" in (await bench.client.get("/till?lang=en")).text
    plain = bench.bearing(None)
    assert ">Sell</button>" in (await plain.get("/till", headers={"Accept-Language": "en-GB"})).text
    assert all(swedish and english for swedish, english in WORDS.values())


async def test_a_product_is_added_edited_and_deleted_on_the_page() -> None:
    """Several named rows become variants of one option; a price may be left to the till."""
    bench = Bench()
    form = {
        "name": "Tröja",
        "description": "Ull",
        "name-0": "S",
        "price-0": "249,50",
        "sku-0": "T-S",
        "name-1": "M",
        "price-1": "",
    }

    added = await bench.client.post("/till/save", data=form, follow_redirects=True)
    (product,) = (await bench.client.get(f"{PRODUCTS}/v2")).json()

    assert "Produkten är tillagd" in added.text
    assert [one["name"] for one in product["variants"]] == ["S", "M"]
    assert product["variants"][0]["price"] == {"amount": 24950, "currencyId": "SEK"}
    assert product["variants"][1].get("price") is None
    assert product["variants"][1]["options"] == [{"name": "Variant", "value": "M"}]

    page = (await bench.client.get(f"/till/products/{product['uuid']}")).text
    edit = {
        "product": product["uuid"],
        "name": "Kofta",
        "name-0": "S",
        "price-0": "99",
        "uuid-0": field(page, "uuid-0"),
    }
    edit |= {"name-1": "M", "price-1": "101", "uuid-1": field(page, "uuid-1")}
    await bench.client.post("/till/save", data=edit)
    (after,) = (await bench.client.get(f"{PRODUCTS}/v2")).json()
    assert (after["name"], [one["price"]["amount"] for one in after["variants"]]) == (
        "Kofta",
        [9900, 10100],
    )
    assert [one["uuid"] for one in after["variants"]] == [
        one["uuid"] for one in product["variants"]
    ]

    await bench.client.post("/till/delete", data={"product": product["uuid"]})
    assert (await bench.client.get(f"{PRODUCTS}/v2")).json() == []


async def test_a_variant_more_is_a_value_more_of_the_products_only_option() -> None:
    bench = Bench()
    await bench.client.post(
        "/till/save",
        data={"name": "Tröja", "name-0": "S", "price-0": "9", "name-1": "M", "price-1": "9"},
    )
    (product,) = (await bench.client.get(f"{PRODUCTS}/v2")).json()
    form = {"product": product["uuid"], "name": "Tröja", "name-2": "L", "price-2": "10"}
    for number, one in enumerate(product["variants"]):
        form |= {
            f"uuid-{number}": one["uuid"],
            f"name-{number}": one["name"],
            f"price-{number}": "9",
        }

    answer = await bench.client.post("/till/save", data=form)
    (after,) = (await bench.client.get(f"{PRODUCTS}/v2")).json()

    assert answer.status_code == 303
    assert [one["options"][0]["value"] for one in after["variants"]] == ["S", "M", "L"]
    (definition,) = after["variantOptionDefinitions"]["definitions"]
    assert [one["value"] for one in definition["properties"]] == ["S", "M", "L"]


async def test_saving_a_product_with_options_on_the_page_keeps_them() -> None:
    """Two definitions the form does not show survive a changed price."""
    bench = Bench()
    shirt = raw("Tröja", **with_sizes("S", "M"))
    for one in shirt["variants"]:
        one["options"].append({"name": "Colour", "value": "Blue"})
    shirt["variantOptionDefinitions"]["definitions"].append(
        {"name": "Colour", "properties": [{"value": "Blue"}]}
    )
    await bench.client.post(PRODUCTS, json=shirt)
    form = {"product": shirt["uuid"], "name": "Tröja"}
    for number, one in enumerate(shirt["variants"]):
        form |= {
            f"uuid-{number}": one["uuid"],
            f"name-{number}": one["name"],
            f"price-{number}": "10",
        }

    await bench.client.post("/till/save", data=form)

    after = (await bench.client.get(f"{PRODUCTS}/{shirt['uuid']}")).json()
    assert [one["options"] for one in after["variants"]] == [
        one["options"] for one in shirt["variants"]
    ]
    assert [one["price"]["amount"] for one in after["variants"]] == [1000, 1000]


async def test_a_form_the_library_would_refuse_changes_nothing() -> None:
    """An empty name, a price that is no price."""
    bench = Bench()
    mug = await bench.mug()
    for bad in (
        {"name": ""},
        {"name": "x", "price-0": "free"},
        {"name": "x", "price-0": "1,005"},
        {"name": "x", "price-0": "-1"},
        {"name": "x", "sku-0": "S" * 65},
    ):
        form = {
            "product": mug["uuid"],
            "price-0": "1",
            "uuid-0": variant_of(mug),
            "description": "Typed",
            **bad,
        }
        refused = await bench.client.post("/till/save", data=form)
        assert refused.status_code == 422
        assert any(
            word in refused.text
            for word in ("Skriv ett namn", "är inget pris", "SKU:n är för lång")
        )
        assert ">Typed</textarea>" in refused.text

    assert (await bench.client.get(f"{PRODUCTS}/{mug['uuid']}")).json()["etag"] == mug["etag"]


async def test_tracking_and_apps_are_switched_on_the_pages() -> None:
    """Tracking on the product's page, access on the page of apps."""
    bench = Bench()
    mug = await bench.mug()

    tracking = await bench.client.post(
        "/till/tracking", data={"product": mug["uuid"], "on": "1"}, follow_redirects=True
    )
    apps = (await bench.client.get("/till/apps")).text
    removed = await bench.client.post(
        "/till/remove-app",
        data={"client_id": bench.app.client_id, "back": "/till/apps"},
        follow_redirects=True,
    )

    assert "Lagerhantering är på" in tracking.text
    assert "Brygga" in apps
    assert "Ta bort åtkomst" in apps
    assert "Ingen app är ansluten" in removed.text
    assert (await bench.client.get(f"{PRODUCTS}/v2")).status_code == 401


async def test_a_large_library_is_shown_in_pages_and_searched() -> None:
    """Sixty cards a page; a search finds by SKU."""
    bench = Bench()
    bench.sandbox.load_products(
        bench.organization,
        [
            raw(f"Sak {number}", variants=[{"uuid": v1(), "sku": f"S-{number}"}])
            for number in range(130)
        ],
    )

    first, last = (
        (await bench.client.get("/till")).text,
        (await bench.client.get("/till?page=3")).text,
    )
    found = (await bench.client.get("/till?q=s-77")).text

    assert [page.count("<article") for page in (first, last, found)] == [60, 10, 1]
    assert "Sak 77" in found
    assert (await bench.client.get("/till?page=x&q=<b>")).status_code == 200


async def test_names_are_shown_as_they_are_and_never_run() -> None:
    """Markup in a product's name is text."""
    bench = Bench()
    await bench.mug(name="<script>alert(1)</script>")

    page = (await bench.client.get("/till")).text

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_prices_are_read_and_written_without_floats() -> None:
    """Comma or point; nothing means that the price is entered at the till."""
    assert [price_minor(text) for text in ("249", "249,5", " 0.05 ", "")] == [24900, 24950, 5, None]
    assert [price_text(minor) for minor in (24900, 5, None)] == ["249.00", "0.05", ""]
