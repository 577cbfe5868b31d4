"""Stock that seems to have become 0 for many products at once: the sweep asks, and does what the
merchant answers (decision 9, rule S4).
"""

import pytest

from brygga.core.report import Code
from brygga.database import work_items
from brygga.database.work_items import Kind
from tests.rules.stack import DemoStack, sized, sizes_of, words_of

OVERVIEW = "/apps/bigcommerce"
QUESTION = "/apps/bigcommerce/answer/zeroed"
ASKED = "as if their stock became 0 at once"


async def records(home: DemoStack, count: int = 12) -> list[str]:
    """So many products with 5 on either side, and a shop whose hooks do not reach us any more."""
    uuids = [home.add(f"Vara {n}", {"sku": f"V-{n}", "price": 100}, stock=5) for n in range(count)]
    await home.connect()
    await home.wait(120)
    home.sandbox.bigcommerce.hooks[home.sandbox.merchant.store_hash].all.clear()
    return uuids


async def shop_shows(home: DemoStack, uuids: list[str], level: int = 0) -> None:
    """Nobody tells us. BigCommerce's reads trail its writes, so some time passes."""
    for uuid in uuids:
        home.shop.set_stock(level, product_id=home.id_of(uuid))
    await home.wait(60)


async def sweep(home: DemoStack) -> None:
    connection = await home.connection()
    async with home.service.database.transaction() as tx:
        await work_items.add(tx, connection.id, Kind.SWEEP, "", home.service.worker.clock.now())
    await home.wait(60)


async def asked_and_answered(home: DemoStack, answer: str) -> list[str]:
    uuids = await records(home)
    await shop_shows(home, uuids)
    await sweep(home)
    await home.open(OVERVIEW)
    await home.press(answer)
    await home.wait(60)
    return uuids


def all_levels(home: DemoStack, uuids: list[str]) -> set[tuple[int, int]]:
    return {home.levels(uuid)[0] for uuid in uuids}


async def overview(home: DemoStack) -> str:
    return words_of(await home.open(OVERVIEW))


@pytest.mark.rule("S4")
async def test_a_no_holds_and_is_not_asked_again(home: DemoStack) -> None:
    uuids = await asked_and_answered(home, "No, leave them")
    at_once = await overview(home)

    await home.wait_hours(49)
    await sweep(home)

    assert {(5, 0)} == all_levels(home, uuids)
    assert ASKED not in at_once
    assert ASKED not in await overview(home)
    assert 1 == (await home.codes()).count(Code.MASS_EFFECT_STOPPED)
    assert [{"count": "12"}] == await home.reported(Code.ZEROES_LEFT)


@pytest.mark.rule("S4")
async def test_after_a_no_mending_some_does_not_empty_the_others(home: DemoStack) -> None:
    uuids = await asked_and_answered(home, "No, leave them")

    await shop_shows(home, uuids[:2], 7)
    await sweep(home)
    await sweep(home)

    assert {(7, 7)} == all_levels(home, uuids[:2])
    assert {(5, 0)} == all_levels(home, uuids[2:])


@pytest.mark.rule("S4")
async def test_a_no_ends_for_a_product_that_showed_another_number(home: DemoStack) -> None:
    """What was mended and then runs out is another matter: it is followed as any other, and few do
    not ask.
    """
    uuids = await asked_and_answered(home, "No, leave them")
    await shop_shows(home, uuids[:1], 5)
    await sweep(home)

    await shop_shows(home, uuids[:1])
    await sweep(home)

    assert {(0, 0)} == all_levels(home, uuids[:1])
    assert {(5, 0)} == all_levels(home, uuids[1:])


@pytest.mark.rule("S2", "S4")
async def test_a_no_ends_for_a_product_that_zettle_tells_of(home: DemoStack) -> None:
    """What was announced never stops: the product is looked at as usual, and its 0 counts."""
    uuids = await asked_and_answered(home, "No, leave them")

    home.till.set_stock(home.variant(uuids[0]), 8)
    await home.wait(60)
    await sweep(home)

    assert {(3, 3)} == all_levels(home, uuids[:1])
    assert {(5, 0)} == all_levels(home, uuids[1:])


@pytest.mark.rule("S2", "S4")
async def test_a_no_ends_when_the_ordinary_work_saw_another_number_between_two_sweeps(
    home: DemoStack,
) -> None:
    """Mended, sold and refunded, then gone again: the same numbers as before, and yet another
    matter.
    """
    uuids = await asked_and_answered(home, "No, leave them")
    await shop_shows(home, uuids[:1], 5)
    home.till.sell(home.variant(uuids[0]), 1)
    await home.wait(60)
    home.till.set_stock(home.variant(uuids[0]), 5)
    await home.wait(60)
    mended = all_levels(home, uuids[:1])

    await shop_shows(home, uuids[:1])
    await sweep(home)

    assert ({(5, 5)}, {(0, 0)}) == (mended, all_levels(home, uuids[:1]))
    assert {(5, 0)} == all_levels(home, uuids[1:])


