"""A merchant's hands in the control panel: options, variants and the level of counting (decisions
17 and 18).
"""

import pytest

from brygga.core.hands import Counting
from brygga.core.report import Code
from brygga.sync.products.hands import RECOUNT
from tests.stock.bench import StockBench
from tests.stock.merchant import ready
from tests.stock.panel import (
    both,
    bought,
    counting,
    lines,
    recreated,
    reported,
    shirt,
    shown,
    switched,
    tuned,
)

# ---- An option on a product without variants -----------------------------------------------------


@pytest.mark.rule("S2", "S3")
@pytest.mark.parametrize("typed", [10, None])
@pytest.mark.parametrize("received", ["hook", "sweep", "sale"])
@pytest.mark.parametrize("rows", ["product_level", "own_level", "absent"])
async def test_with_an_option_added_stock_goes_on(
    bench: StockBench, typed: int | None, received: str, rows: str
) -> None:
    """By the product's own number; a number that BigCommerce forgot is no sale (decision 17)."""
    tuned(bench, items_of_whole=rows)
    uuid, variant = await ready(bench)
    product_id = await bench.product_id(uuid)
    bench.sandbox.shop().add_option(product_id, "Gravyr", ["Ja", "Nej"])
    if typed is not None:
        bench.sandbox.shop().set_stock(typed, product_id=product_id)

    if received == "hook":
        await reported(bench, uuid)
    elif received == "sweep":
        await bench.sweep()
    else:
        await bench.till_reports(variant)
    await bench.quiet()
    assert (10, 10) == await bench.levels(uuid)
    await bench.sells(variant, 1)
    await bench.quiet()
    await bought(bench, uuid, 2)
    await bench.quiet()

    assert (7, 7) == await bench.levels(uuid)
    assert 1 == len(await lines(bench, Code.STOCK_WHOLE))
    assert await counting(bench, uuid) is Counting.WHOLE


async def test_with_an_option_added_a_save_changes_nothing_for_the_worse(bench: StockBench) -> None:
    """Decision 17: also "Sync now" leaves stock working."""
    uuid, variant = await ready(bench)
    bench.sandbox.shop().add_option(await bench.product_id(uuid), "Gravyr", ["Ja", "Nej"])
    await bench.sync(uuid, force=True)
    await bench.quiet()
    bench.save(uuid, name="Kopp")
    await bench.sync(uuid)
    await reported(bench, uuid)
    await bench.quiet()

    await bench.sells(variant, 1)
    await bench.quiet()
    await bought(bench, uuid)
    await bench.quiet()

    assert (8, 8) == await bench.levels(uuid)


@pytest.mark.parametrize(
    "readings", [("first_option_level", "keep"), ("first_option_tracking", "variant")]
)
async def test_however_an_option_is_added_no_unit_is_lost(
    bench: StockBench, readings: tuple[str, str]
) -> None:
    """BigCommerce keeps the number, or counts by variant at once: then stock pauses (decision
    17).
    """
    tuned(bench, **{readings[0]: readings[1]})
    uuid, variant = await ready(bench)
    bench.sandbox.shop().add_option(await bench.product_id(uuid), "Gravyr", ["Ja", "Nej"])
    await reported(bench, uuid)
    await bench.sells(variant, 1)
    await bench.quiet()
    if readings[0] == "first_option_tracking":
        assert (9, Counting.SPLIT) == (
            bench.sandbox.till().balance(variant),
            await counting(bench, uuid),
        )
        await reported(bench, uuid, RECOUNT)
        await bench.quiet()

    assert ((9, 9), Counting.WHOLE) == (await bench.levels(uuid), await counting(bench, uuid))


@pytest.mark.parametrize("received", ["sweep", "sale"])
async def test_an_option_made_again_unseen_is_no_sale(bench: StockBench, received: str) -> None:
    """BigCommerce forgot the number in between (decision 17)."""
    uuid, variant = await ready(bench)
    product_id, shop = await bench.product_id(uuid), bench.sandbox.shop()
    option = shop.add_option(product_id, "Gravyr", ["Ja", "Nej"])
    await reported(bench, uuid)
    await bench.quiet()
    await bench.session.shop.delete_option(product_id, option)
    shop.add_option(product_id, "Gravyr", ["Ja", "Nej"])
    await (bench.sweep() if received == "sweep" else bench.sells(variant, 1))
    await bench.quiet()

    left = 10 if received == "sweep" else 9
    assert (left, left) == await bench.levels(uuid)


