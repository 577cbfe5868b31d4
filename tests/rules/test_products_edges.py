"""The edges of the field table through the whole product work: created, changed, cleared, and quiet
in between (rule P1, decision 8).
"""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pytest

from brygga.core import clashes
from brygga.core.report import Code
from brygga.database import connections, library, work_items
from brygga.database.work_items import Kind
from brygga.sync.connection.account import read_shop
from tests.rules.products_bench import Bench, definitions, kr

pytestmark = pytest.mark.rule("P1")
JSON = dict[str, Any]


async def store_weighs_in(bench: Bench, unit: str) -> None:
    """The store's setting, also one that no document names; we have read it."""
    bench.sandbox.shop().store.settings.weight_units = unit
    async with bench.database.transaction() as tx:
        await connections.set_shop(tx, bench.connection.id, await read_shop(bench.session.shop))
    await bench.session.reload()


async def quiet(bench: Bench, uuid: str) -> bool:
    """A save that changes nothing of ours, and "Sync now", write nothing."""
    before = bench.sandbox.bigcommerce.requests.writes()
    bench.save(uuid, externalReference=f"hylla {before}")
    await bench.sync(uuid)
    await bench.sync(uuid, force=True)
    return before == bench.sandbox.bigcommerce.requests.writes()


def weighing(**shipping: Any) -> JSON:
    return {
        "online": {"status": "ACTIVE", "shipping": {"shippingPricingModel": "STANDARD", **shipping}}
    }


# ---- Weight --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "half_a_kilo", "two_kilos"),
    [
        ("KGS", "0.5", "2"),
        ("Grams", "500", "2000"),
        ("Tonnes", "0.0005", "0.002"),
        ("LBS", "1.1023", "4.4092"),
        ("Ounces", "17.637", "70.5479"),
    ],
)
async def test_a_weight_is_written_in_the_stores_unit(
    bench: Bench, unit: str, half_a_kilo: str, two_kilos: str
) -> None:
    """In grams, and in each of Zettle's own units."""
    await store_weighs_in(bench, unit)
    grams = bench.till_product("Gram", **weighing(weightInGrams=500))
    kilos = bench.till_product(
        "Kilo", {"sku": "K", "price": kr(1)}, **weighing(weight={"weight": 0.5, "unit": "kg"})
    )
    await bench.finish_setup()
    created = [(await bench.shown(uuid))["weight"] for uuid in (grams, kilos)]
    still = [await quiet(bench, uuid) for uuid in (grams, kilos)]

    bench.save(grams, **weighing(weightInGrams=2000))
    await bench.sync(grams)
    changed = (await bench.shown(grams))["weight"]
    bench.save(grams, online=None)
    await bench.sync(grams)

    assert [Decimal(half_a_kilo)] * 2 == created
    assert [True, True] == still
    assert (Decimal(two_kilos), 0) == (changed, (await bench.shown(grams))["weight"])


async def test_without_a_unit_that_we_know_the_weight_is_the_merchants(
    bench: Bench,
) -> None:
    await store_weighs_in(bench, "Stones")
    uuid = bench.till_product(**weighing(weightInGrams=500))
    await bench.finish_setup()
    created = (await bench.shown(uuid))["weight"]
    await bench.sandbox.shop().edit_product(await bench.product_id(uuid), weight=3)

    bench.save(uuid, name="Kopp", **weighing(weightInGrams=700))
    await bench.sync(uuid)
    kept = await bench.shown(uuid)
    await store_weighs_in(bench, "KGS")
    await bench.sync(uuid, force=True)

    assert (0, "Kopp", 3) == (created, kept["name"], kept["weight"])
    assert Decimal("0.7") == (await bench.shown(uuid))["weight"]
    assert Code.WEIGHT_UNIT_UNKNOWN in await bench.codes()


