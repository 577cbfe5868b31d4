"""The product library of the Zettle sandbox: reading, writing, refusing (zettle facts 2)."""

import uuid
from typing import Any

import pytest

from sandbox_tests.zettle.zettle_bench import PRODUCTS, Bench, raw, read, v1, variant_of, with_sizes

JSON = dict[str, Any]


async def put(bench: Bench, product: JSON, patch: JSON, **headers: str) -> int:
    url = f"{PRODUCTS}/v2/{product['uuid']}"
    return (await bench.client.put(url, json=patch, headers=headers)).status_code


async def test_a_product_is_read_with_its_etag() -> None:
    """The header is quoted, the body's is not; a client that has it gets 304."""
    bench = Bench()
    mug = await bench.mug()
    url = f"{PRODUCTS}/{mug['uuid']}/"

    first = await bench.client.get(url)
    again = await bench.client.get(url, headers={"If-None-Match": first.headers["etag"]})
    other = await bench.client.get(url, headers={"If-None-Match": '"A"'})
    bare = await bench.client.get(url, headers={"If-None-Match": first.json()["etag"]})

    assert first.headers["etag"] == f'"{first.json()["etag"]}"'
    assert (again.status_code, again.content) == (304, b"")
    assert (other.status_code, bare.status_code) == (200, 400)


async def test_a_product_has_what_every_answer_has() -> None:
    """Times without a colon in the zone, a rate as text with a decimal, money in minor units."""
    bench = Bench()

    mug = await read(bench, await bench.mug())

    assert mug["created"].endswith(".000+0000")
    assert mug["vatPercentage"] == "25.0"
    assert mug["variants"][0]["price"] == {"amount": 24900, "currencyId": "SEK"}
    assert mug["online"] == {"status": "HIDDEN", "seo": {"slug": "mugg"}}
    assert len(mug["etag"]) == 32


@pytest.mark.parametrize(("nulls", "there"), [("null", True), ("absent", False)])
async def test_unset_fields_are_null_or_absent(nulls: str, there: bool) -> None:
    """By a switch; both mean the same."""
    bench = Bench(nulls=nulls)

    mug = await read(bench, await bench.mug())

    assert ("externalReference" in mug) is there
    assert ("barcode" in mug["variants"][0]) is there
    assert mug.get("externalReference") is None


async def test_by_default_unset_fields_are_sometimes_null_and_sometimes_absent() -> None:
    """So that a client meets both."""
    bench = Bench()
    for number in range(12):
        await bench.mug(name=f"Mugg {number}")

    found = {
        "externalReference" in one for one in (await bench.client.get(f"{PRODUCTS}/v2")).json()
    }

    assert found == {True, False}


@pytest.mark.parametrize(("as_number", "rate"), [(False, "12.5"), (True, 12.5)])
async def test_the_vat_rate_comes_back_as_text(as_number: bool, rate: Any) -> None:
    """Written as a number, read as a text, or by a switch as a number."""
    bench = Bench(vat_as_number=as_number)
    created = await bench.client.post(
        PRODUCTS, params={"returnEntity": "true"}, json=raw(vatPercentage=12.5)
    )

    assert created.json()["vatPercentage"] == rate


async def test_creating_answers_without_a_body_unless_it_is_wanted() -> None:
    """201 with ETag and Location both times."""
    bench = Bench()

    plain = await bench.client.post(PRODUCTS, json=raw())
    full = await bench.client.post(f"{PRODUCTS}?returnEntity=true", json=raw("Fat"))

    assert (plain.status_code, plain.content) == (201, b"")
    assert full.json()["name"] == "Fat"
    assert (await bench.client.get(full.headers["location"])).json() == full.json()


@pytest.mark.parametrize("status", [400, 409, 422])
async def test_a_uuid_that_exists_is_refused(status: int) -> None:
    """ITEM_ALREADY_EXIST, whatever its status is."""
    bench = Bench(existing_product_status=status)
    product = raw()
    await bench.client.post(PRODUCTS, json=product)

    again = await bench.client.post(PRODUCTS, json=product)

    assert (again.status_code, again.json()["errorType"]) == (status, "ITEM_ALREADY_EXIST")


