"""The files are read rightly: what fits passes, what does not is found, and every slip is one of a
file's.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from sandbox_tests.specs.plugin import FOLDER
from sandbox_tests.specs.slips import SLIPS
from sandbox_tests.specs.validator import Answered, Asked, Finding, Validator

pytestmark = [
    pytest.mark.specs,
    pytest.mark.skipif(
        FOLDER not in os.environ, reason=f"{FOLDER} does not say where the OpenAPI files are"
    ),
]
STORE = "/api/stores/abc123"
OURS = {"user-agent": "Brygga", "content-type": "application/json", "x-auth-token": "t"}
CUP = {"name": "Kopp", "type": "physical", "weight": 0.4, "price": 249, "categories": [23]}


@pytest.fixture(scope="module")
def validator() -> Validator:
    return Validator(Path(os.environ[FOLDER]))


def asked(
    method: str,
    path: str,
    body: Any = None,
    query: tuple[tuple[str, str], ...] = (),
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Asked:
    return Asked(
        method, path, query, {**OURS, **headers}, b"" if body is None else json.dumps(body).encode()
    )


def found(
    validator: Validator, request: Asked, status: int = 0, body: Any = None
) -> list[tuple[str, str]]:
    answer = Answered(status, "application/json", json.dumps(body).encode()) if status else None
    return [(one.where, one.what) for one in validator.check(request, answer)]


def test_every_operation_of_every_file_can_be_checked(validator: Validator) -> None:
    """All schemas compile, of requests and answers."""
    operations = list(validator.operations.all())
    for operation in operations:
        _ = operation.parameters, operation.bodies
        for status in operation.statuses:
            operation.answer(status, "application/json")

    assert len(validator.operations.files) > 15
    assert len(operations) > 250


def test_a_body_that_fits_passes(validator: Validator) -> None:
    assert found(validator, asked("POST", f"{STORE}/v3/catalog/products", CUP)) == []


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"price": "much"}, "price"),
        ({"weight": -1}, "weight"),
        ({"type": "service"}, "type"),
        ({"name": "x" * 251}, "name"),
        ({"colour": "blue"}, ""),
        ({"images": [{"image_url": "https://x.example/a.png", "thumb": True}]}, "images/*"),
        ({"name": None}, "name"),
    ],
    ids=str,
)
def test_a_wrong_field_of_a_request_is_found(
    validator: Validator, change: dict[str, Any], where: str
) -> None:
    """A wrong type, a bound, a choice, a length, an unknown name, one deep inside, and null where
    none may be.
    """
    findings = found(validator, asked("POST", f"{STORE}/v3/catalog/products", {**CUP, **change}))

    assert [place for place, _ in findings] == [where]


def test_a_missing_field_is_found(validator: Validator) -> None:
    body = {name: value for name, value in CUP.items() if name != "weight"}

    assert found(validator, asked("POST", f"{STORE}/v3/catalog/products", body)) == [
        ("", '"weight" is a required property')
    ]


def test_queries_are_checked(validator: Validator) -> None:
    """Unknown names, wrong kinds, and every part of a comma list."""
    listed = f"{STORE}/v3/catalog/products"

    assert (
        found(
            validator,
            asked(
                "GET", listed, query=(("limit", "250"), ("id:in", "1,2"), ("include", "variants"))
            ),
        )
        == []
    )
    assert found(validator, asked("GET", listed, query=(("colour", "blue"),))) == [
        ("?colour", "no such parameter")
    ]
    assert [
        at
        for at, _ in found(validator, asked("GET", listed, query=(("include", "variants,wheels"),)))
    ] == ["?include"]
    assert [at for at, _ in found(validator, asked("GET", listed, query=(("page", "first"),)))] == [
        "?page"
    ]


def test_methods_headers_and_bodies_that_no_file_knows_are_found(validator: Validator) -> None:
    assert found(validator, asked("PATCH", f"{STORE}/v3/catalog/products")) == [
        ("", "no such method in the files")
    ]
    assert found(
        validator, asked("POST", f"{STORE}/v3/hooks", {}, headers={"content-type": "text/csv"})
    ) == [("", "a body of type text/csv is not expected")]


def test_an_answer_that_does_not_fit_is_found(validator: Validator) -> None:
    """A wrong type, an unknown name, a status that is not listed, and no JSON at all."""
    time = asked("GET", f"{STORE}/v3/inventory/items")
    row = {"identity": {"sku": "A", "variant_id": 1, "product_id": 2}, "locations": []}

    assert found(validator, time, 200, {"data": [row], "meta": {}}) == []
    assert [at for at, _ in found(validator, time, 200, {"data": [{**row, "locations": 3}]})] == [
        "data/*/locations"
    ]
    assert [at for at, _ in found(validator, time, 200, {"data": [{**row, "stock": 3}]})] == [
        "data/*"
    ]
    assert found(validator, time, 202, {}) == [("", "a status that the file does not know")]
    assert validator.check(time, Answered(200, "application/json", b"{")) == [
        Finding("answer", "GET /v3/inventory/items", 200, "", "the body is not JSON")
    ]


def test_refusals_have_the_platforms_shape(validator: Validator) -> None:
    """Also with a status that the operation does not list."""
    request = asked("PUT", f"{STORE}/v3/inventory/adjustments/absolute", {"items": []})
    refusal = {"status": 429, "title": "Too Many Requests", "type": "x"}

    assert found(validator, request, 429, refusal) == []
    assert [at for at, _ in found(validator, request, 429, {"message": "slower"})] == ["", "", ""]


def test_zettle_is_read_too(validator: Validator) -> None:
    """Nulls for what is not set are Zettle's own; an unknown name is not."""
    request = asked(
        "GET", "/products/organizations/self/products/6f0d3b1a-0000-11ee-8000-000000000000"
    )
    product = {
        "uuid": "6f0d3b1a-0000-11ee-8000-000000000000",
        "name": "Kopp",
        "description": None,
        "vatPercentage": "25.0",
        "variants": [
            {
                "uuid": "6f0d3b1a-0000-11ee-8000-000000000001",
                "price": {"amount": 1, "currencyId": "SEK"},
            }
        ],
        "etag": "A",
        "created": "2026-01-01T00:00:00.000+0000",
        "updated": "2026-01-01T00:00:00.000+0000",
    }

    assert found(validator, request, 200, product) == []
    assert [at for at, _ in found(validator, request, 200, {**product, "colour": "blue"})] == [""]
    assert [at for at, _ in found(validator, request, 200, {**product, "name": 7})] == ["name"]


def test_what_others_ask_is_not_held_against_us(validator: Validator) -> None:
    """Tests and other tools may be wrong on purpose; the sandbox's answer to them counts."""
    stranger = asked(
        "GET",
        f"{STORE}/v3/catalog/products",
        query=(("colour", "blue"),),
        headers={"user-agent": "curl"},
    )

    assert found(validator, stranger) == []
    assert found(validator, stranger, 200, {"data": "many"}) != []


def test_every_slip_has_a_reason_and_a_name_of_its_own() -> None:
    assert len({slip.name for slip in SLIPS}) == len(SLIPS)
    assert [slip.name for slip in SLIPS if "facts" not in slip.why] == []