async def test_a_weight_that_zettle_gives_in_an_unknown_unit_never_becomes_weightless(
    bench: Bench,
) -> None:
    uuid = bench.till_product(**weighing(weightInGrams=500))
    await bench.finish_setup()

    # As a reading of the library would leave it; the practice till knows no such unit.
    found = await bench.session.zettle.product(uuid)
    assert found is not None
    odd = replace(found, name="Kopp", etag="E", weight_grams=None, weight_unread="3 stone")
    now = bench.clock.now()
    async with bench.database.transaction() as tx:
        await library.upsert_many(tx, bench.connection.id, [odd], now)
        await work_items.add_many(tx, bench.connection.id, Kind.PRODUCT, [uuid], now, bulk=True)
    await bench.work_off()

    shown = await bench.shown(uuid)
    assert ("Kopp", Decimal("0.5")) == (shown["name"], shown["weight"])
    assert ["3 stone"] == [
        line.params["weight"] for line in await bench.log() if line.code is Code.WEIGHT_UNREAD
    ]


# ---- Options that only Zettle lets through -------------------------------------------------------


def row(number: int, **options: str) -> JSON:
    named = [{"name": name, "value": value} for name, value in options.items()]
    return {
        "name": f"Nr {number}",
        "sku": f"NR-{number}",
        "price": kr(10 + number),
        "options": named,
    }


def plain(number: int, name: str) -> JSON:
    return {"name": name, "sku": f"NR-{number}", "price": kr(10 + number)}


@dataclass(frozen=True)
class Odd:
    """A product that no shop takes as it stands: its variants, the options that are defined, and
    what the shop shows of it.
    """

    variants: tuple[JSON, ...]
    defined: JSON
    shown: list[tuple[str, tuple[str, ...]]]
    """(SKU, labels), sorted."""
    options: list[tuple[str, list[str]]]
    lines: set[Code] = field(default_factory=set)


ODD = {
    "several variants without definitions": Odd(
        (plain(1, "Liten"), plain(2, "Stor"), plain(3, "")), {},
        [("NR-1", ("Liten",)), ("NR-2", ("Stor",)), ("NR-3", ("–",))], [("Variant", ["Liten",
        "Stor", "–"])],
        {Code.VALUE_RENAMED},
    ),
    "several variants of one name without definitions": Odd(
        (plain(1, "Glas"), plain(2, "Glas")), {},
        [("NR-1", ("Glas",)), ("NR-2", ("Glas (2)",))], [("Variant", ["Glas", "Glas (2)"])],
        {Code.VALUE_RENAMED},
    ),
    "one variant with definitions": Odd(
        (row(1, Storlek="S"),), definitions("Storlek", "S", "M"), [("NR-1", ("S",))], [("Storlek",
        ["S"])],
    ),
    "spaces around names and values": Odd(
        (row(1, **{" Storlek ": "S "}), row(2, Storlek=" M")), definitions("Storlek ", " S", "M "),
        [("NR-1", ("S",)), ("NR-2", ("M",))], [("Storlek", ["S", "M"])],
    ),
    "numbers, also negative": Odd(
        (row(1, Styrka="-1"), row(2, Styrka="0"), row(3, Styrka="10"), row(4, Styrka="-1.5")),
        definitions("Styrka", "-1", "0", "10", "-1.5"),
        [("NR-1", ("-1",)), ("NR-2", ("0",)), ("NR-3", ("10",)), ("NR-4", ("-1.5",))],
        [("Styrka", ["-1", "0", "10", "-1.5"])],
    ),
    "a blank value": Odd(
        (row(1, Storlek="S"), row(2, Storlek=" ") | {"name": None}), definitions("Storlek", "S",
        " "),
        [("NR-1", ("S",)), ("NR-2", ("–",))], [("Storlek", ["S", "–"])], {Code.VALUE_RENAMED},
    ),
    "values that differ in case only": Odd(
        (row(1, Storlek="s"), row(2, Storlek="S")), definitions("Storlek", "s", "S"),
        [("NR-1", ("s",)), ("NR-2", ("S (2)",))], [("Storlek", ["s", "S (2)"])],
        {Code.VALUE_RENAMED},
    ),
    "the same values twice": Odd(
        (row(1, Storlek="S"), row(2, Storlek="S"), row(3, Storlek="M")), definitions("Storlek",
        "S", "M"),
        [("NR-1", ("S",)), ("NR-2", ("S (2)",)), ("NR-3", ("M",))], [("Storlek", ["S", "M",
        "S (2)"])],
        {Code.VALUE_RENAMED},
    ),
    "one value of each of three options": Odd(
        (row(1, Storlek="S", Färg="Blå", Form="Rund"),),
        {"variantOptionDefinitions": {"definitions": [
            {"name": name, "properties": [{"value": value}]} for name, value in (("Storlek", "S"),
            ("Färg", "Blå"), ("Form", "Rund"))
        ]}},
        [("NR-1", ("S", "Blå", "Rund"))], [("Storlek", ["S"]), ("Färg", ["Blå"]), ("Form",
        ["Rund"])],
    ),
}  # fmt: skip


