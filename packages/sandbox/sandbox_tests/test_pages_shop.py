"""The control panel does what a merchant does in a store's own, in plain words (bigcommerce facts
11).
"""

import html
import re
from typing import Any

import httpx2
import pytest

from sandbox_tests.bigcommerce.shop_bench import Bench

PANEL = "/manage/abc123"


def typed(page: str) -> dict[str, str]:
    """The fields of the product form as the page holds them, ready to be sent again."""
    form = dict(
        re.findall(
            r'<input(?! type="(?:checkbox|file|search))[^>]*name="([^"]+)" value="([^"]*)"', page
        )
    )
    form |= dict(re.findall(r'<textarea[^>]*name="([^"]+)">([^<]*)<', page))
    for name, choices in re.findall(r'<select name="([^"]+)">(.*?)</select>', page, re.DOTALL):
        form[name] = re.findall(r'value="([^"]*)" selected', choices)[0]
    for name, value in re.findall(r'type="checkbox" name="([^"]+)" value="([^"]*)" checked', page):
        form[name] = value
    return {name: html.unescape(value) for name, value in form.items()}


async def sent(
    bench: Bench, made: dict[str, Any], action: str = "save", **changes: str
) -> httpx2.Response:
    """The product form, opened, changed and sent by one of its buttons."""
    path = f"{PANEL}/products/{made['id']}"
    page = (await bench.call("GET", path)).text
    return await bench.call("POST", path, data={**typed(page), **changes, "action": action})


async def whole(bench: Bench, made: dict[str, Any]) -> dict[str, Any]:
    return dict((await bench.call("GET", f"/sandbox/products/{made['id']}")).json())


async def test_a_form_that_is_sent_as_it_stands_changes_nothing() -> None:
    """No hook, no new date: only what was changed is written."""
    bench = Bench()
    made = await bench.scarf(
        images=[{"image_url": "https://x.test/a.png"}], price=12.5, description="<p>A &amp; B</p>"
    )
    before, events = await whole(bench, made), len(bench.sandbox.store().events)

    answer = await sent(bench, made)

    assert answer.status_code == 303
    assert await whole(bench, made) == before
    assert len(bench.sandbox.store().events) == events


async def test_a_price_is_written_with_a_comma_or_a_point() -> None:
    bench = Bench()
    made = await bench.product(price=1)
    for text, price in (("12,50", 12.5), ("1 249,90", 1249.9), ("8.25", 8.25)):
        assert (await sent(bench, made, price=text)).status_code == 303
        assert (await bench.read(made["id"]))["price"] == price
    page = (await bench.call("GET", f"{PANEL}/products/{made['id']}?lang=sv")).text

    assert 'name="price" value="8,25"' in page


async def test_what_is_no_number_is_said_in_plain_words_and_nothing_typed_is_lost() -> None:
    bench = Bench()
    made = await bench.product(price=1)

    refused = await sent(bench, made, price="tolv", name="Another mug", action="option_add")

    assert refused.status_code == 422
    assert "”tolv” är inget tal" in refused.text
    assert 'value="Another mug"' in refused.text
    assert (await bench.read(made["id"]))["name"] == made["name"]


async def test_pictures_are_added_ordered_named_and_removed() -> None:
    bench = Bench()
    made = await bench.product()
    for name in ("a", "b"):
        await sent(bench, made, "picture_add", picture_url=f"https://x.test/{name}.png")
    first, second = (await whole(bench, made))["images"]
    await sent(
        bench, made, f"picture_move:{second['id']}:-1", **{f"picture-{second['id']}": "From above"}
    )
    await sent(bench, made, f"picture_first:{second['id']}")
    rows = {one["id"]: one for one in (await whole(bench, made))["images"]}

    assert rows[second["id"]]["sort_order"] < rows[first["id"]]["sort_order"]
    assert (rows[second["id"]]["is_thumbnail"], rows[second["id"]]["description"]) == (
        True,
        "From above",
    )
    await sent(bench, made, f"picture_drop:{second['id']}")
    assert [(one["id"], one["is_thumbnail"]) for one in (await whole(bench, made))["images"]] == [
        (first["id"], True)
    ]


async def test_a_picture_from_the_disk_is_taken_and_a_text_file_is_not() -> None:
    bench = Bench()
    made = await bench.product()
    path = f"{PANEL}/products/{made['id']}/picture"
    png = b"\x89PNG\r\n\x1a\n" + b"0" * 32

    taken = await bench.call("POST", path, files={"image_file": ("cup.png", png, "image/png")})
    refused = await bench.call(
        "POST", path, files={"image_file": ("cup.txt", b"words", "text/plain")}
    )

    assert "said=saved" in taken.headers["location"]
    assert "problem=Bilden" in refused.headers["location"]
    assert len((await whole(bench, made))["images"]) == 1