@pytest.mark.parametrize("received", ["hook", "sweep", "sale"])
async def test_counted_by_variant_nothing_is_written(bench: StockBench, received: str) -> None:
    """No number is left that Zettle's could be: a line, and neither side moves the other (decision
    17).
    """
    uuid, variant = await ready(bench)
    product_id = await bench.product_id(uuid)
    bench.sandbox.shop().add_option(product_id, "Gravyr", ["Ja", "Nej"])
    await switched(bench, uuid, "variant")
    yes, no = [one["id"] for one in (await bench.shown(uuid))["variants"]]
    for one in (yes, no):
        bench.sandbox.shop().set_stock(5, variant_id=one)
    if received == "hook":
        await reported(bench, uuid)
    elif received == "sweep":
        await bench.sweep()
    await bench.sells(variant, 1)
    await bought(bench, uuid, 2, variant_id=yes)
    await bench.quiet()

    assert 9 == bench.sandbox.till().balance(variant)
    assert [3, 5] == [bench.sandbox.shop().level(variant_id=one) for one in (yes, no)]
    assert 1 == len(await lines(bench, Code.STOCK_SPLIT_UP))
    await bench.sync(uuid, force=True)
    await bench.quiet()
    assert 9 == bench.sandbox.till().balance(variant)
    assert [3, 5] == [bench.sandbox.shop().level(variant_id=one) for one in (yes, no)]


async def test_without_the_option_stock_goes_on(bench: StockBench) -> None:
    """The merchant takes it away again: Zettle's number is written, with a line (decision 17)."""
    uuid, variant = await ready(bench)
    product_id = await bench.product_id(uuid)
    option = bench.sandbox.shop().add_option(product_id, "Gravyr", ["Ja", "Nej"])
    await switched(bench, uuid, "variant")
    await reported(bench, uuid)
    await bench.sells(variant, 1)
    await bench.quiet()

    await bench.session.shop.delete_option(product_id, option)
    await switched(bench, uuid, "product")
    await reported(bench, uuid)
    await bench.quiet()
    await bought(bench, uuid)
    await bench.quiet()

    assert (8, 8) == await bench.levels(uuid)
    assert 1 == len(await lines(bench, Code.STOCK_RESUMED))


async def test_counted_as_a_whole_by_the_button_stock_goes_on(bench: StockBench) -> None:
    """Decision 17: the options of the merchant stay, and the product has one number."""
    uuid, variant = await ready(bench)
    bench.sandbox.shop().add_option(await bench.product_id(uuid), "Gravyr", ["Ja", "Nej"])
    await switched(bench, uuid, "variant")
    await reported(bench, uuid)
    await bench.sells(variant, 1)
    await bench.quiet()

    await reported(bench, uuid, RECOUNT)
    await bench.quiet()
    await bought(bench, uuid)
    await bench.quiet()

    assert (8, 8) == await bench.levels(uuid)
    assert await counting(bench, uuid) is Counting.WHOLE


# ---- Variants that come and go -------------------------------------------------------------------


@pytest.mark.parametrize("received", ["hook", "sweep", "sale"])
@pytest.mark.parametrize("by", ["sku", "values"])
async def test_a_variant_made_again_is_bound_again(
    bench: StockBench, received: str, by: str
) -> None:
    """With the same SKU or the same option values, the only one that it could be (decision 17)."""
    uuid, (small, medium) = await shirt(bench)
    await recreated(bench, uuid, sku="TR-M" if by == "sku" else "OWN-M")
    if received == "hook":
        await reported(bench, uuid)
    elif received == "sweep":
        await bench.sweep()
    else:
        await bench.sells(medium, 1)
    await bench.quiet()
    if received != "sale":
        await bench.sells(medium, 1)
    await bench.quiet()
    new = (await shown(bench, uuid))["TR-M" if by == "sku" else "OWN-M"]
    await bought(bench, uuid, 2, variant_id=new["id"])
    await bench.quiet()

    assert (7, 7) == (
        bench.sandbox.till().balance(medium),
        bench.sandbox.shop().level(variant_id=new["id"]),
    )
    assert 10 == bench.sandbox.till().balance(small)
    (line,) = await lines(bench, Code.VARIANTS_BOUND_AGAIN)
    assert "M" == line.params["variants"]


