"""The contract of both platforms, question by question: against the sandbox, or against a real account and store.

Without credentials every rule must hold at the sandbox, and every open question must get the sandbox's own switch as its answer.
With BRYGGA_CERTIFY_* in the environment (docs/certify.md) the very same questions are put to the account they name: there the rules
must hold, and an open question has no wrong answer. Flipped switches and mute platforms prove that the questions can tell.
"""

import os
import random
import re
from collections.abc import AsyncIterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from brygga.cli.certify import switches
from brygga.sandbox import bigcommerce, zettle
from brygga.sandbox.certify import Bench, Journal, Place, certify, rehearse
from brygga.sandbox.certify.asking import Question, put
from brygga.sandbox.certify.live import keys_of, place_of
from brygga.sandbox.certify.rehearsal import EVERYTHING, place_in
from brygga.sandbox.certify.report import NOT_ASKED, agrees
from brygga.sandbox.clock import ManualClock, RealClock
from brygga.sandbox.town import Plan, Town

LIVE = any(name.startswith("BRYGGA_CERTIFY_") for name in os.environ)
QUESTIONS = Path(__file__).parents[3] / "docs" / "open-questions.md"
BLIND = {"products_list_pages"}
"""Questions that a small account cannot answer."""

OTHER: dict[str, dict[str, Any]] = {
    "shop": {
        "create_returns_children": False, "implicit_option_type": "radio_buttons", "inline_image_status": 400,
        "batch_variant_extras": False, "batch_variant_all_or_nothing": False, "default_channel_auto": "never",
        "identical_put_fires": True, "duplicate_hook_status": 409, "duplicate_category_status": 207, "unknown_fields": "ignore",
        "categories_required": False, "variants_on_put": "ignore", "images_on_put": "replace", "url_clash_on_put": "409",
        "delete_unknown_product": 404, "option_deletion": "refuse", "value_in_use": "variants_die", "omitted_values": "keep",
        "new_option_on_variants": "accept", "duplicate_option_status": 409, "empty_image_list": "204", "wrong_video": "accept",
        "limit_above_maximum": "clamp", "untracked_adjustment": "accept", "negative_absolute": "clamp",
        "base_variant_by_variant_id": False, "level_after_tracking_switch": "keep", "unauthorized_body": "json",
        "inline_variant_without_sku": "refuse", "create_visible_default": False, "most_description": 32_767,
        "most_metafields": 25, "most_assignments": 25, "store_wide_resource_filter": "works", "thumbnail_heir": "none",
        "category_with_products": "refused", "unknown_item_status": 404, "catalog_level": "available_to_sell",
    },
    "till": {
        "untracked_stock_is_404": True, "update_answers_body": True, "count_is_array": True, "nulls": "null", "vat_as_number": True,
        "existing_product_status": 409, "validation_status": 422, "etag_header_quoted": False, "any_uuid_version": True,
        "equal_option_values_refused": True, "status_lists_untracked": True, "not_tracked_status": 409,
        "negative_store_refused": True, "organization_page_refused": True, "most_movements": 37, "products_list_pages": True,
        "movements_stop_half_way": True, "refusals_have_bodies": True, "left_out_variants_stay": True,
        "unknown_stock_is_empty": True, "library_needs_all": False,
    },
}  # fmt: skip
"""A reading of every switch that is not the sandbox's own."""


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """The account that the environment names, or a small town; whatever was made is removed."""
    town = None if LIVE else Town(Plan(products=3, drawings=False), ManualClock())
    clock = RealClock() if town is None else town.clock
    wait = clock.advance if isinstance(clock, ManualClock) else clock.sleep
    async with httpx2.AsyncClient(transport=town.transport() if town else None, timeout=60) as http:
        place = place_in(town) if town else await place_of(keys_of(os.environ), http)
        dice = random.Random() if LIVE else random.Random(1)
        made = Bench(place, http, dice, wait, Journal(tmp_path / "unfinished.json"))
        yield made
        assert await made.clean_up() == []
    if town:
        await town.stop()


@pytest.mark.parametrize("question", EVERYTHING, ids=lambda one: f"{one.side}-{one.key}")
async def test_contract(bench: Bench, question: Question) -> None:
    if not (bench.place.shop_token if question.side == "shop" else bench.place.zettle_token):
        pytest.skip("no credentials for this side")
    answer = await put(bench, question)

    if not question.switch:
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
    """Every open question: with its switch flipped in the sandbox the answer in the certificate is flipped too."""
    other, side = OTHER[question.side][question.switch], question.side
    shop, till = bigcommerce.Switches(), zettle.Switches()
    if side == "shop":
        shop = replace(shop, **{question.switch: other})
    else:
        till = replace(till, **{question.switch: other})
    certificate, town = await rehearse(shop, till, frozenset({question.key}))
    await town.stop()

    reading = certificate.reading(question.switch)
    assert agrees(reading, other), certificate.answers
    # Fields may look "mixed" however often one looks.
    assert question.switch == "nulls" or not agrees(reading, switches()[side][question.switch])


async def test_a_large_library_tells_whether_lists_come_in_pages() -> None:
    for pages in (True, False):
        clock = ManualClock()
        town = Town(
            Plan(products=501, drawings=False, zettle_switches=zettle.Switches(products_list_pages=pages)), clock
        )
        async with httpx2.AsyncClient(transport=town.transport()) as http:
            made = Bench(place_in(town), http, random.Random(1), clock.advance)
            certificate = await certify(made, "x", [one for one in EVERYTHING if one.key == "products_list_pages"])
        await town.stop()

        assert certificate.reading("products_list_pages") is pages


@pytest.mark.parametrize(
    ("status", "body"), [(200, b'{"data": [], "meta": {}}'), (404, b"{}"), (200, b"[]"), (204, b"")]
)
async def test_no_rule_holds_at_a_platform_that_says_the_same_to_everything(status: int, body: bytes) -> None:
    """A rule that such a platform keeps would prove nothing."""
    transport = httpx2.MockTransport(lambda request: httpx2.Response(status, content=body))
    place = Place(
        "https://x.test", "a", "https://x.test", "https://x.test", "https://x.test", "b", "https://x.test/a.png"
    )

    async def no_time(seconds: float) -> None:
        pass

    held = []
    async with httpx2.AsyncClient(transport=transport) as http:
        for question in [one for one in EVERYTHING if not one.switch]:
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
        name for side, others in OTHER.items() for name, value in others.items() if switches()[side][name] == value
    ] == []


def test_every_open_question_is_asked_or_told_why_not() -> None:
    """Each row of docs/open-questions.md: a question of its number, or a reason; and the row names the switch that is asked about."""
    rows = re.findall(r"^\| ([ZB]\d+) \|(.*)$", QUESTIONS.read_text(), re.MULTILINE)
    asked = {one.number for one in EVERYTHING if one.number}
    reasons = {number for numbers in NOT_ASKED for number in numbers.split(", ")}

    assert [number for number, _ in rows if number not in asked | reasons] == []
    assert sorted((asked | reasons) - {number for number, _ in rows}) == []
    texts = dict(rows)
    assert [one.key for one in EVERYTHING if one.switch and f"`{one.switch}`" not in texts.get(one.number, "")] == []
