"""The contract of both platforms, question by question: against the sandbox, or against a real
account and store.

Without credentials every rule must hold at the sandbox, and every open question must get the
sandbox's own switch as its answer. With BRYGGA_CERTIFY_* in the environment
(packages/sandbox/docs/certify.md) the very same questions are put to the account they name: there
the rules must hold, and an open question has no wrong answer. Flipped switches and mute platforms
prove that the questions can tell.
"""

import json
import os
import random
import re
from collections.abc import AsyncIterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from brygga_sandbox import bigcommerce, zettle
from brygga_sandbox.certify import Bench, Journal, Place, certify, rehearse
from brygga_sandbox.certify.asking import Question, put
from brygga_sandbox.certify.live import keys_of, place_of
from brygga_sandbox.certify.not_asked import NOT_ASKED
from brygga_sandbox.certify.rehearsal import EVERYTHING, place_in
from brygga_sandbox.certify.report import agrees, as_markdown
from brygga_sandbox.clock import ManualClock, RealClock
from brygga_sandbox.commands.certify import switches
from brygga_sandbox.sandbox import Plan, Sandbox

LIVE = any(name.startswith("BRYGGA_CERTIFY_") for name in os.environ)
QUESTIONS = Path(__file__).parents[4] / "docs" / "open-questions.md"
PASSIVE = {"throttled_body", "retry_after_header"}
"""Questions that only a run long enough to be throttled can answer."""
BLIND = {"products_list_pages", *PASSIVE}
"""Questions that a small account cannot answer, or not alone."""

OTHER: dict[str, dict[str, Any]] = {
    "shop": {
        "create_returns_children": False, "implicit_option_type": "radio_buttons",
        "inline_image_status": 400,
        "batch_variant_extras": False, "batch_variant_all_or_nothing": False,
        "default_channel_auto": "never",
        "identical_put_fires": True, "duplicate_hook_status": 409,
        "duplicate_category_status": 207, "unknown_fields": "ignore",
        "categories_required": False, "variants_on_put": "ignore", "images_on_put": "replace",
        "url_clash_on_put": "409",
        "delete_unknown_product": 404, "option_deletion": "refuse", "value_in_use": "variants_die",
        "omitted_values": "keep",
        "new_option_on_variants": "accept", "duplicate_option_status": 409,
        "empty_image_list": "204", "wrong_video": "accept",
        "limit_above_maximum": "clamp", "untracked_adjustment": "accept",
        "negative_absolute": "clamp",
        "base_variant_by_variant_id": False, "level_after_tracking_switch": "keep",
        "unauthorized_body": "json",
        "first_option_level": "keep", "first_option_tracking": "variant",
        "items_of_whole": "own_level",
        "inline_variant_without_sku": "refuse", "create_visible_default": False,
        "most_description": 32_767,
        "most_metafields": 25, "most_assignments": 25, "store_wide_resource_filter": "works",
        "thumbnail_heir": "none",
        "category_with_products": "refused", "unknown_item_status": 404,
        "catalog_level": "available_to_sell",
        "base_variant_goes": "stays", "orphan_variants": False, "parallel_calls": "accept",
        "throttled_body": "empty",
        "retry_after_header": False, "wrong_gtin": "accept", "partial_adjustments": True,
    },
    "till": {
        "untracked_stock_is_404": True, "update_answers_body": True, "count_is_array": True,
        "nulls": "null", "vat_as_number": True,
        "existing_product_status": 409, "validation_status": 422, "etag_header_quoted": False,
        "any_uuid_version": True,
        "equal_option_values_refused": True, "status_lists_untracked": True,
        "not_tracked_status": 409,
        "negative_store_refused": True, "organization_page_refused": True, "most_movements": 37,
        "products_list_pages": True,
        "movements_stop_half_way": True, "refusal_bodies": "error_type",
        "left_out_variants_stay": True,
        "unknown_stock_is_empty": True, "library_needs_all": False,
        "unit_balances_have_decimals": False, "most_stock_rows": 500,
        "zero_rows_left_out": True,
        "retry_after": True,
    },
}  # fmt: skip
"""A reading of every switch that is not the sandbox's own."""


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """The account that the environment names, or a small sandbox; whatever was made is removed."""
    sandbox = None if LIVE else Sandbox(Plan(products=3, drawings=False), ManualClock())
    clock = RealClock() if sandbox is None else sandbox.clock
    wait = clock.advance if isinstance(clock, ManualClock) else clock.sleep
    async with httpx2.AsyncClient(
        transport=sandbox.transport() if sandbox else None, timeout=60
    ) as http:
        place = place_in(sandbox) if sandbox else await place_of(keys_of(os.environ), http)
        dice = random.Random() if LIVE else random.Random(1)
        made = Bench(place, http, dice, wait, Journal(tmp_path / "unfinished.json"))
        yield made
        assert await made.clean_up() == []
    if sandbox:
        await sandbox.stop()