async def test_a_variant_that_could_be_two_is_left_missing(bench: StockBench) -> None:
    """Decision 17: the only candidate, or none."""
    uuid, (_, medium) = await shirt(bench)
    shop, product_id = bench.sandbox.shop(), await bench.product_id(uuid)
    shop.delete_variant((await shown(bench, uuid))["TR-M"]["id"])
    shop.add_option(product_id, "Gravyr", ["Ja", "Nej"])
    await reported(bench, uuid)
    await bench.sells(medium, 1)
    await bench.quiet()

    assert Code.VARIANTS_BOUND_AGAIN not in await bench.codes()
    (line,) = await lines(bench, Code.VARIANTS_MISSING)
    assert (medium, "M") == (line.variant, line.params["variants"])


@pytest.mark.rule("P10")
@pytest.mark.parametrize("received", ["hook", "sweep", "sale"])
@pytest.mark.parametrize("transaction", ["variant", "value"])
async def test_a_variant_deleted_is_named_and_made_again(
    bench: StockBench, received: str, transaction: str
) -> None:
    """By Repair, or the next save in Zettle; what was sold meanwhile counts (decision 17)."""
    uuid, (small, medium) = await shirt(bench)
    shop, there = bench.sandbox.shop(), await shown(bench, uuid)
    shop.delete_variant(there["TR-M"]["id"])
    if transaction == "value":
        (option,) = shop.product(await bench.product_id(uuid)).options
        option.values = [value for value in option.values if value.label != "M"]
    if received == "hook":
        await reported(bench, uuid)
    elif received == "sweep":
        await bench.sweep()
    await bench.sells(medium, 1)
    await bench.sells(small, 2)
    await bench.quiet()
    (line,) = await lines(bench, Code.VARIANTS_MISSING)
    assert (medium, "M") == (line.variant, line.params["variants"])
    assert {"TR-S"} == set(await shown(bench, uuid))

    await bench.sync(uuid, force=True)
    await bench.quiet()

    assert [(8, 8), (9, 9)] == await both(bench, uuid)


async def test_a_missing_variant_is_named_once(bench: StockBench) -> None:
    """Sweeps and hooks go on, and have nothing new to say (decision 17)."""
    uuid, _ = await shirt(bench)
    bench.sandbox.shop().delete_variant((await shown(bench, uuid))["TR-M"]["id"])
    for _ in range(2):
        await reported(bench, uuid)
        await bench.sweep()
        await bench.quiet()

    assert 1 == len(await lines(bench, Code.VARIANTS_MISSING))


# ---- One number for all variants -----------------------------------------------------------------


@pytest.mark.rule("S3")
@pytest.mark.parametrize("received", ["hook", "sweep", "sale", "order"])
@pytest.mark.parametrize("level", [20, 10, 4, 0])
@pytest.mark.parametrize(
    ("kept", "rows"),
    [
        ("unset", "product_level"),
        ("keep", "product_level"),
        ("unset", "own_level"),
        ("keep", "absent"),
    ],
)
async def test_the_number_of_a_whole_product_is_no_variants(
    bench: StockBench, received: str, level: int, kept: str, rows: str
) -> None:
    """It is never counted once for each; stock pauses with a line, and neither side moves the other
    (decision 18).
    """
    tuned(bench, level_after_tracking_switch=kept, items_of_whole=rows)
    uuid, (small, medium) = await shirt(bench)
    await switched(bench, uuid, "product", level)
    if received == "hook":
        await reported(bench, uuid)
    elif received == "sweep":
        await bench.sweep()
    elif received == "sale":
        await bench.sells(small, 1)
        await bench.quiet()
        bench.sandbox.till().set_stock(small, 10)
    if level:
        await bought(bench, uuid, 1)
    await bench.sells(medium, 2)
    await bench.quiet()

    shop = bench.sandbox.shop().level(product_id=await bench.product_id(uuid))
    assert (10, 8, max(0, level - 1)) == (
        bench.sandbox.till().balance(small),
        bench.sandbox.till().balance(medium),
        shop,
    )
    assert 1 == len(await lines(bench, Code.STOCK_LUMPED))
    assert await counting(bench, uuid) is Counting.LUMPED


