"""One code per meaning: every status and shape of the facts, and those that integrators report."""

from dataclasses import dataclass
from typing import Any

import pytest

from brygga.bigcommerce.api import ShopApi
from brygga.bigcommerce.codes import Code
from brygga.bigcommerce.refusals import named_items, problem, refusal
from brygga.bigcommerce.values import ShopUrls, StockChange
from brygga.core.failures import (
    Failure,
    NeedsMerchant,
    Refused,
    Unanswered,
    Unreachable,
    fingerprint,
)
from brygga.core.operations import Create
from brygga.wire import Answer, Call, OpenGate
from tests.bigcommerce.store import cup
from tests.wire.doubles import FarEnd, Step, far_end, says

PRODUCTS, VARIANTS, STOCK = (
    "/v3/catalog/products",
    "/v3/catalog/variants",
    "/v3/inventory/adjustments/relative",
)
IMAGES, OPTIONS, HOOKS = f"{PRODUCTS}/158/images", f"{PRODUCTS}/158/options", "/v3/hooks"


def shop(*steps: Step) -> tuple[ShopApi, FarEnd]:
    wire, end = far_end(*steps)
    return ShopApi(wire, OpenGate(), ShopUrls(), "store-token-value", "abc123"), end


def judged(path: str, status: int, body: Any) -> Failure:
    call = Call("bigcommerce", "POST", "https://api.bigcommerce.com/stores/abc123" + path)
    return refusal(call, Answer(status, body=says(status, body).content))


def v3(status: int, title: str, errors: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "status": status,
        "title": title,
        "type": "/api-docs/getting-started/api-status-codes",
        "errors": errors,
        **more,
    }