async def test_only_version_1_uuids_are_taken() -> None:
    """422 for a product or variant of version 4, on write and in a path."""
    bench = Bench()
    four = str(uuid.UUID("9f4c3a52-6b1e-4d57-8a33-0c1f2e3d4b5a"))

    product = await bench.client.post(PRODUCTS, json=raw() | {"uuid": four})
    variant = await bench.client.post(PRODUCTS, json=raw() | {"variants": [{"uuid": four}]})
    path = await bench.client.get(f"{PRODUCTS}/{four}")

    assert [product.status_code, variant.status_code, path.status_code] == [422, 422, 422]
    assert "UUID" in path.json()["developerMessage"]
    assert (await Bench(any_uuid_version=True).client.get(f"{PRODUCTS}/{four}")).status_code == 404


DEFINITIONS = "variantOptionDefinitions.definitions"


def defined(definitions: list[JSON]) -> JSON:
    """The fields of a product with these option definitions."""
    return {"variantOptionDefinitions": {"definitions": definitions}}


LONG: list[tuple[JSON, str, str]] = [
    ({"name": ""}, "name", "INVALID_SIZE"),
    ({"name": None}, "name", "MUST_NOT_BE_NULL"),
    ({"name": "n" * 257}, "name", "INVALID_SIZE"),
    ({"description": "d" * 1025}, "description", "INVALID_SIZE"),
    ({"externalReference": "e" * 129}, "externalReference", "INVALID_SIZE"),
    ({"unitName": "u" * 33}, "unitName", "INVALID_SIZE"),
    ({"vatPercentage": 101}, "vatPercentage", "MUST_BE_LESS_OR_EQUAL_THAN"),
    ({"categories": ["a", "b"]}, "categories", "INVALID_SIZE"),
    ({"category": {"uuid": v1(), "name": "c" * 101}}, "category.name", "INVALID_SIZE"),
    ({"presentation": {"textColor": "red"}}, "presentation.textColor", "MUST_MATCH_PATTERN"),
    ({"metadata": {}}, "metadata.inPos", "MUST_NOT_BE_NULL"),
    ({"variants": []}, "variants", "INVALID_SIZE"),
    ({"variants": [{"uuid": v1(), "sku": "s" * 65}]}, "variants[0].sku", "INVALID_SIZE"),
    ({"variants": [{"uuid": v1(), "barcode": "b" * 129}]}, "variants[0].barcode", "INVALID_SIZE"),
    ({"variants": [{}]}, "variants[0].uuid", "MUST_NOT_BE_NULL"),
    ({"variants": [{"uuid": v1()} for _ in range(100)]}, "variants", "INVALID_SIZE"),
    (
        {"variants": [{"uuid": v1(), "price": {"amount": -1, "currencyId": "SEK"}}]},
        "variants[0].price.amount",
        "MUST_BE_GREATER_OR_EQUAL_TO",
    ),
    (
        {"variants": [{"uuid": v1(), "price": {"amount": 1.5, "currencyId": "SEK"}}]},
        "variants[0].price.amount",
        "MUST_NOT_BE_NULL",
    ),
    ({"online": {"title": "t"}}, "online.status", "MUST_NOT_BE_NULL"),
    ({"online": {"status": "HIDDEN", "description": "d" * 3501}}, "online.description",
    "INVALID_SIZE"),
    ({"online": {"status": "HIDDEN", "seo": {"slug": ""}}}, "online.seo.slug", "INVALID_SIZE"),
    (
        {"online": {"status": "HIDDEN", "seo": {"metaDescription": "m" * 321}}},
        "online.seo.metaDescription",
        "INVALID_SIZE",
    ),
    (
        {"online": {"status": "HIDDEN", "presentation": {"mediaUrls": ["u"] * 9}}},
        "online.presentation.mediaUrls",
        "INVALID_SIZE",
    ),
    (
        {"online": {"status": "HIDDEN", "presentation": {"additionalImageUrls": ["u"] * 26}}},
        "online.presentation.additionalImageUrls",
        "INVALID_SIZE",
    ),
    (
        {"online": {"status": "HIDDEN", "shipping": {"weight": {"weight": 1, "unit": "stone"}}}},
        "online.shipping.weight.unit",
        "UNKNOWN",
    ),
    ({"taxExempt": "no"}, "taxExempt", "UNKNOWN"),
    ({"taxRates": ["25"]}, "taxRates[0]", "MUST_MATCH_PATTERN"),
    ({"taxCode": 7}, "taxCode", "UNKNOWN"),
    ({"imageLookupKeys": [7]}, "imageLookupKeys[0]", "UNKNOWN"),
    ({"categories": [7]}, "categories[0]", "UNKNOWN"),
    ({"metadata": {"inPos": True, "source": {"external": "no"}}}, "metadata.source.external",
    "UNKNOWN"),
    ({"category": {"name": "K"}}, "category.uuid", "MUST_MATCH_PATTERN"),
    ({"variants": [{"uuid": v1(), "name": "n" * 257}]}, "variants[0].name", "INVALID_SIZE"),
    ({"variants": [{"uuid": v1(), "description": "d" * 1025}]}, "variants[0].description",
    "INVALID_SIZE"),
    ({"variants": [{"uuid": v1(), "options": [{"name": "n" * 31, "value": "v"}]}]},
    "variants[0].options[0].name", "INVALID_SIZE"),
    ({"variants": [{"uuid": v1(), "options": [{"name": "n", "value": "v" * 257}]}]},
    "variants[0].options[0].value", "INVALID_SIZE"),
    (defined([{"name": f"n{number}", "properties": [{"value": "v"}]} for number in range(4)]),
    DEFINITIONS, "INVALID_SIZE"),
    (defined([]), DEFINITIONS, "INVALID_SIZE"),
    (defined([{"name": "n" * 31, "properties": [{"value": "v"}]}]), f"{DEFINITIONS}[0].name",
    "INVALID_SIZE"),
    (defined([{"name": "n", "properties": []}]), f"{DEFINITIONS}[0].properties",
    "MUST_NOT_BE_EMPTY"),
    (
        defined([{"name": "n", "properties": [{"value": f"v{number}"} for number in range(100)]}]),
        f"{DEFINITIONS}[0].properties",
        "INVALID_SIZE",
    ),
    (defined([{"name": "n", "properties": [{"value": "v" * 257}]}]),
    f"{DEFINITIONS}[0].properties[0].value", "INVALID_SIZE"),
    (
        defined([{"name": "n", "properties": [{"value": "v", "imageUrl": "u" * 257}]}]),
        f"{DEFINITIONS}[0].properties[0].imageUrl",
        "INVALID_SIZE",
    ),
    ({"online": {"status": "HIDDEN", "title": "t" * 257}}, "online.title", "INVALID_SIZE"),
    ({"online": {"status": "HIDDEN", "seo": {"title": "t" * 257}}}, "online.seo.title",
    "INVALID_SIZE"),
    ({"online": {"status": "HIDDEN", "seo": {"slug": "s" * 257}}}, "online.seo.slug",
    "INVALID_SIZE"),
    ({"online": {"status": "HIDDEN", "shipping": {"weightInGrams": 2**31}}},
    "online.shipping.weightInGrams", "MUST_BE_LESS_OR_EQUAL_THAN"),
    ({"online": {"status": "HIDDEN", "shipping": {"weightInGrams": -1}}},
    "online.shipping.weightInGrams", "MUST_BE_GREATER_OR_EQUAL_TO"),
    ({"online": {"status": "HIDDEN", "shipping": {"shippingPricingModel": "FAST"}}},
    "online.shipping.shippingPricingModel", "UNKNOWN"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "name", "kind"), LONG, ids=[f"{name}-{n}" for n, (_, name, _) in enumerate(LONG)]
)
async def test_what_breaks_a_limit_is_refused_by_name(fields: JSON, name: str, kind: str) -> None:
    """The violation names the field and the kind; nothing is kept."""
    bench = Bench()

    answer = await bench.client.post(PRODUCTS, json=raw() | fields)

    assert answer.status_code == 400
    assert [
        (one["propertyName"], one["constraintType"]) for one in answer.json()["violations"]
    ] == [(name, kind)]
    assert (await bench.client.get(f"{PRODUCTS}/v2/count")).json() == {"productCount": 0}


