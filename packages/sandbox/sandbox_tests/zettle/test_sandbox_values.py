"""Values that the product library refuses by their type or size (zettle facts 2.3, 2.5)."""

from typing import Any

import pytest

from sandbox_tests.zettle.zettle_bench import PRODUCTS, Bench, raw

JSON = dict[str, Any]


def shipped(**shipping: Any) -> JSON:
    """A product with that weight."""
    return {"online": {"status": "HIDDEN", "shipping": shipping}}


def variant(**fields: Any) -> JSON:
    """A product whose one variant has these fields."""
    return {"variants": [{**raw()["variants"][0], **fields}]}


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        (shipped(weightInGrams=1.5), 400),
        (shipped(weightInGrams="500"), 400),
        (shipped(weightInGrams=True), 400),
        (shipped(weightInGrams=-1), 400),
        (shipped(weightInGrams=2_147_483_648), 400),
        (shipped(weightInGrams=2_147_483_647), 201),
        (shipped(weight={"weight": 1.5, "unit": "kg"}), 201),
        (shipped(weight={"weight": 3_000_000_000, "unit": "g"}), 201),
        (shipped(weight={}), 400),
        (shipped(weight={"weight": 1}), 400),
        ({"category": {}}, 400),
        ({"taxCode": "a" * 300}, 201),
        ({"vatPercentage": 101}, 400),
        ({"vatPercentage": -1}, 400),
        ({"vatPercentage": 100}, 201),
        (variant(vatPercentage=101), 400),
        (variant(vatPercentage=25), 201),
        ({"createWithDefaultTax": "maybe"}, 400),
        ({"createWithDefaultTax": 1}, 400),
        ({"createWithDefaultTax": True}, 201),
    ],
)
async def test_a_product_has_the_types_of_the_documents(fields: JSON, status: int) -> None:
    bench = Bench()

    answer = await bench.client.post(PRODUCTS, json={**raw(), **fields})

    assert status == answer.status_code, answer.text
    if status == 400:
        assert "VALIDATION_ERROR" == answer.json()["errorType"]


@pytest.mark.parametrize(
    ("reading", "body"),
    [
        ("empty", None),
        ("error_type", {"errorType": "ACCESS_TOKEN_EXPIRED"}),
        ("whole", {"developerMessage": "Unauthorized", "errorType": None, "violations": []}),
    ],
)
async def test_a_401_has_the_body_of_one_of_three_readings(reading: str, body: JSON | None) -> None:
    """An old client reads its errorType; the documents show none (1.4)."""
    bench = Bench(refusal_bodies=reading)

    answer = await bench.client.get(f"{PRODUCTS}/v2", headers={"Authorization": "Bearer none"})

    assert (401, body) == (answer.status_code, answer.json() if answer.content else None)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer error=")
