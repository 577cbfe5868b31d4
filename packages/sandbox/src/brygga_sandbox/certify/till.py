"""Zettle: what holds by its documents, and what they leave open (zettle facts 10)."""

from brygga_sandbox.certify.asking import Questions
from brygga_sandbox.certify.bench import Bench, Unclear
from brygga_sandbox.certify.till_hands import (
    core,
    inventories,
    moved,
    movement_of,
    sized,
    stock_of,
    tracked,
)

TILL_RULES = Questions("till")
TILL_QUESTIONS = Questions("till")
HERE = "/organizations/self/products"
MOST_TRIED = 200


@TILL_RULES.rule("A product is created with 201 and an ETag, and read with what was sent (2.6)")
async def till_product_created(bench: Bench) -> bool:
    answer = await bench.try_till_product(description="A")
    made = (await bench.till_read(answer.json()["uuid"])) if answer.content else {}
    return answer.status_code == 201 and made.get("description") == "A" and bool(made.get("etag"))


@TILL_RULES.rule("A change on an old etag is 412 (2.6)")
async def old_etag(bench: Bench) -> bool:
    made = await bench.till_product()
    for name, wanted in ((bench.name(), True), (bench.name(), False)):
        answer = await bench.till(
            "PUT",
            f"{HERE}/v2/{made['uuid']}",
            {**core(made), "name": name},
            {"If-Match": f'"{made["etag"]}"'},
        )
        if (answer.status_code in {200, 204}) != wanted:
            return False
    return answer.status_code == 412


@TILL_RULES.rule("A deleted product is 404 (2.8)")
async def till_deleted(bench: Bench) -> bool:
    path = f"{HERE}/{(await bench.till_product())['uuid']}"
    return [(await bench.till(method, path)).status_code for method in ("DELETE", "GET")] == [
        204,
        404,
    ]


@TILL_RULES.rule("A movement changes the balance of a tracked product by its number (3.5)")
async def movement(bench: Bench) -> bool:
    made = await tracked(bench)
    status = await moved(bench, made, "SUPPLIER", "STORE", 5)
    rows = (await stock_of(bench, made)).json()
    return status in {200, 204} and [row["balance"] for row in rows] == [5]


@TILL_RULES.rule("A token that is none is 401 (1.5)")
async def bad_token(bench: Bench) -> bool:
    answer = await bench.till(
        "GET", HERE + "/v2/count", headers={"Authorization": "Bearer no-such-token"}
    )
    return answer.status_code == 401


@TILL_RULES.rule("What has not changed is 304 to who knows its etag (2.6)")
async def not_modified(bench: Bench) -> bool:
    path = f"{HERE}/{(await bench.till_product())['uuid']}"
    etag = (await bench.till("GET", path)).headers.get("etag", "")
    return (await bench.till("GET", path, headers={"If-None-Match": etag})).status_code == 304


@TILL_RULES.rule("A refusal names the field that is wrong (2.8)")
async def refusal_names_field(bench: Bench) -> bool:
    answer = await bench.try_till_product(name="x" * 257)
    return answer.status_code in {400, 422} and [
        one["propertyName"] for one in answer.json()["violations"]
    ] == ["name"]


@TILL_RULES.rule("More than 99 variants are refused (2.4)")
async def too_many_variants(bench: Bench) -> bool:
    values = [f"S{number}" for number in range(100)]
    rows = {
        "definitions": [{"name": "Size", "properties": [{"value": value} for value in values[:99]]}]
    }
    answer = await bench.try_till_product(
        variants=[sized(bench, value) for value in values], variantOptionDefinitions=rows
    )
    return answer.status_code in {400, 422}


@TILL_RULES.rule("A variant has a value of every option (2.4)")
async def value_of_every_option(bench: Bench) -> bool:
    names = [{"name": name, "properties": [{"value": "S"}]} for name in ("Size", "Fit")]
    answer = await bench.try_till_product(
        variants=[sized(bench, "S")], variantOptionDefinitions={"definitions": names}
    )
    return answer.status_code in {400, 422}


@TILL_RULES.rule("A new product is in the list, and in the library's feed (2.1, 2.2)")
async def listed(bench: Bench) -> bool:
    made = await bench.till_product()
    feed = (await bench.till("GET", "/organizations/self/library?limit=1")).json()
    rows = (await bench.till("GET", f"{HERE}/v2")).json()
    return made["uuid"] in [one["uuid"] for one in rows] and {
        "untilEventLogUuid",
        "products",
    } <= set(feed)