async def test_options_values_and_variants_are_edited() -> None:
    bench = Bench()
    made = await bench.product(name="Bag")
    await sent(bench, made, "option_add", option_name="Size", option_values="S, M")
    option = (await whole(bench, made))["options"][0]
    await sent(bench, made, f"value_add:{option['id']}", **{f"new-value-{option['id']}": "L"})
    small = option["option_values"][0]
    await sent(
        bench, made, **{f"option-{option['id']}": "Storlek", f"value-{small['id']}": "Liten"}
    )
    now = await whole(bench, made)

    assert now["options"][0]["display_name"] == "Storlek"
    assert [one["option_values"][0]["label"] for one in now["variants"]] == ["Liten", "M", "L"]
    await sent(bench, made, f"value_drop:{option['id']}:{small['id']}")
    await sent(bench, made, f"variant_drop:{now['variants'][1]['id']}")
    assert [one["option_values"][0]["label"] for one in (await whole(bench, made))["variants"]] == [
        "L"
    ]
    await sent(bench, made, f"option_drop:{option['id']}")
    assert (await whole(bench, made))["base_variant_id"] is not None


async def test_every_other_field_of_a_product_is_edited() -> None:
    """Address, sale price, barcode, video, own field, channel, and stock of one variant."""
    bench = Bench()
    made = await bench.scarf()
    red = made["variants"][0]["id"]
    changes = {
        "url": "halsduk",
        "sale_price": "9,90",
        "upc": "7350001112223",
        f"weight-{red}": "0,2",
        f"level-{red}": "7",
    }
    await sent(bench, made, **changes)
    await sent(bench, made, "video_add", video_id="https://www.youtube.com/watch?v=dQw4w9WgXcQ")
    await sent(bench, made, "field_add", field_name="Ull", field_value="100 %")
    now = await whole(bench, made)

    assert (now["custom_url"]["url"], now["sale_price"], now["upc"]) == (
        "/halsduk/",
        9.9,
        "7350001112223",
    )
    assert (now["variants"][0]["weight"], now["variants"][0]["inventory_level"]) == (0.2, 7)
    assert (now["videos"][0]["video_id"], now["custom_fields"][0]["value"]) == (
        "dQw4w9WgXcQ",
        "100 %",
    )
    assert now["channels"] == [1]
    form = typed((await bench.call("GET", f"{PANEL}/products/{made['id']}")).text)
    form.pop("channel-1")
    await bench.call("POST", f"{PANEL}/products/{made['id']}", data={**form, "action": "save"})
    assert (await whole(bench, made))["channels"] == []
    await sent(bench, made, f"field_drop:{now['custom_fields'][0]['id']}")
    assert (await whole(bench, made))["custom_fields"] == []


async def test_the_list_is_searched_filtered_and_changed_together() -> None:
    bench = Bench()
    await bench.good("POST", "/sandbox/categories", {"name": "Zettle"})
    key = next(iter(bench.sandbox.store().categories))
    free = await bench.product(name="Free cup", price=0, is_visible=False, categories=[key])
    mug = await bench.product(name="Mug", sku="MUG-1", price=5, is_visible=True)

    async def listed(query: str) -> list[str]:
        page = (await bench.call("GET", f"{PANEL}/products?{query}")).text
        return re.findall(r'products/\d+">([^<]+)</a>', page)

    assert await listed("q=mug-1") == ["Mug"]
    assert await listed("show=unpriced") == ["Free cup"]
    assert await listed("show=hidden") == ["Free cup"]
    assert await listed(f"category={key}") == ["Free cup"]
    both = {"ticked": [str(free["id"]), str(mug["id"])]}
    await bench.call("POST", f"{PANEL}/products", data={**both, "action": "hide"})
    assert await listed("show=visible") == []
    await bench.call("POST", f"{PANEL}/products", data={**both, "action": "move", "to": str(key)})
    assert len(await listed(f"category={key}")) == 2
    await bench.call("POST", f"{PANEL}/products", data={**both, "action": "delete"})
    assert await listed("") == []


async def test_a_product_without_a_price_says_so_in_panel_and_shop() -> None:
    bench = Bench()
    await bench.product(name="Free cup", price=0, is_visible=True)

    assert "Inget pris" in (await bench.call("GET", f"{PANEL}/products")).text
    assert "Pris saknas" in (await bench.call("GET", "/shop/abc123")).text


async def test_an_order_is_placed_by_hand_and_too_many_are_refused() -> None:
    bench = Bench()
    made = await bench.scarf()
    red = made["variants"][0]

    placed = await bench.call(
        "POST", f"{PANEL}/orders", data={"action": "place", "what-0": red["sku"], "quantity-0": "2"}
    )
    refused = await bench.call(
        "POST",
        f"{PANEL}/orders",
        data={"action": "place", "what-0": red["sku"], "quantity-0": "99"},
    )
    strange = await bench.call("POST", f"{PANEL}/orders", data={"action": "place", "what-0": "?"})

    assert "said=saved" in placed.headers["location"]
    assert await bench.level(red["id"]) == red["inventory_level"] - 2
    assert ["finns+inte" in one.headers["location"] for one in (refused, strange)] == [True, True]


