"""Separate stock of a product whose variants change in Zettle: new ones are separate too, the
others keep their numbers (S5, S6).
"""

import pytest

from brygga.core.report import Code
from tests.rules.stack import JSON, DemoStack, sized, sizes_of, words_of

Levels = list[tuple[int, int]]
NO_OPTIONS = {"variantOptionDefinitions": None}


def plain(variant: JSON) -> JSON:
    return variant | {"name": None, "options": None}


async def part(home: DemoStack, uuid: str, *shares: tuple[int, int]) -> None:
    """By variant: how much goes to the till and to the shop."""
    await home.open(f"/library/{uuid}")
    numbers: dict[str, str] = {}
    for row, (till, shop) in zip(home.variants(uuid), shares, strict=True):
        numbers |= {f"zettle-{row['uuid']}": str(till), f"shop-{row['uuid']}": str(shop)}
    home.browser_session.page = home.browser_session.page.partition('id="separate-stock"')[2]
    await home.press("Save", separate="yes", **numbers)
    await home.calm()


async def join(home: DemoStack, uuid: str) -> str:
    """What the question showed."""
    asked = words_of(await home.open(f"/library/{uuid}/stock/join"))
    await home.press("Disable separate stock", confirmed="yes")
    await home.wait(30)
    return asked


async def parted_sizes(home: DemoStack) -> str:
    uuid = home.add_sized("S", "M", stock=10)
    await home.connect()
    await part(home, uuid, (6, 4), (7, 3))
    return uuid


async def grown(home: DemoStack, uuid: str, stock: int) -> None:
    """A size L, added in Zettle with so much at the till."""
    home.till.edit_product(
        uuid, variants=[*home.variants(uuid), sized("L")], **sizes_of("S", "M", "L")
    )
    home.till.set_stock(home.variant(uuid, 2), stock)
    await home.wait(30)


async def moved_on_each_side(home: DemoStack, uuid: str, number: int) -> None:
    """One sold at the till and one in the shop, of this variant."""
    ids = {one["sku"]: one["id"] for one in home.shown(uuid)["variants"]}
    home.till.sell(home.variant(uuid, number))
    home.shop.place([{"variant_id": ids[home.variants(uuid)[number]["sku"]], "quantity": 1}])
    await home.calm()


@pytest.mark.rule("S5")
async def test_a_variant_added_while_separate_is_separate_with_none_in_the_shop(
    home: DemoStack,
) -> None:
    uuid = await parted_sizes(home)

    await grown(home, uuid, 9)
    created: Levels = home.levels(uuid)
    page = await home.read(f"/library/{uuid}")
    home.till.sell(home.variant(uuid, 2), 2)
    ids = {one["sku"]: one["id"] for one in home.shown(uuid)["variants"]}
    home.shop.set_stock(5, variant_id=ids["TR-L"])
    await home.calm()
    await moved_on_each_side(home, uuid, 0)

    assert ([(6, 4), (7, 3), (9, 0)], [(5, 3), (7, 3), (7, 5)]) == (created, home.levels(uuid))
    assert "S 6 4" in page
    assert "L 9 0" in page
    assert [("L", "9")] == [
        (line["variant_name"], line["till"])
        for line in await home.reported(Code.STOCK_CREATED_SEPARATE)
    ]


@pytest.mark.rule("S5", "S6")
async def test_joined_later_the_added_variant_is_summed_like_the_others(home: DemoStack) -> None:
    uuid = await parted_sizes(home)
    await grown(home, uuid, 9)

    asked = await join(home, uuid)
    joined: Levels = home.levels(uuid)
    for number in range(3):
        await moved_on_each_side(home, uuid, number)

    assert "S 6 4 10 M 7 3 10 L 9 0 9" in asked
    assert ([(10, 10), (10, 10), (9, 9)], [(8, 8), (8, 8), (7, 7)]) == (joined, home.levels(uuid))


@pytest.mark.rule("S5", "S6")
async def test_a_separate_product_that_gets_options_keeps_its_two_numbers(
    home: DemoStack,
) -> None:
    uuid = home.add("Tröja", {"sku": "TR-S", "price": 19900}, stock=10)
    await home.connect()
    await part(home, uuid, (6, 4))

    first = home.variants(uuid)[0] | {"name": "S", "options": [{"name": "Storlek", "value": "S"}]}
    home.till.edit_product(uuid, variants=[first, sized("M")], **sizes_of("S", "M"))
    home.till.set_stock(home.variant(uuid, 1), 8)
    await home.wait(60)
    shaped: Levels = home.levels(uuid)
    await moved_on_each_side(home, uuid, 0)
    separate: Levels = home.levels(uuid)
    await join(home, uuid)
    joined: Levels = home.levels(uuid)
    await moved_on_each_side(home, uuid, 1)

    assert ([(6, 4), (8, 0)], [(5, 3), (8, 0)]) == (shaped, separate)
    assert ([(8, 8), (8, 8)], [(8, 8), (6, 6)]) == (joined, home.levels(uuid))


@pytest.mark.rule("S5", "S6")
async def test_a_separate_product_that_loses_its_options_keeps_its_two_numbers(
    home: DemoStack,
) -> None:
    uuid = await parted_sizes(home)

    home.till.edit_product(uuid, variants=[plain(home.variants(uuid)[0])], **NO_OPTIONS)
    await home.wait(60)
    shaped: Levels = home.levels(uuid)
    await moved_on_each_side(home, uuid, 0)
    separate: Levels = home.levels(uuid)
    asked = await join(home, uuid)
    joined: Levels = home.levels(uuid)
    await moved_on_each_side(home, uuid, 0)

    assert ([(6, 4)], [(5, 3)]) == (shaped, separate)
    assert ([(8, 8)], [(6, 6)]) == (joined, home.levels(uuid))
    assert "5 3 8" in asked
    assert Code.STOCK_ITEM_UNKNOWN not in await home.codes()


@pytest.mark.rule("S5", "S6")
async def test_variants_that_replace_all_are_separate_and_the_old_leave_nothing(
    home: DemoStack,
) -> None:
    uuid = await parted_sizes(home)

    home.till.edit_product(uuid, variants=[sized("XL")], **sizes_of("XL"))
    home.till.set_stock(home.variant(uuid), 5)
    await home.wait(60)
    replaced: Levels = home.levels(uuid)
    asked = await join(home, uuid)
    joined: Levels = home.levels(uuid)
    await moved_on_each_side(home, uuid, 0)

    assert ([(5, 0)], [(5, 5)], [(3, 3)]) == (replaced, joined, home.levels(uuid))
    assert "Both sides XL 5 0 5 Cancel" in asked
    assert Code.STOCK_ITEM_UNKNOWN not in await home.codes()


@pytest.mark.rule("S5")
async def test_a_product_that_lost_a_variant_can_still_be_made_separate(
    home: DemoStack,
) -> None:
    uuid = home.add_sized("S", "M", stock=10)
    await home.connect()
    home.till.edit_product(uuid, variants=home.variants(uuid)[:1], **sizes_of("S"))
    await home.wait(60)

    await part(home, uuid, (6, 4))
    asked = words_of(await home.open(f"/library/{uuid}/stock/join"))

    assert [(6, 4)] == home.levels(uuid)
    assert "Both sides S 6 4 10 Cancel" in asked