@pytest.mark.parametrize("question", EVERYTHING, ids=lambda one: f"{one.side}-{one.key}")
async def test_contract(bench: Bench, question: Question) -> None:
    if not (bench.place.shop_token if question.side == "shop" else bench.place.zettle_token):
        pytest.skip("no credentials for this side")
    answer = await put(bench, question)

    if question.look:
        assert answer.verdict == "seen", (answer.why, answer.evidence)
        assert answer.reading
    elif not question.switch:
        assert answer.verdict in ({"holds", "unclear"} if LIVE else {"holds"}), (
            answer.reading,
            answer.why,
            answer.evidence,
        )
    elif not LIVE and question.key not in BLIND:
        assert agrees(answer.reading, switches()[question.side][question.switch]), answer


ASKED = [one for one in EVERYTHING if one.switch and one.key not in BLIND]


@pytest.mark.parametrize("question", ASKED, ids=lambda one: f"{one.side}-{one.key}")
async def test_another_reading_is_another_answer(question: Question) -> None:
    """Every open question: with its switch flipped in the sandbox the answer in the certificate is
    flipped too.
    """
    other, side = OTHER[question.side][question.switch], question.side
    shop, till = bigcommerce.Switches(), zettle.Switches()
    if side == "shop":
        shop = replace(shop, **{question.switch: other})
    else:
        till = replace(till, **{question.switch: other})
    certificate, sandbox = await rehearse(shop, till, frozenset({question.key}))
    await sandbox.stop()

    reading = certificate.reading(question.switch)
    assert agrees(reading, other), certificate.answers
    # Fields may look "mixed" however often one looks.
    assert question.switch == "nulls" or not agrees(reading, switches()[side][question.switch])


async def test_a_run_that_is_throttled_tells_what_a_refusal_looks_like() -> None:
    """Nothing is provoked: a run is long enough by itself."""
    for body, header in (("json", False), ("empty", True)):
        shop = bigcommerce.Switches(throttled_body=body, retry_after_header=header)  # type: ignore[arg-type]
        certificate, sandbox = await rehearse(shop)
        await sandbox.stop()

        assert certificate.reading("throttled_body") == body
        assert certificate.reading("retry_after_header") is header


async def test_what_stands_in_the_merchants_own_goods_is_not_spelled_out() -> None:
    """Hosts of videos and the kind of texts; no address, no word of them."""
    sandbox = Sandbox(Plan(products=0, drawings=False), ManualClock())
    online = {
        "status": "HIDDEN",
        "description": "<p>Drejad</p>",
        "presentation": {"mediaUrls": ["https://youtu.be/hemlig", "https://youtu.be/annan"]},
    }
    sandbox.till().create_product("Mugg", online=online)
    sandbox.till().create_product(
        "Fat", online={"status": "HIDDEN", "description": "En rad\nEn till"}
    )
    async with httpx2.AsyncClient(transport=sandbox.transport()) as http:
        made = Bench(place_in(sandbox), http, random.Random(1), ManualClock().advance)
        chosen = [
            one
            for one in EVERYTHING
            if one.key in {"media_urls", "online_descriptions", "old_inventory"}
        ]
        certificate = await certify(made, "x", chosen)
    await sandbox.stop()

    text = as_markdown(certificate)
    assert (
        "| Z1 | What stands in mediaUrls of the merchant's own products? | youtu.be (2) |" in text
    )
    assert "2 have one; 1 with tags, 1 with line breaks" in text
    assert [word for word in ("hemlig", "Drejad", "En rad") if word in text] == []
    assert certificate.good


async def test_a_reading_that_lags_is_measured() -> None:
    clock = ManualClock()
    sandbox = Sandbox(Plan(products=0, drawings=False), clock)
    sandbox.bigcommerce.store(sandbox.merchant.store_hash).read_lag_s = 4.0
    async with httpx2.AsyncClient(transport=sandbox.transport()) as http:
        made = Bench(place_in(sandbox), http, random.Random(1), clock.advance)
        certificate = await certify(
            made, "x", [one for one in EVERYTHING if one.key == "read_delay"]
        )
    await sandbox.stop()

    assert str(certificate.answers[0].reading).startswith("4 s at most")


async def test_a_batch_that_takes_some_fields_only_is_unclear_and_names_them() -> None:
    """A real store may honour the SKU and not the GTIN; no switch says that."""
    sandbox = Sandbox(Plan(products=0, drawings=False), ManualClock())
    real = sandbox.transport()

    async def partly(request: httpx2.Request) -> httpx2.Response:
        if request.method == "PUT" and request.url.path.endswith("/catalog/variants"):
            rows = [
                {name: value for name, value in row.items() if name != "gtin"}
                for row in json.loads(request.content)
            ]
            request = httpx2.Request(
                "PUT", request.url, headers={"X-Auth-Token": sandbox.store_token()}, json=rows
            )
        return await real.handle_async_request(request)

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(partly)) as http:
        made = Bench(place_in(sandbox), http, random.Random(1), ManualClock().advance)
        certificate = await certify(
            made, "x", [one for one in EVERYTHING if one.key == "batch_variant_extras"]
        )
    await sandbox.stop()

    assert certificate.answers[0].verdict == "unclear"
    assert (
        certificate.answers[0].why == "some only: sku, mpn, image_url of sku, gtin, mpn, image_url"
    )