def variants_of(shown: JSON, *order: str) -> list[tuple[str, tuple[str, ...]]]:
    def labels(variant: JSON) -> tuple[str, ...]:
        named = {one["option_display_name"]: one["label"] for one in variant["option_values"]}
        return tuple(named[name] for name in order)

    return sorted((variant["sku"], labels(variant)) for variant in shown["variants"])


def options_of(shown: JSON) -> list[tuple[str, list[str]]]:
    def by_place(rows: list[JSON]) -> list[JSON]:
        return sorted(rows, key=lambda one: int(one["sort_order"]))

    return [
        (option["display_name"], [value["label"] for value in by_place(option["option_values"])])
        for option in by_place(shown["options"])
    ]


@pytest.mark.parametrize("name", ODD)
async def test_what_only_zettle_allows_is_created_changed_and_made_simple_again(
    bench: Bench, name: str
) -> None:
    odd = ODD[name]
    uuid = bench.till_product("Udda", *odd.variants, **odd.defined)
    await bench.finish_setup()
    created = await bench.shown(uuid)
    said = set(await bench.codes())
    still = await quiet(bench, uuid)

    rows = [dict(one) | {"price": kr(99)} for one in bench.sandbox.till().product(uuid)["variants"]]
    bench.save(uuid, variants=rows, description="Ny")
    await bench.sync(uuid)
    changed = await bench.shown(uuid)
    bench.save(
        uuid, variants=[{**rows[0], "options": None, "name": None}], variantOptionDefinitions=None
    )
    await bench.sync(uuid)
    cleared = await bench.shown(uuid)

    order = [option for option, _ in odd.options]
    assert (odd.shown, odd.options) == (variants_of(created, *order), options_of(created))
    assert odd.lines <= said
    assert still
    assert (odd.shown, {99}) == (
        variants_of(changed, *order),
        {one["price"] for one in changed["variants"]},
    )
    assert [one["id"] for one in created["variants"]] == [one["id"] for one in changed["variants"]]
    assert ("NR-1", 99, [], 1) == (
        cleared["sku"],
        cleared["price"],
        cleared["options"],
        len(cleared["variants"]),
    )
    assert await quiet(bench, uuid)


# ---- Prices --------------------------------------------------------------------------------------


async def test_each_variant_has_its_own_price_and_an_open_one_is_never_written(
    bench: Bench,
) -> None:
    """Decision 10."""
    rows = [row(1, Storlek="S"), row(2, Storlek="M") | {"price": None}, row(3, Storlek="L")]
    rows[2] |= {"price": {"amount": 500, "currencyId": "EUR"}}
    uuid = bench.till_product("Tröja", *rows, **definitions("Storlek", "S", "M", "L"))
    await bench.finish_setup()
    created = {one["sku"]: one["price"] for one in (await bench.shown(uuid))["variants"]}
    ids = {one["sku"]: one["id"] for one in (await bench.shown(uuid))["variants"]}
    for sku in ("NR-2", "NR-3"):
        await bench.sandbox.shop().edit_variant(ids[sku], price=77)

    rows = [dict(one) for one in bench.sandbox.till().product(uuid)["variants"]]
    rows[0] |= {"price": kr(5)}
    bench.save(uuid, variants=rows)
    await bench.sync(uuid)
    rows[0] |= {"price": None}
    bench.save(uuid, variants=rows)
    await bench.sync(uuid)

    assert {"NR-1": 11, "NR-2": 0, "NR-3": 0} == created
    assert {"NR-1": 5, "NR-2": 77, "NR-3": 77} == {
        one["sku"]: one["price"] for one in (await bench.shown(uuid))["variants"]
    }
    assert {Code.PRICE_OPEN, Code.PRICE_OTHER_CURRENCY} <= set(await bench.codes())


