"""What the sandbox answers fits the platform's own OpenAPI file, wherever that is at hand
(BRYGGA_SPECS).
"""

import os
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from sandbox_tests.zettle.zettle_bench import LIBRARY, PRODUCTS, Bench, raw, with_sizes

pytestmark = [
    pytest.mark.specs,
    pytest.mark.skipif(
        "BRYGGA_SPECS" not in os.environ,
        reason="BRYGGA_SPECS does not say where the OpenAPI files are",
    ),
]


@pytest.fixture(scope="module")
def document() -> Any:
    path = Path(os.environ["BRYGGA_SPECS"]) / "zettle" / "product-library-openapi-1.0.0.yaml"
    return yaml.safe_load(path.read_text())


def errors(document: Any, name: str, value: Any) -> list[str]:
    """What in a value does not fit a schema of the file."""
    schema = {"components": document["components"], "$ref": f"#/components/schemas/{name}"}
    # Formats aside: Zettle's moments have no colon in the zone, which is no RFC 3339 (2.3).
    validator = jsonschema_rs.Draft4Validator(schema, validate_formats=False)
    return [
        f"{'/'.join(map(str, one.instance_path))}: {one.message}"
        for one in validator.iter_errors(value)
    ]


def full() -> dict[str, Any]:
    """A product with nearly every field there is."""
    online = {
        "status": "ACTIVE",
        "title": "Mugg",
        "description": "Drejad",
        "presentation": {
            "displayImageUrl": "https://image.izettle.com/product/a.png",
            "mediaUrls": ["https://youtu.be/x"],
        },
        "shipping": {
            "shippingPricingModel": "STANDARD",
            "weightInGrams": 450,
            "weight": {"weight": 0.45, "unit": "kg"},
        },
        "seo": {"title": "T", "metaDescription": "M", "slug": "mugg"},
    }
    fields = {
        "description": "Blå",
        "vatPercentage": 25,
        "metadata": {"inPos": True},
        "online": online,
    }
    return raw(
        "Mugg", **fields, presentation={"imageUrl": "https://image.izettle.com/product/a.png"}
    ) | with_sizes("S", "M")


async def test_products_and_the_library_fit_their_schemas(document: Any) -> None:
    """As saved without nulls and with the rate as a number: the file knows neither nulls nor texts
    for rates (2.3).
    """
    bench = Bench(nulls="absent", vat_as_number=True)
    product = full()
    assert (await bench.client.post(PRODUCTS, json=product)).status_code == 201
    await bench.mug()

    single = (await bench.client.get(f"{PRODUCTS}/{product['uuid']}")).json()
    library = (await bench.client.get(LIBRARY)).json()

    assert errors(document, "ProductResponse", single) == []
    assert errors(document, "LibraryResponse", library) == []
    assert errors(document, "ProductResponse", {**single, "name": 7}) != []


async def test_the_small_answers_fit_their_schemas(document: Any) -> None:
    """Counts, options, categories, pictures and refusals."""
    bench = Bench(count_is_array=True)
    await bench.client.post(
        PRODUCTS, json={**full(), "category": {"uuid": full()["uuid"], "name": "Koppar"}}
    )

    count = (await bench.client.get(f"{PRODUCTS}/v2/count")).json()
    options = (await bench.client.get(f"{PRODUCTS}/options")).json()
    categories = (await bench.client.get("/products/organizations/self/categories/v2")).json()
    images = (await bench.client.get("/products/organizations/self/images")).json()
    refusal = (await bench.client.post(PRODUCTS, json=raw(""))).json()

    assert errors(document, "ProductCountResponse", count[0]) == []
    assert errors(document, "VariantOptionsResponse", options) == []
    assert errors(document, "CategoryResponse", categories) == []
    assert errors(document, "LibraryImagesResponse", images) == []
    assert errors(document, "ErrorResponse", refusal) == []


async def test_what_the_file_lets_a_client_send_is_taken(document: Any) -> None:
    """A body that fits the schema of a new product is created."""
    product = full()
    assert errors(document, "ProductCreateRequest", product) == []

    assert (await Bench().client.post(PRODUCTS, json=product)).status_code == 201