TAKEN = "The product {} is a duplicate"
CASES: list[tuple[str, int, Any, Code]] = [
    (PRODUCTS, 409, v3(409, TAKEN.format("name"), {"name": TAKEN.format("name")}), Code.NAME_TAKEN),
    (PRODUCTS, 409, v3(409, TAKEN.format("name")), Code.NAME_TAKEN),
    (PRODUCTS, 409, v3(409, TAKEN.format("sku"), {"sku": TAKEN.format("sku")}), Code.SKU_TAKEN),
    (PRODUCTS, 409, v3(409, "Sku `SJ-R` is not unique"), Code.SKU_TAKEN),
    (VARIANTS, 422, {"batch_errors": [v3(409, "Sku `SJ-R` is not unique",
    {"sku": "Sku `SJ-R` is not unique"})]}, Code.SKU_TAKEN),
    (PRODUCTS, 409, v3(409, TAKEN.format("url"), {"custom_url": TAKEN.format("url")}),
    Code.URL_TAKEN),
    (PRODUCTS, 409, v3(409, TAKEN.format("url"), {"custom_url.url": "must be unique"}),
    Code.URL_TAKEN),
    (PRODUCTS, 409, v3(409, ("Variant with the same option values set "
"exists"), {"option_values": "x"}, code=22010), Code.VARIANT_EXISTS),
    (VARIANTS, 422, {"batch_errors": [v3(409, "x", {}, code=22010)]}, Code.VARIANT_EXISTS),
    (OPTIONS, 422, v3(422, ("The display name Färg has already been used on this "
"product.")), Code.OPTION_EXISTS),
    (PRODUCTS, 409, v3(409, ("The category 23 was not "
"found"), {"categories": "unknown"}), Code.CATEGORY_UNKNOWN),
    (
        "/v3/catalog/trees/categories",
        422,
        {"errors": v3(422, ("Category name must be unique among "
"siblings")), "meta": {"total": 1, "success": 0, "failed": 1}},
        Code.CATEGORY_EXISTS,
    ),
    (IMAGES, 400, v3(400, "The image could not be downloaded"), Code.IMAGE_UNREACHABLE),
    (IMAGES, 422, v3(422, ("The maximum of 8 MB size limit for upload image is "
"exceeded"), code=10001), Code.IMAGE_REFUSED),
    (PRODUCTS, 422, v3(422, ("Invalid field(s): "
"image_url"), {"image_url": "url must be an actual URL"}), Code.IMAGE_REFUSED),
    (PRODUCTS, 422, v3(422, "x", {"images.0.image_url": "could not be downloaded"}),
    Code.IMAGE_UNREACHABLE),
    (PRODUCTS, 400, v3(400, "An image could not be downloaded"), Code.IMAGE_UNREACHABLE),
    (f"{PRODUCTS}/158/videos", 422, v3(422, "x", {"video_id": "bad"}), Code.VIDEO_REFUSED),
    (PRODUCTS, 413, v3(413, ("The request payload is too large. The maximum items allowed in the "
"array is 10.")), Code.TOO_MANY_ITEMS),
    (PRODUCTS, 422, v3(422, "Missing Required Fields", {"name": "Please provide a name."}),
    Code.INPUT_REFUSED),
    (PRODUCTS, 400, v3(400, "Input is invalid", detail="Syntax error"), Code.INPUT_REFUSED),
    (PRODUCTS, 405, "Method Not Allowed", Code.REFUSED),
    (f"{PRODUCTS}/99", 404, v3(404, ("A product was not found with an id of "
"99"), instance=""), Code.PRODUCT_GONE),
    (f"{PRODUCTS}/99/images/3", 404, v3(404, "The requested image was not found"), Code.GONE),
    (f"{PRODUCTS}/99/images", 404, v3(404, ("A product was not found with an id of "
"99")), Code.PRODUCT_GONE),
    (f"{HOOKS}/18", 404, v3(404, "Webhook with id [18] not found"), Code.GONE),
    (HOOKS, 422, v3(422, ("A hook with this scope and destination already "
"exists")), Code.HOOK_EXISTS),
    (HOOKS, 422, v3(422, ("JSON data is missing or "
"invalid"), {"destination": "error.path.missing."}), Code.INPUT_REFUSED),
    (STOCK, 422, v3(422, ("Items with identity: [product_id 113] requires absolute adjustment "
"before relative")), Code.NEEDS_ABSOLUTE_FIRST),
    (STOCK, 422, v3(422, ("[Item with variant_id 106 is tracked by product, please update stock by "
"product id]")), Code.TRACKING_LEVEL),
    (STOCK, 422, v3(422, "Items with identity: [variant_id 9] were not found"), Code.ITEM_UNKNOWN),
    (STOCK, 422, v3(422, ("[Item with variant_id 9 does not have enough stock "
"available]")), Code.NOT_ENOUGH_STOCK),
    ("/v2/orders", 400, [{"status": 400, "message": ("The field 'x' is not supported by this "
"resource.")}], Code.INPUT_REFUSED),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "status", "body", "code"),
    CASES,
    ids=[f"{one[3]}-{at}" for at, one in enumerate(CASES)],
)
def test_each_meaning_has_its_code(path: str, status: int, body: Any, code: Code) -> None:
    failure = judged(path, status, body)

    assert isinstance(failure, Refused)
    assert (failure.code, failure.status) == (code, status)


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (
            403,
            v3(403, "You don't have a required scope to access the endpoint", {}),
            Code.SCOPE_MISSING,
        ),
        (403, v3(403, "The limit of products is reached"), Code.PLAN_LIMIT),
        (403, None, Code.FORBIDDEN),
        (507, v3(507, "Insufficient storage"), Code.PLAN_LIMIT),
    ],
)
async def test_what_only_the_merchant_can_help_with(status: int, body: Any, code: Code) -> None:
    room, _ = shop(says(status, body))

    with pytest.raises(NeedsMerchant) as caught:
        await room.update_product(1, {"name": "x"})

    assert caught.value.code == code


def test_a_refusal_of_stock_names_every_item_that_its_title_names() -> None:
    failure = judged(
        STOCK,
        422,
        v3(422, "Items with identity: [variant_id 9, variant_id 10, product_id 3] were not found"),
    )

    assert isinstance(failure, Refused)
    assert named_items(failure) == {("variant_id", 9), ("variant_id", 10), ("product_id", 3)}


def test_a_taken_sku_is_named() -> None:
    failure = judged(PRODUCTS, 409, v3(409, "Sku `SJ-R` is not unique"))

    assert isinstance(failure, Refused)
    assert failure.errors["value"] == "SJ-R"


@pytest.mark.parametrize(
    "body",
    [None, "Unauthorized", [], {}, {"errors": []}, [None], {"batch_errors": [None]}, 3, "null"],
)
def test_no_odd_body_hides_a_refusal(body: Any) -> None:
    assert isinstance(judged(PRODUCTS, 422, body), Refused)
    assert problem(Answer(422, body=says(422, body).content)).status == 422


async def test_a_route_that_does_not_exist_never_looks_like_a_deleted_product() -> None:
    room, _ = shop(says(404, {"status": 404, "title": "The route is not found, check the URL"}))

    with pytest.raises(Unreachable):
        await room.product(158)


@dataclass
class Renewed:
    """The merchant approves the app again so many times while a call is on its way."""

    left: list[str]

    async def __call__(self) -> str:
        return "first"

    async def renew(self, stale: str) -> str:
        return self.left.pop(0) if self.left else stale