@TILL_RULES.rule(
    "A sale's worth of goods leaves the stock, and what goes out and in is reported apart by place "
    "(3.5)"
)
async def out_and_in(bench: Bench) -> bool:
    made = await tracked(bench)
    steps = (
        ("SUPPLIER", "STORE", 5),
        ("STORE", "SOLD", 2),
        ("STORE", "BIN", 1),
        ("SOLD", "STORE", 1),
    )
    for source, target, change in steps:
        if await moved(bench, made, source, target, change) >= 300:
            return False
    return [row["balance"] for row in (await stock_of(bench, made)).json()] == [3]


@TILL_QUESTIONS.question(
    "untracked_stock_is_404", "Is the stock of an untracked product 404?", "Z6"
)
async def untracked_stock_is_404(bench: Bench) -> bool:
    return (await stock_of(bench, await bench.till_product())).status_code == 404


@TILL_QUESTIONS.question("update_answers_body", "Does a change answer with the product?", "Z8")
async def update_answers_body(bench: Bench) -> bool:
    made = await bench.till_product()
    answer = await bench.till(
        "PUT", f"{HERE}/v2/{made['uuid']}", {**core(made), "description": "B"}
    )
    return answer.status_code == 200 and bool(answer.content)


@TILL_QUESTIONS.question("count_is_array", "Is the count of products an array?", "Z20")
async def count_is_array(bench: Bench) -> bool:
    return isinstance((await bench.till("GET", f"{HERE}/v2/count")).json(), list)


@TILL_QUESTIONS.question("products_list_pages", "Does the list of products come in pages?", "Z9")
async def products_list_pages(bench: Bench) -> bool:
    answer = await bench.till("GET", f"{HERE}/v2")
    if not answer.links and len(answer.json()) < 500:
        raise Unclear("too few products to tell: a page may hold 500")
    return bool(answer.links)


@TILL_QUESTIONS.question("nulls", "Are fields that are not set written as null or left out?", "Z19")
async def nulls(bench: Bench) -> tuple[str, ...]:
    made = await bench.till_product()
    seen = set()
    for text in ("B", "C", "D", "E"):
        read = await bench.till_read(made["uuid"])
        seen.add("null" if "externalReference" in read else "absent")
        await bench.till("PUT", f"{HERE}/v2/{made['uuid']}", {**core(made), "description": text})
    return ("mixed",) if len(seen) > 1 else (*seen, "mixed")


@TILL_QUESTIONS.question("vat_as_number", "Does the VAT rate come back as a number?", "Z19")
async def vat_as_number(bench: Bench) -> bool:
    rates = [0, 25]
    for rate in rates:
        answer = await bench.try_till_product(vatPercentage=rate)
        if answer.status_code == 201:
            read = await bench.till_read(answer.json()["uuid"])
            return not isinstance(read["vatPercentage"], str)
    raise Unclear("the account takes neither 0 nor 25 percent")


@TILL_QUESTIONS.question(
    "existing_product_status", "How is a product refused that exists already?", "Z21"
)
async def existing_product_status(bench: Bench) -> int:
    made = await bench.till_product()
    return (await bench.till("POST", HERE, core(made))).status_code


@TILL_QUESTIONS.question(
    "validation_status", "How is a product refused that breaks a limit?", "Z21"
)
async def validation_status(bench: Bench) -> int:
    return (await bench.try_till_product(name="")).status_code


@TILL_QUESTIONS.question("etag_header_quoted", "Has the ETag header quotes?", "Z19")
async def etag_header_quoted(bench: Bench) -> bool:
    made = await bench.till_product()
    header = (await bench.till("GET", f"{HERE}/{made['uuid']}")).headers.get("etag", "")
    if not header:
        raise Unclear("no ETag header")
    return header.startswith('"')


@TILL_QUESTIONS.question("any_uuid_version", "Are uuids of other versions than 1 taken?", "Z22")
async def any_uuid_version(bench: Bench) -> bool:
    own = bench.uuid1()
    return (await bench.try_till_product(uuid=own[:14] + "4" + own[15:])).status_code == 201


@TILL_QUESTIONS.question(
    "equal_option_values_refused", "Are two variants with the same values refused?", "Z14"
)
async def equal_option_values_refused(bench: Bench) -> bool:
    sizes = {
        "variantOptionDefinitions": {
            "definitions": [{"name": "Size", "properties": [{"value": "S"}]}]
        }
    }
    answer = await bench.try_till_product(variants=[sized(bench, "S"), sized(bench, "S")], **sizes)
    return answer.status_code >= 400


@TILL_QUESTIONS.question(
    "status_lists_untracked",
    "Does the status of tracking name products that never were tracked?",
    "Z25",
)
async def status_lists_untracked(bench: Bench) -> bool:
    made = await bench.till_product()
    answer = await bench.till("POST", "/v3/products/status", [made["uuid"]], host="inventory")
    return bool(answer.json())