async def test_what_stands_at_its_limit_is_taken() -> None:
    """The largest of everything."""
    bench = Bench()
    values = [f"v{number}" for number in range(99)]
    big = raw(
        "n" * 256, description="d" * 1024, vatPercentage=100, externalReference="e" * 128
    ) | with_sizes(*values)

    assert (await bench.client.post(PRODUCTS, json=big)).status_code == 201
    assert len((await read(bench, big))["variants"]) == 99


@pytest.mark.parametrize(
    "change",
    [
        {"variantOptionDefinitions": None},
        {"variants": [{"uuid": v1(), "options": [{"name": "Size", "value": "XXL"}]}]},
        {"variants": [{"uuid": v1()}]},
        {"variants": [{"uuid": v1(), "options": [{"name": "Colour", "value": "S"}]}]},
        {"variantOptionDefinitions": {"definitions": [{"name": "Size", "properties": []}]}},
        {"variantOptionDefinitions": {"definitions": []}},
    ],
)
async def test_variants_must_fit_the_option_definitions(change: JSON) -> None:
    """One option of each definition, no other, with a value that is defined."""
    bench = Bench()

    answer = await bench.client.post(PRODUCTS, json=raw() | with_sizes("S", "M") | change)

    assert answer.status_code == 400
    assert answer.json()["violations"]