@pytest.mark.rule("S4")
async def test_a_no_for_one_variant_is_not_undone_by_a_few_others_that_run_out(
    home: DemoStack,
) -> None:
    """A product waits whole: what one variant does would have its neighbours looked at too."""
    sizes = [[sized(size, sku=f"V-{n}-{size}") for size in "SM"] for n in range(12)]
    uuids = [home.add(f"Vara {n}", *sizes[n], stock=5, **sizes_of("S", "M")) for n in range(12)]
    await home.connect()
    await home.wait(120)
    home.sandbox.bigcommerce.hooks[home.sandbox.merchant.store_hash].all.clear()
    for uuid in uuids:
        home.shop.set_stock(0, variant_id=await in_shop(home, uuid, 0))
    await home.wait(60)
    await sweep(home)
    await home.open(OVERVIEW)
    await home.press("No, leave them")
    await home.wait(60)

    home.shop.set_stock(0, variant_id=await in_shop(home, uuids[0], 1))
    await home.wait(60)
    await sweep(home)
    few = home.levels(uuids[0])
    for uuid in uuids:
        home.shop.set_stock(0, variant_id=await in_shop(home, uuid, 1))
    await home.wait(60)
    await sweep(home)

    assert [(5, 0), (5, 0)] == few == home.levels(uuids[5])
    assert f"12 products look {ASKED}" in await overview(home)


async def in_shop(home: DemoStack, uuid: str, number: int) -> int:
    binding = await home.binding(uuid)
    assert binding is not None
    return binding.synced.variants[home.variant(uuid, number)]


@pytest.mark.rule("S4")
async def test_the_pages_ask_only_about_what_still_waits_also_between_two_sweeps(
    home: DemoStack,
) -> None:
    uuids = await records(home)
    await shop_shows(home, uuids)
    await sweep(home)
    await shop_shows(home, uuids, 5)

    home.till.sell(home.variant(uuids[0]), 1)
    await home.wait(60)
    one_less = await overview(home)
    for uuid in uuids[1:]:
        home.till.sell(home.variant(uuid), 1)
    await home.wait(120)

    assert f"11 products look {ASKED}" in one_less
    assert ASKED not in await overview(home)
    assert {(4, 4)} == all_levels(home, uuids)


@pytest.mark.rule("S4")
async def test_a_yes_empties_those_that_were_asked_about(home: DemoStack) -> None:
    uuids = await asked_and_answered(home, "Yes, continue")

    assert {(0, 0)} == all_levels(home, uuids)
    assert ASKED not in await overview(home)
    assert [{"count": "12"}] == await home.reported(Code.ZEROES_ACCEPTED)


@pytest.mark.rule("S4")
async def test_a_yes_is_not_for_what_is_zeroed_later(home: DemoStack) -> None:
    """The answer is about the products that the question named."""
    uuids = await records(home, 24)
    await shop_shows(home, uuids[:12])
    await sweep(home)
    await home.open(OVERVIEW)

    await shop_shows(home, uuids[12:])
    await home.press("Yes, continue")
    await home.wait(60)

    assert {(0, 0)} == all_levels(home, uuids[:12])
    assert {(5, 0)} == all_levels(home, uuids[12:])
    assert f"12 products look {ASKED}" in await overview(home)


@pytest.mark.rule("S4")
async def test_nothing_is_zeroed_while_its_question_is_open_and_the_question_shrinks(
    home: DemoStack,
) -> None:
    uuids = await records(home)
    await shop_shows(home, uuids)
    await sweep(home)

    await shop_shows(home, uuids[:2], 5)
    await sweep(home)
    shrunk = await overview(home)
    page = words_of(await home.open(QUESTION))
    left = all_levels(home, uuids[2:])
    await shop_shows(home, uuids, 5)
    await sweep(home)

    assert {(5, 0)} == left
    assert f"10 products look {ASKED}" in shrunk
    assert "Vara 11 5 0" in page
    assert "Vara 0 " not in page
    assert {(5, 5)} == all_levels(home, uuids)
    assert ASKED not in await overview(home)
    assert Code.ZEROES_OVER in await home.codes()


@pytest.mark.rule("S4")
async def test_another_mass_emptying_asks_anew_after_a_no(home: DemoStack) -> None:
    uuids = await asked_and_answered(home, "No, leave them")
    await shop_shows(home, uuids, 6)
    await sweep(home)

    await shop_shows(home, uuids)
    await sweep(home)

    assert {(6, 0)} == all_levels(home, uuids)
    assert f"12 products look {ASKED}" in await overview(home)
    assert 2 == (await home.codes()).count(Code.MASS_EFFECT_STOPPED)


@pytest.mark.rule("S4")
async def test_a_till_that_forgot_its_numbers_is_left_alone_the_same_way(home: DemoStack) -> None:
    uuids = await records(home)
    home.sandbox.zettle.outbox.delivery_faults.loss = 1.0
    for uuid in uuids:
        home.till.set_stock(home.variant(uuid), 0)
    await sweep(home)
    await home.open(OVERVIEW)
    await home.press("No, leave them")
    await home.wait(60)

    await sweep(home)

    assert {(0, 5)} == all_levels(home, uuids)
    assert ASKED not in await overview(home)