@pytest.mark.parametrize("by", ["button", "merchant"])
@pytest.mark.parametrize("received", ["hook", "sweep"])
@pytest.mark.parametrize("kept", ["unset", "keep"])
async def test_counted_by_variant_again_stock_goes_on(
    bench: StockBench, by: str, received: str, kept: str
) -> None:
    """Zettle's numbers are written: a number that BigCommerce forgot is no sale (decision 18)."""
    tuned(bench, level_after_tracking_switch=kept)
    uuid, (small, medium) = await shirt(bench)
    await switched(bench, uuid, "product", 20)
    await reported(bench, uuid)
    await bench.sells(medium, 2)
    await bench.quiet()
    if by == "button":
        await reported(bench, uuid, RECOUNT)
    else:
        await switched(bench, uuid, "variant")
        await (reported(bench, uuid) if received == "hook" else bench.sweep())
    await bench.quiet()
    await bought(bench, uuid, 3, variant_id=(await shown(bench, uuid))["TR-S"]["id"])
    await bench.sells(small, 1)
    await bench.quiet()

    assert [(6, 6), (8, 8)] == await both(bench, uuid)
    assert 1 == len(await lines(bench, Code.STOCK_RESUMED))
    assert await counting(bench, uuid) is Counting.ALIKE


@pytest.mark.rule("S5")
async def test_separate_numbers_outlive_a_pause(bench: StockBench) -> None:
    """The shop has its own part again, not what BigCommerce forgot (decision 18)."""
    uuid, (small, medium) = await shirt(bench)
    shares = {small: (6, 4, 10), medium: (3, 7, 10)}
    async with bench.database.transaction() as tx:
        await bench.commands.split(tx, bench.connection.id, uuid, shares, bench.clock.now())
    await bench.quiet()
    await switched(bench, uuid, "product", 20)
    await reported(bench, uuid)
    await bench.quiet()
    await reported(bench, uuid, RECOUNT)
    await bench.quiet()

    assert [(6, 4), (3, 7)] == await both(bench, uuid)


async def test_a_store_that_stops_counting_and_counts_again_lost_no_units(
    bench: StockBench,
) -> None:
    """Decision 3: what it forgot meanwhile is no sale."""
    uuid, (small, _) = await shirt(bench)
    await switched(bench, uuid, "none")
    await reported(bench, uuid)
    await bench.quiet()
    await switched(bench, uuid, "variant")
    await bench.sells(small, 1)
    await bench.quiet()

    assert [(9, 9), (10, 10)] == await both(bench, uuid)


async def test_numbers_forgotten_unseen_are_no_sale(bench: StockBench) -> None:
    """Switched off and on between two looks (bigcommerce facts 5.4).

    A sale in Zettle shows that BigCommerce has no number, and writes it.
    """
    uuid, (small, _) = await shirt(bench)
    await switched(bench, uuid, "none")
    await switched(bench, uuid, "variant")
    await bench.sells(small, 1)
    await bench.quiet(600)

    assert [(9, 9), (10, 10)] == await both(bench, uuid)
    assert Code.STOCK_VANISHED not in await bench.codes()


async def test_units_gone_without_a_word_are_asked_about(bench: StockBench) -> None:
    """After two minutes without a hook the lower number is promised, and said.

    A forgotten number looks the same (bigcommerce facts 5.4).
    """
    uuid, variant = await ready(bench)
    bench.sandbox.shop().set_stock(0, product_id=await bench.product_id(uuid))
    await bench.till_reports(variant)
    await bench.quiet(60)
    meanwhile = await bench.levels(uuid)
    await bench.quiet(120)

    assert (10, 0) == meanwhile
    assert (0, 0) == await bench.levels(uuid)
    assert Code.STOCK_VANISHED in await bench.codes()