@TILL_QUESTIONS.question(
    "not_tracked_status", "How is a movement of an untracked product refused?", "Z26"
)
async def not_tracked_status(bench: Bench) -> int:
    status = await moved(bench, await bench.till_product(), "SUPPLIER", "STORE", 1)
    if status < 400:
        raise Unclear("it was taken")
    return status


@TILL_QUESTIONS.question(
    "negative_store_refused", "Is a movement refused that takes the stock below zero?", "Z27"
)
async def negative_store_refused(bench: Bench) -> bool:
    return await moved(bench, await tracked(bench), "STORE", "SOLD", 3) >= 400


@TILL_QUESTIONS.question("most_movements", "How many movements may ride in one call?", "Z27")
async def most_movements(bench: Bench) -> int:
    """Between 1 and 200, found by bisection. Every movement is one unit of our own product."""
    made = await tracked(bench)
    row = await movement_of(bench, made, "SUPPLIER", "STORE", 1)
    taken, refused = 0, MOST_TRIED + 1
    while refused - taken > 1:
        size = MOST_TRIED if refused > MOST_TRIED and not taken else (taken + refused) // 2
        body = {"identifier": bench.uuid1(), "movements": [row] * size}
        status = (await bench.till("POST", "/v3/movements", body, host="inventory")).status_code
        if status < 300:
            taken = size
        else:
            refused = size
    if taken in {0, MOST_TRIED}:
        raise Unclear(f"none was taken, or {MOST_TRIED} at once were")
    return taken


@TILL_QUESTIONS.question(
    "movements_stop_half_way", "Are the movements before a refused one made?", "Z27"
)
async def movements_stop_half_way(bench: Bench) -> bool:
    """The second of two movements is of a product that does not exist."""
    made = await tracked(bench)
    good = await movement_of(bench, made, "SUPPLIER", "STORE", 4)
    bad = {**good, "productUuid": bench.uuid1(), "variantUuid": bench.uuid1()}
    body = {"identifier": bench.uuid1(), "movements": [good, bad]}
    status = (await bench.till("POST", "/v3/movements", body, host="inventory")).status_code
    if status < 400:
        raise Unclear("the second was taken too")
    return [row["balance"] for row in (await stock_of(bench, made)).json() if row["balance"]] == [4]


@TILL_QUESTIONS.question("refusal_bodies", "Has a 401 a JSON body?", "Z33")
async def refusal_bodies(bench: Bench) -> str:
    answer = await bench.till(
        "GET", f"{HERE}/v2/count", headers={"Authorization": "Bearer no-such-token"}
    )
    if not answer.content or "json" not in answer.headers.get("content-type", ""):
        return "empty"
    return "error_type" if set(answer.json()) == {"errorType"} else "whole"


@TILL_QUESTIONS.question(
    "left_out_variants_stay", "Does a variant stay that a change leaves out?", "Z34"
)
async def left_out_variants_stay(bench: Bench) -> bool:
    sizes = {
        "variantOptionDefinitions": {
            "definitions": [{"name": "Size", "properties": [{"value": "S"}, {"value": "M"}]}]
        }
    }
    made = await bench.till_product(variants=[sized(bench, "S"), sized(bench, "M")], **sizes)
    await bench.till(
        "PUT", f"{HERE}/v2/{made['uuid']}", {**core(made), "variants": made["variants"][:1]}
    )
    return len((await bench.till_read(made["uuid"]))["variants"]) == 2


@TILL_QUESTIONS.question(
    "unknown_stock_is_empty", "Is the stock of an unknown product an empty list?", "Z35"
)
async def unknown_stock_is_empty(bench: Bench) -> bool:
    await stock_of(bench, await tracked(bench))
    store = (await inventories(bench))["STORE"]
    answer = await bench.till(
        "GET", f"/v3/stock/{store}/products/{bench.uuid1()}", host="inventory"
    )
    return answer.status_code == 200 and answer.json() == []


@TILL_QUESTIONS.question(
    "library_needs_all", "Does the library leave out what the till does not show?", "Z36"
)
async def library_needs_all(bench: Bench) -> bool:
    """The changes since a moment ago, requested without `all`."""
    library = f"{HERE.removesuffix('/products')}/library"
    since = (await bench.till("GET", library)).json()["untilEventLogUuid"]
    made = await bench.till_product(metadata={"inPos": False})
    changed = (await bench.till("GET", f"{library}?eventLogUuid={since}")).json()["products"]
    return made["uuid"] not in [one["uuid"] for one in changed]


@TILL_QUESTIONS.question(
    "organization_page_refused", "Are the organization's details refused?", "Z17"
)
async def organization_page_refused(bench: Bench) -> bool:
    answer = await bench.till("GET", "/api/resources/organizations/self", host="secure")
    return answer.status_code == 403