async def test_an_order_is_edited_by_hand_and_stock_follows() -> None:
    bench = Bench()
    await bench.scarf()
    order = bench.sandbox.shop().place([{"sku": "SC-RED", "quantity": 1}])
    line, path = order.lines[0], "/manage/abc123/orders"

    saved = await bench.call(
        "POST", path, data={"id": str(order.id), "action": "edit", f"count-{line.id}": "3"}
    )
    unchanged = await bench.call(
        "POST", path, data={"id": str(order.id), "action": "edit", f"count-{line.id}": "3"}
    )
    too_many = await bench.call(
        "POST", path, data={"id": str(order.id), "action": "edit", f"count-{line.id}": "9"}
    )

    assert (saved.status_code, line.quantity) == (303, 3)
    assert await bench.level(line.variant_id or 0) == 1
    page = (await bench.call("GET", f"{path}?lang=sv")).text
    assert "2023-11-14 22:13" in page
    assert "Ändra antal" in page
    for refused in (unchanged, too_many):
        text = (
            (await bench.client.get(refused.headers["location"])).text
            if refused.status_code == 303
            else refused.text
        )
        assert 'role="alert"' in text


@pytest.mark.parametrize(("status", "left"), [("7", 3), ("6", 3), ("5", 4), ("2", 3)])
async def test_an_order_is_given_any_status_by_hand(status: str, left: int) -> None:
    bench = Bench()
    await bench.scarf()
    order = bench.sandbox.shop().place([{"sku": "SC-RED", "quantity": 1}])
    path = "/manage/abc123/orders"

    await bench.call("POST", path, data={"id": str(order.id), "action": "status", "status": status})

    assert (int(status), left) == (order.status, await bench.level(order.lines[0].variant_id or 0))
    assert f'<option value="{status}" selected>' in (await bench.call("GET", path)).text


async def test_settings_hold_the_plan_its_quota_and_late_readings() -> None:
    bench = Bench()
    form = {
        "name": "Annas Butik",
        "plan": "Pro",
        "quota": "150",
        "weight_units": "Grams",
        "read_lag_s": "1,5",
    }
    await bench.call("POST", f"{PANEL}/settings", data={**form, "currency": "EUR"})
    store = bench.sandbox.store()

    assert (store.settings.plan, store.settings.quota, store.read_lag_s) == ("Pro", 450, 1.5)
    assert (store.settings.currency, store.settings.weight_units) == ("EUR", "Grams")
    await bench.call("POST", f"{PANEL}/settings", data={**form, "quota": "7"})
    assert store.settings.quota == 7


async def test_what_apps_do_is_seen_store_by_store() -> None:
    bench = Bench()
    bench.sandbox.add_store("other9")
    await bench.good(
        "POST",
        "/v3/hooks",
        {"scope": "store/order/*", "destination": "https://x.test/h", "is_active": True},
    )

    mine = (await bench.call("GET", f"{PANEL}/activity")).text
    theirs = (await bench.call("GET", "/manage/other9/activity")).text

    assert ("https://x.test/h" in mine, "POST /v3/hooks" in mine) == (True, True)
    assert ("https://x.test/h" in theirs, "POST /v3/hooks" in theirs) == (False, False)
    assert "/manage/other9/activity" in mine


async def test_one_stores_panel_never_opens_another_stores_product() -> None:
    bench = Bench()
    bench.sandbox.add_store("other9")
    made = await bench.scarf()

    answer = await bench.call("GET", f"/manage/other9/products/{made['id']}")

    assert answer.status_code == 404


async def test_the_short_addresses_keep_the_language_that_was_asked_for() -> None:
    bench = Bench()

    for path, words in (
        ("/manage", "Products"),
        ("/shop", "Control panel"),
        ("/manage/abc123", "Products"),
    ):
        answer = await bench.client.get(f"{path}?lang=en", follow_redirects=True)
        assert words in answer.text, path


async def test_the_paths_of_the_real_control_panel_lead_to_its_pages() -> None:
    """An app links to them below `control_panel_base_url` (bigcommerce facts 7)."""
    bench = Bench()
    made = await bench.scarf(images=[])
    store = (await bench.call("GET", "/v2/store")).json()
    base = httpx2.URL(store["control_panel_base_url"]).path
    led = await bench.call("GET", f"{base}/manage/products/edit/{made['id']}")
    every = await bench.call("GET", f"{base}/manage/products")

    assert f"{PANEL}/products/{made['id']}" == led.headers["location"]
    assert f"{PANEL}/products" == every.headers["location"]
    assert 200 == (await bench.call("GET", led.headers["location"])).status_code