@pytest.mark.parametrize(("refused", "status"), [(False, 201), (True, 400)])
async def test_equal_option_values_are_taken_unless_switched(refused: bool, status: int) -> None:
    """Two variants of the same size."""
    bench = Bench(equal_option_values_refused=refused)
    product = raw() | with_sizes("S", "M")
    product["variants"][1]["options"] = product["variants"][0]["options"]

    assert (await bench.client.post(PRODUCTS, json=product)).status_code == status


async def test_a_save_is_a_merge_patch() -> None:
    """Absent keeps, null removes, a value sets; etag and `updated` move."""
    bench = Bench()
    mug = await bench.mug(description="Blå", externalReference="7")
    await bench.clock.advance(5)

    assert await put(bench, mug, {"name": "Kopp", "description": None}) == 204

    after = await read(bench, mug)
    assert (after["name"], after.get("description"), after["externalReference"]) == (
        "Kopp",
        None,
        "7",
    )
    assert after["etag"] != mug["etag"]
    assert after["updated"] > mug["updated"]
    assert after["created"] == mug["created"]


async def test_variants_merge_by_uuid_and_the_left_out_are_gone() -> None:
    """A bare uuid keeps a variant as it is, a new uuid adds one."""
    bench = Bench()
    shirt = raw("Tröja", **with_sizes("S", "M", "L"))
    shirt["variants"][0]["sku"] = "T-S"
    await bench.client.post(PRODUCTS, json=shirt)
    new = {"uuid": v1(), "options": [{"name": "Size", "value": "L"}]}

    status = await put(
        bench,
        shirt,
        {
            "variants": [
                {"uuid": variant_of(shirt)},
                {"uuid": variant_of(shirt, 1), "sku": "T-M"},
                new,
            ]
        },
    )

    after = (await read(bench, shirt))["variants"]
    assert status == 204
    assert [one["uuid"] for one in after] == [variant_of(shirt), variant_of(shirt, 1), new["uuid"]]
    assert [one.get("sku") for one in after] == ["T-S", "T-M", None]
    assert await put(bench, shirt, {"variants": []}) == 400


async def test_a_save_is_guarded_by_a_quoted_etag() -> None:
    """412 on mismatch, 400 without quotes, free with a star or without the header."""
    bench = Bench()
    mug = await bench.mug()
    old = f'"{mug["etag"]}"'

    assert await put(bench, mug, {"name": "A"}, **{"If-Match": old}) == 204
    assert await put(bench, mug, {"name": "B"}, **{"If-Match": old}) == 412
    assert await put(bench, mug, {"name": "C"}, **{"If-Match": mug["etag"]}) == 400
    assert (await read(bench, mug))["name"] == "A"
    assert await put(bench, mug, {"name": "D"}, **{"If-Match": "*"}) == 204
    assert await put(bench, mug, {"name": "E"}) == 204