# ---- SKU and barcode -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("barcode", "upc", "gtin"),
    [
        ("7310865004703", "7310865004703", "7310865004703"),
        ("7310865004704", "7310865004704", ""),
        ("96385074", "96385074", "96385074"),
        ("012345678905", "012345678905", "012345678905"),
        ("10012345678902", "10012345678902", "10012345678902"),
        (" HYLLA-7 ", "HYLLA-7", ""),
        ("731086500470373", "", ""),
    ],
)
async def test_a_barcode_is_a_upc_and_a_gtin_only_if_its_check_digit_says_so(
    bench: Bench, barcode: str, upc: str, gtin: str
) -> None:
    """On a simple product and on a variant, then cleared."""
    simple = bench.till_product("Mugg", {"sku": "M", "barcode": barcode, "price": kr(1)})
    sized = bench.till_product(
        "Tröja", row(1, Storlek="S") | {"barcode": barcode}, **definitions("Storlek", "S")
    )
    await bench.finish_setup()
    created = await bench.shown(simple), (await bench.shown(sized))["variants"][0]
    still = await quiet(bench, simple), await quiet(bench, sized)
    for uuid in (simple, sized):
        (variant,) = bench.sandbox.till().product(uuid)["variants"]
        bench.sandbox.till().edit_variant(variant["uuid"], barcode=None)
        await bench.sync(uuid)
    cleared = await bench.shown(simple), (await bench.shown(sized))["variants"][0]

    assert [(upc, gtin)] * 2 == [(one["upc"], one["gtin"]) for one in created]
    assert (True, True) == still
    assert [("", "")] * 2 == [(one["upc"], one["gtin"]) for one in cleared]


async def test_a_cleared_sku_of_a_variant_becomes_ours_and_of_a_simple_product_none(
    bench: Bench,
) -> None:
    """Decision 13: BigCommerce demands one of a variant."""
    simple, sized = bench.till_product("Mugg"), bench.shirt("S", "M")
    await bench.finish_setup()
    for uuid in (simple, sized):
        bench.sandbox.till().edit_variant(
            bench.sandbox.till().product(uuid)["variants"][0]["uuid"], sku=None
        )
        await bench.sync(uuid)
    first = bench.sandbox.till().product(sized)["variants"][0]["uuid"]

    assert "" == (await bench.shown(simple))["sku"]
    assert {clashes.generated_sku(first), "TR-M"} == {
        one["sku"] for one in (await bench.shown(sized))["variants"]
    }
    assert (True, True) == (await quiet(bench, simple), await quiet(bench, sized))


# ---- As many variants as Zettle has --------------------------------------------------------------


async def test_ninety_nine_variants_take_one_request_later_ones_come_by_fifty(
    bench: Bench,
) -> None:
    whole = bench.shirt(*(f"Nr {number}" for number in range(99)), name="Hel")
    rows = [row(number, Storlek=f"{number}") for number in range(99)]
    late = bench.till_product(
        "Sen", *rows[:30], **definitions("Storlek", *(f"{number}" for number in range(30)))
    )
    await bench.finish_setup()
    created = [len((await bench.shown(uuid))["variants"]) for uuid in (whole, late)]
    creates = len(bench.requests("POST", "/v3/catalog/products")) - len(
        bench.requests("POST", "metafields")
    )

    known = [dict(one) for one in bench.sandbox.till().product(late)["variants"]]
    fresh = [bench.sandbox.till().fresh(one) for one in rows[30:]]
    bench.save(
        late,
        variants=[*known, *fresh],
        **definitions("Storlek", *(f"{number}" for number in range(99))),
    )
    bench.sandbox.bigcommerce.requests.reset()
    await bench.sync(late)

    assert ([99, 30], 2) == (created, creates)
    assert 2 == len(bench.requests("PUT", "/v3/catalog/variants"))
    assert {f"NR-{number}" for number in range(99)} == {
        one["sku"] for one in (await bench.shown(late))["variants"]
    }
    assert await quiet(bench, late)