async def test_a_large_library_tells_whether_lists_come_in_pages() -> None:
    for pages in (True, False):
        clock = ManualClock()
        sandbox = Sandbox(
            Plan(
                products=501,
                drawings=False,
                zettle_switches=zettle.Switches(products_list_pages=pages),
            ),
            clock,
        )
        async with httpx2.AsyncClient(transport=sandbox.transport()) as http:
            made = Bench(place_in(sandbox), http, random.Random(1), clock.advance)
            certificate = await certify(
                made, "x", [one for one in EVERYTHING if one.key == "products_list_pages"]
            )
        await sandbox.stop()

        assert certificate.reading("products_list_pages") is pages


@pytest.mark.parametrize(
    ("status", "body"), [(200, b'{"data": [], "meta": {}}'), (404, b"{}"), (200, b"[]"), (204, b"")]
)
async def test_no_rule_holds_at_a_platform_that_says_the_same_to_everything(
    status: int, body: bytes
) -> None:
    """A rule that such a platform keeps would prove nothing."""
    transport = httpx2.MockTransport(lambda request: httpx2.Response(status, content=body))
    place = Place(
        "https://x.test",
        "a",
        "https://x.test",
        "https://x.test",
        "https://x.test",
        "b",
        "https://x.test/a.png",
    )

    async def no_time(seconds: float) -> None:
        pass

    held = []
    async with httpx2.AsyncClient(transport=transport) as http:
        for question in [one for one in EVERYTHING if not one.switch and not one.look]:
            answer = await put(Bench(place, http, random.Random(1), no_time), question)
            held += [question.key] if answer.verdict == "holds" else []

    assert held == []


def test_every_switch_that_is_asked_about_has_another_reading() -> None:
    known = {
        "shop": {one.name for one in fields(bigcommerce.Switches)},
        "till": {one.name for one in fields(zettle.Switches)},
    }

    assert [one.key for one in EVERYTHING if one.switch and one.switch not in known[one.side]] == []
    assert {(one.side, one.switch) for one in EVERYTHING if one.switch} == {
        (side, name) for side, others in OTHER.items() for name in others
    }
    assert [
        name
        for side, others in OTHER.items()
        for name, value in others.items()
        if switches()[side][name] == value
    ] == []


def test_every_open_question_is_asked_or_told_why_not() -> None:
    """Each row of docs/open-questions.md: a question of its number, or a reason; and the row names
    the switch that is asked about.
    """
    rows = re.findall(r"^\| ([ZB]\d+) \|(.*)$", QUESTIONS.read_text(), re.MULTILINE)
    asked = {one.number for one in EVERYTHING if one.number}
    reasons = {number for one in NOT_ASKED for number in one.numbers}

    assert [number for number, _ in rows if number not in asked | reasons] == []
    assert sorted((asked | reasons) - {number for number, _ in rows}) == []
    texts = dict(rows)
    named = [
        (number, switch) for one in NOT_ASKED for number in one.numbers for switch in one.switches
    ]
    assert [
        switch
        for _, switch in named
        if not any(f"`{switch}`" in texts[number] for number, _ in named)
    ] == []
    assert [
        one.key
        for one in EVERYTHING
        if one.switch and f"`{one.switch}`" not in texts.get(one.number, "")
    ] == []


def test_every_switch_is_an_open_question_that_is_asked_or_told_why_not() -> None:
    """No reading is a secret of the code: each stands in docs/open-questions.md, and in the
    certificate one way or the other.
    """
    known = {one.name for one in (*fields(bigcommerce.Switches), *fields(zettle.Switches))}
    listed = set(re.findall(r"`(\w+)`", QUESTIONS.read_text()))
    asked = {one.switch for one in EVERYTHING if one.switch}
    reported = {name for one in NOT_ASKED for name in one.switches}

    assert sorted(known - listed) == []
    assert sorted(known - asked - reported) == []
    assert sorted(reported - known) == []


def test_the_guide_says_where_each_item_of_the_facts_went() -> None:
    """Fourteen of BigCommerce's and nine of Zettle's; what the guide calls asked is asked, and what
    it leaves to a person is not.
    """
    guide = (Path(__file__).parents[2] / "docs" / "certify.md").read_text()
    rows = re.findall(r"^\| (\d+) [^|]+\| ([ZB\d, ]+) \| ([^|]+) \|$", guide, re.MULTILINE)
    asked = {one.number for one in EVERYTHING if one.number}
    by_hand = {number for one in NOT_ASKED for number in one.numbers}

    assert [int(number) for number, _, _ in rows] == [*range(1, 15), *range(1, 10)]
    for _, numbers, word in rows:
        named = set(numbers.split(", "))
        assert named <= asked | by_hand
        assert word != "yes" or named <= asked
        assert word != "by hand" or named <= by_hand