async def test_a_save_may_answer_with_the_product() -> None:
    """200 with a body by a switch."""
    bench = Bench(update_answers_body=True)
    mug = await bench.mug()

    answer = await bench.client.put(f"{PRODUCTS}/v2/{mug['uuid']}", json={"name": "Kopp"})

    assert (answer.status_code, answer.json()["name"]) == (200, "Kopp")


async def test_old_shapes_can_be_saved_as_long_as_they_are_left_alone() -> None:
    """Several variants without options live on; a save of the variants must mend them."""
    bench = Bench()
    old = raw("Gammal", variants=[{"uuid": v1(), "name": "Liten"}, {"uuid": v1(), "name": "Stor"}])
    odd = raw("Udda") | with_sizes("S", "M")
    odd["variants"][1]["options"] = [{"name": "Size", "value": "XL"}]
    bench.sandbox.load_products(bench.organization, [old, odd])

    assert await put(bench, odd, {"description": "ny"}) == 204
    assert await put(bench, odd, {"variants": odd["variants"]}) == 400
    assert (await read(bench, odd))["variants"][1]["options"] == [{"name": "Size", "value": "XL"}]


async def test_products_are_deleted_one_or_many_at_a_time() -> None:
    """204; 404 for one that is not there; a list passes over what is not there."""
    bench = Bench()
    first, second, third = [await bench.mug(name=name) for name in "abc"]

    one = await bench.client.delete(f"{PRODUCTS}/{first['uuid']}")
    again = await bench.client.delete(f"{PRODUCTS}/{first['uuid']}")
    many = await bench.client.delete(
        f"{PRODUCTS}?uuid={second['uuid']}&uuid={third['uuid']}&uuid={first['uuid']}"
    )

    assert (one.status_code, again.status_code, many.status_code) == (204, 404, 204)
    assert (await bench.client.get(f"{PRODUCTS}/v2")).json() == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7"])
async def test_a_body_that_is_no_product_is_400(body: bytes) -> None:
    """Malformed JSON, and JSON of another kind."""
    headers = {"Content-Type": "application/json"}

    assert (await Bench().client.post(PRODUCTS, content=body, headers=headers)).status_code == 400


async def test_a_body_of_another_kind_than_json_is_415() -> None:
    """What is sent has to say what it is (1.1)."""
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ):
        answer = await Bench().client.post(PRODUCTS, content=b"{}", headers={"Content-Type": kind})
        assert answer.status_code == 415, kind


async def test_a_uuid_in_capitals_is_the_same_uuid() -> None:
    """A product made under one form is found under the other."""
    bench = Bench()
    body = raw()
    shouted = {
        **body,
        "uuid": body["uuid"].upper(),
        "variants": [{"uuid": body["variants"][0]["uuid"].upper()}],
    }

    assert (await bench.client.post(PRODUCTS, json=shouted)).status_code == 201

    read = (await bench.client.get(f"{PRODUCTS}/{body['uuid']}")).json()
    assert (read["uuid"], read["variants"][0]["uuid"]) == (
        body["uuid"],
        body["variants"][0]["uuid"],
    )
    assert (await bench.client.post(PRODUCTS, json=body)).json()[
        "errorType"
    ] == "ITEM_ALREADY_EXIST"


async def test_fields_that_nobody_knows_are_dropped_at_every_depth() -> None:
    bench = Bench()
    body = raw(
        colour="red",
        online={"status": "HIDDEN", "seo": {"slug": "kopp", "rank": 1}},
        presentation={"x": 1},
    )

    answer = await bench.client.post(f"{PRODUCTS}?returnEntity=true", json=body)

    made = answer.json()
    assert ("colour" in made, made["online"]["seo"], made.get("presentation") or {}) == (
        False,
        {"slug": "kopp"},
        {},
    )
