"""What cannot be seen is not a difference, over both sandboxes (decision 20)."""

from brygga.core.report import Code
from tests.rules.products_bench import Bench, kr


async def test_what_prints_nothing_never_reaches_the_shop(bench: Bench) -> None:
    """Name, SKU, option and values; an emoji keeps its joiners (decision 20)."""
    mug = bench.till_product(
        "Mugg\u200b 👩‍🍳", {"sku": "MUGG\u00ad-1", "barcode": "978-91-1-234567-4", "price": kr(1)}
    )
    shirt = bench.shirt("S\u2060", "M", option="Storlek\u200e", name="\ufeffTröja")
    await bench.finish_setup()

    shown, made = await bench.shown(mug), await bench.shown(shirt)
    assert ("Mugg 👩‍🍳", "MUGG-1") == (shown["name"], shown["sku"])
    assert ("9789112345674", "9789112345674") == (shown["upc"], shown["gtin"])
    assert ("Tröja", [("Storlek", "S"), ("Storlek", "M")]) == (
        made["name"],
        [
            (one["option_values"][0]["option_display_name"], one["option_values"][0]["label"])
            for one in made["variants"]
        ],
    )
    assert ["TR-S", "TR-M"] == [one["sku"] for one in made["variants"]]


async def test_names_that_look_equal_clash(bench: Bench) -> None:
    """The later one gets its suffix (decisions 6, 20)."""
    (
        bench.till_product("Mugg", {"sku": "M-1", "price": kr(1)}),
        bench.till_product("Mugg\u200b", {"sku": "M-1\u00ad", "price": kr(1)}),
    )
    await bench.finish_setup()

    assert {"name", "sku"} <= {
        line.params["field"] for line in await bench.log() if line.code is Code.CLASH
    }


async def test_a_name_of_nothing_is_refused_in_words(bench: Bench) -> None:
    uuid = bench.till_product("\u3164", {"sku": "M-1", "price": kr(1)})
    await bench.finish_setup()

    assert (None, True) == (await bench.binding(uuid), Code.NAME_UNSEEN in await bench.codes())


async def test_what_the_merchant_typed_unseen_is_no_drift(bench: Bench) -> None:
    """Neither told by a sweep nor written by a save (decision 20)."""
    uuid = bench.till_product("Mugg", {"sku": "M-1", "price": kr(1)})
    await bench.finish_setup()
    await bench.sandbox.shop().edit_product(
        await bench.product_id(uuid), name="Mugg\u200b", sku="M-1\u00ad"
    )
    seen = len(bench.requests())

    await bench.sweep()
    bench.save(uuid, externalReference="x")
    await bench.sync(uuid)

    assert Code.DRIFT not in await bench.codes()
    assert [] == [one for one in bench.requests()[seen:] if one.method != "GET"]


async def test_a_wrong_check_digit_is_named_and_sent_as_a_plain_barcode(bench: Bench) -> None:
    uuid = bench.till_product("Mugg", {"sku": "M-1", "barcode": "0731-0865", "price": kr(1)})
    await bench.finish_setup()

    shown = await bench.shown(uuid)
    assert ("07310865", "", True) == (
        shown["upc"],
        shown["gtin"],
        Code.BARCODE_CHECK_DIGIT in await bench.codes(),
    )