@pytest.mark.rule("C3")
@pytest.mark.parametrize("status", [401, 403], ids=["a dead token", "one without the new right"])
async def test_a_call_goes_again_with_the_token_of_a_new_approval(status: int) -> None:
    wire, end = far_end(says(status), says(status), says(200, {"time": 1}))
    api = ShopApi(wire, OpenGate(), ShopUrls(), Renewed(["second", "third"]), "abc123")

    await api.send(api.call("GET", "/v2/time"))

    assert ["first", "second", "third"] == [one.headers["X-Auth-Token"] for one in end.asked]


@pytest.mark.rule("D3")
async def test_a_refusal_names_the_token_and_does_not_tell_it() -> None:
    for steps in ((says(401), says(401)), (says(403),)):
        api, _ = shop(*steps)
        with pytest.raises(NeedsMerchant) as caught:
            await api.send(api.call("GET", "/v2/store"))
        assert fingerprint("store-token-value") == caught.value.access
        assert "store-token-value" not in f"{caught.value!r} {caught.value.access}"


async def test_a_401_is_asked_about_once_more_before_anyone_is_disconnected() -> None:
    gone, gone_end = shop(says(401, "Unauthorized"), says(401, "Unauthorized"))
    hiccup, _ = shop(says(401), says(200, {"time": 1714000000}))
    silent, _ = shop(says(401), says(503))

    with pytest.raises(NeedsMerchant) as caught:
        await gone.product(158)
    with pytest.raises(Unreachable):
        await hiccup.product(158)
    with pytest.raises(Unreachable):
        await silent.product(158)

    assert caught.value.code == Code.ACCESS_GONE
    assert [request.url.path for request in gone_end.asked][1] == "/stores/abc123/v2/time"
    assert "store-token" not in str(caught.value)


@pytest.mark.parametrize("body", ["<html>", "", {"data": {}}, {"data": {"name": "x"}}])
async def test_a_create_whose_answer_cannot_be_read_may_have_happened(body: Any) -> None:

    room, _ = shop(says(200, body))

    with pytest.raises(Unanswered):
        await room.create_product(cup(), Create(23))


async def test_what_a_207_left_out_is_told() -> None:
    body = {
        "data": {"id": 158, "name": "Kopp"},
        "errors": v3(207, "Partly saved", {"custom_url": "taken"}),
        "meta": {},
    }
    room, _ = shop(says(207, body))

    saved = await room.update_product(158, {"name": "Kopp"})

    assert (saved.product.product_id, dict(saved.failed)) == (158, {"custom_url": "taken"})


async def test_long_lists_of_ids_are_asked_in_parts_that_fit_an_address() -> None:
    page = {"data": [], "meta": {"pagination": {"total_pages": 1}}}
    room, end = shop(*[says(200, page)] * 3)

    await room.levels(1, variant_ids=range(100_000, 101_200))

    asked = [request.url.params["variant_id:in"].split(",") for request in end.asked]
    assert [int(one) for part in asked for one in part] == list(range(100_000, 101_200))
    assert all(len(str(request.url)) < 6000 for request in end.asked)


async def test_a_list_is_read_to_its_last_page() -> None:
    def page(number: int) -> dict[str, Any]:
        return {
            "data": [{"id": number}],
            "meta": {"pagination": {"total_pages": 3, "current_page": number}},
        }

    room, end = shop(*[says(200, page(number)) for number in (1, 2, 3)])

    found = await room.products([1, 2, 3])

    assert set(found) == {1, 2, 3}
    assert [request.url.params["page"] for request in end.asked] == ["1", "2", "3"]


@pytest.mark.parametrize(
    "call",
    [
        lambda room: room.delete_products([]),
        lambda room: room.delete_products([0]),
        lambda room: room.delete_products(list(range(1, 252))),
        lambda room: room.update_products([(one, {}) for one in range(11)]),
        lambda room: room.update_variants([(one, {}) for one in range(51)]),
        lambda room: room.create_metafields([(one, "k", "v") for one in range(51)]),
        lambda room: room.assign_channel(1, list(range(51))),
        lambda room: room.adjust([StockChange(1, 1, 5)] * 2001, "x"),
        lambda room: room.set_levels([StockChange(1, -1, 5)], "x"),
    ],
)
async def test_no_batch_is_empty_or_above_its_limit(call: Any) -> None:
    room, end = shop()

    with pytest.raises(AssertionError):
        await call(room)

    assert end.asked == []


def test_the_codes_of_the_wire_are_among_ours() -> None:
    assert {"bigcommerce_unreachable", "bigcommerce_busy", "bigcommerce_unanswered"} <= {
        code.value for code in Code
    }
