"""Every change of shape, with the stock and the merchant's own fields kept, through the whole
service (rules P1, P4, P6, S2, S3).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from tests.rules.stack import JSON, DemoStack, values

PICTURES = "https://zettle.town.test/image/product"
Rows = list[JSON]
Labels = tuple[str, ...]


def row(sku: str, **options: str) -> JSON:
    named = [{"name": name, "value": value} for name, value in options.items()]
    return {"name": ", ".join(options.values()), "sku": sku, "price": 10000, "options": named}


def defined(**options: str) -> JSON:
    """Names and their values, the values in one text."""
    rows = [{"name": name, "properties": values(*texts.split())} for name, texts in options.items()]
    return {"variantOptionDefinitions": {"definitions": rows}}


def given(variant: JSON, **options: str) -> JSON:
    return variant | {
        key: value for key, value in row("", **options).items() if key in {"name", "options"}
    }


def plain(variant: JSON) -> JSON:
    return variant | {"name": None, "options": None}


@dataclass(frozen=True)
class Change:
    """A product before, what is saved in Zettle, and the shop's variants after it as (SKU, labels
    in the options' order).

    `kept` are the SKUs whose variants must be the same ones in BigCommerce: nothing forces them to
    be recreated.
    """

    before: Sequence[JSON]
    defined: JSON
    save: Callable[[Rows], tuple[Rows, JSON]]
    after: Sequence[tuple[str, Labels]]
    options: Sequence[tuple[str, Labels]]
    kept: str = ""


SIZES = (row("S", Storlek="S"), row("M", Storlek="M"))
BOTH = (row("SB", Storlek="S", Färg="Blå"), row("MR", Storlek="M", Färg="Röd"))
ONE, TWO = defined(Storlek="S M"), defined(Storlek="S M", Färg="Blå Röd")
SIMPLE = {"variantOptionDefinitions": None}

CHANGES = {
    "a variant with a new value": Change(
        SIZES, ONE, lambda old: ([*old, row("L", Storlek="L")], defined(Storlek="S M L")),
        [("L", ("L",)), ("M", ("M",)), ("S", ("S",))], [("Storlek", ("S", "M", "L"))], kept="S M",
    ),
    "a value in the middle": Change(
        SIZES, ONE, lambda old: ([old[0], row("SM", Storlek="SM"), old[1]],
        defined(Storlek="S SM M")),
        [("M", ("M",)), ("S", ("S",)), ("SM", ("SM",))], [("Storlek", ("S", "SM", "M"))],
        kept="S M",
    ),
    "a variant less": Change(
        SIZES, ONE, lambda old: (old[:1], defined(Storlek="S")), [("S", ("S",))], [("Storlek",
        ("S",))], kept="S",
    ),
    "one variant for another": Change(
        SIZES, ONE, lambda old: ([old[0], row("L", Storlek="L")], defined(Storlek="S L")),
        [("L", ("L",)), ("S", ("S",))], [("Storlek", ("S", "L"))], kept="S",
    ),
    "a value renamed": Change(
        SIZES, ONE, lambda old: ([given(old[0], Storlek="Liten"), old[1]],
        defined(Storlek="Liten M")),
        [("M", ("M",)), ("S", ("Liten",))], [("Storlek", ("Liten", "M"))], kept="S M",
    ),
    "values in another order": Change(
        SIZES, ONE, lambda old: (old[::-1], defined(Storlek="M S")),
        [("M", ("M",)), ("S", ("S",))], [("Storlek", ("M", "S"))], kept="S M",
    ),
    "two variants that change places": Change(
        SIZES, ONE, lambda old: ([given(old[0], Storlek="M"), given(old[1], Storlek="S")], ONE),
        [("M", ("S",)), ("S", ("M",))], [("Storlek", ("S", "M"))],
    ),
    "two SKUs that change places": Change(
        SIZES, ONE, lambda old: ([old[0] | {"sku": "M"}, old[1] | {"sku": "S"}], ONE),
        [("M", ("S",)), ("S", ("M",))], [("Storlek", ("S", "M"))],
    ),
    "an option renamed": Change(
        SIZES, ONE, lambda old: ([given(old[0], Mått="S"), given(old[1], Mått="M")],
        defined(Mått="S M")),
        [("M", ("M",)), ("S", ("S",))], [("Mått", ("S", "M"))], kept="S M",
    ),
    "an option more": Change(
        SIZES, ONE, lambda old: ([given(old[0], Storlek="S", Färg="Blå"), given(old[1],
        Storlek="M", Färg="Röd")], TWO),
        [("M", ("M", "Röd")), ("S", ("S", "Blå"))], [("Storlek", ("S", "M")), ("Färg", ("Blå",
        "Röd"))],
    ),
    "an option more, before the other": Change(
        SIZES, ONE,
        lambda old: (
            [given(old[0], Färg="Blå", Storlek="S"), given(old[1], Färg="Röd", Storlek="M")],
            defined(Färg="Blå Röd", Storlek="S M"),
        ),
        [("M", ("Röd", "M")), ("S", ("Blå", "S"))], [("Färg", ("Blå", "Röd")), ("Storlek", ("S",
        "M"))],
    ),
    "an option less": Change(
        BOTH, TWO, lambda old: ([given(old[0], Storlek="S"), given(old[1], Storlek="M")], ONE),
        [("MR", ("M",)), ("SB", ("S",))], [("Storlek", ("S", "M"))],
    ),
    "options in another order": Change(
        BOTH, TWO,
        lambda old: (
            [given(old[0], Färg="Blå", Storlek="S"), given(old[1], Färg="Röd", Storlek="M")],
            defined(Färg="Blå Röd", Storlek="S M"),
        ),
        [("MR", ("Röd", "M")), ("SB", ("Blå", "S"))], [("Färg", ("Blå", "Röd")), ("Storlek", ("S",
        "M"))], kept="SB MR",
    ),
    "options for a simple product": Change(
        ({"sku": "E", "price": 10000},), {}, lambda old: ([given(old[0], Storlek="S"), row("M",
        Storlek="M")], ONE),
        [("E", ("S",)), ("M", ("M",))], [("Storlek", ("S", "M"))],
    ),
    "an option for a simple product that stays one variant": Change(
        ({"sku": "E", "price": 10000},), {}, lambda old: ([given(old[0], Storlek="S")],
        defined(Storlek="S")),
        [("E", ("S",))], [("Storlek", ("S",))],
    ),
    "simple again": Change(SIZES, ONE, lambda old: ([plain(old[0])], SIMPLE), [("S", ())], []),
    ("simple again, by another "
"variant"): Change(SIZES, ONE, lambda old: ([plain(old[1])], SIMPLE), [("M", ())], []),
    "variants without any definition any more": Change(
        SIZES, ONE, lambda old: ([one | {"options": None} for one in old], SIMPLE),
        [("M", ("M",)), ("S", ("S",))], [("Variant", ("S", "M"))], kept="S M",
    ),
}  # fmt: skip


def by_place(rows: Sequence[JSON]) -> list[JSON]:
    return sorted(rows, key=lambda one: int(one["sort_order"]))


def shape(shown: JSON, prefix: str) -> tuple[list[tuple[str, Labels]], list[tuple[str, Labels]]]:
    options = [
        (
            option["display_name"],
            tuple(value["label"] for value in by_place(option["option_values"])),
        )
        for option in by_place(shown["options"])
    ]
    rows = [
        (
            variant["sku"].removeprefix(prefix),
            tuple(
                value["label"]
                for name, _ in options
                for value in variant["option_values"]
                if value["option_display_name"] == name
            ),
        )
        for variant in shown["variants"]
    ]
    return sorted(rows), options


def ids(shown: JSON, prefix: str, skus: str) -> set[tuple[str, int]]:
    found = {variant["sku"].removeprefix(prefix): variant["id"] for variant in shown["variants"]}
    return {(sku, found[sku]) for sku in skus.split()}


OWN = {"is_visible": True, "tax_class_id": 2}


class Merchant:
    """What the merchant has made of a product in BigCommerce."""

    def __init__(self, home: DemoStack, uuid: str) -> None:
        self.home = home
        self.uuid = uuid

    async def works(self, category: int) -> None:
        shop, id_ = self.home.shop, self.home.id_of(self.uuid)
        await shop.edit_product(
            id_,
            categories=[category],
            custom_fields=[{"name": "Glasyr", "value": "Blå"}],
            **OWN,
        )
        await shop.add_image(id_, f"{PICTURES}/own.png")

    def own(self) -> tuple[Any, ...]:
        shown = self.home.shown(self.uuid)
        fields = [(one["name"], one["value"]) for one in shown["custom_fields"]]
        pictures = [one["id"] for one in shown["images"]]
        named = {name: shown[name] for name in ("id", "categories", *OWN)}
        return named, fields, pictures, shown["custom_url"]["url"]


def save_shape(home: DemoStack, uuid: str, change: Change, prefix: str, known: set[str]) -> None:
    """The change, saved in Zettle; its new variants have five units each."""
    rows, definitions = change.save(home.variants(uuid))
    rows = [one if one.get("uuid") in known else one | {"sku": prefix + one["sku"]} for one in rows]
    rows = [one | {"sku": prefix + one["sku"].removeprefix(prefix)} for one in rows]
    home.till.edit_product(uuid, variants=rows, **definitions)
    for one in home.variants(uuid):
        if one["uuid"] not in known:
            home.till.set_stock(one["uuid"], 5)


def numbers_agree(home: DemoStack, uuid: str, numbers: dict[str, int], name: str) -> None:
    assert sorted((n, n) for n in numbers.values()) == sorted(home.levels(uuid)), name


@pytest.mark.rule("P1", "P4", "P6", "S2", "S3")
async def test_every_change_of_shape_keeps_the_stock_and_what_is_the_merchants(
    home: DemoStack,
) -> None:
    """One product for each change. Stock moves before it, and on both sides after it."""
    prefixes = {name: f"{number}-" for number, name in enumerate(CHANGES)}
    uuids = {}
    for name, change in CHANGES.items():
        rows = [one | {"sku": prefixes[name] + one["sku"]} for one in change.before]
        uuids[name] = home.add(f"Vara med {name}", *rows, stock=8, **change.defined)
    await home.connect()
    category = home.shop.add_category("Köket").id
    merchants = {name: Merchant(home, uuid) for name, uuid in uuids.items()}
    for name, merchant in merchants.items():
        await merchant.works(category)
        home.till.sell(home.variant(uuids[name]), 1)
        home.shop.place(
            [{"variant_id": home.shown(uuids[name])["variants"][-1]["id"], "quantity": 2}]
        )
    await home.calm()
    own = {name: merchant.own() for name, merchant in merchants.items()}
    kept = {
        name: ids(home.shown(uuids[name]), prefixes[name], change.kept)
        for name, change in CHANGES.items()
    }
    before = {name: balances(home, uuid) for name, uuid in uuids.items()}

    for name, change in CHANGES.items():
        save_shape(home, uuids[name], change, prefixes[name], set(before[name]))
    await home.wait(60)

    found = {name: shape(home.shown(uuid), prefixes[name]) for name, uuid in uuids.items()}
    assert {name: (list(one.after), list(one.options)) for name, one in CHANGES.items()} == found
    assert own == {name: merchant.own() for name, merchant in merchants.items()}
    assert kept == {
        name: ids(home.shown(uuids[name]), prefixes[name], one.kept)
        for name, one in CHANGES.items()
    }
    after = {name: balances(home, uuid) for name, uuid in uuids.items()}
    for name, numbers in after.items():
        assert {key: before[name].get(key, 5) for key in numbers} == numbers, name
        numbers_agree(home, uuids[name], numbers, name)

    for uuid in uuids.values():
        home.till.sell(home.variant(uuid), 1)
        home.shop.place([{"variant_id": home.shown(uuid)["variants"][0]["id"], "quantity": 1}])
    await home.wait(60)

    for name, uuid in uuids.items():
        numbers = balances(home, uuid)
        assert sum(after[name].values()) - 2 == sum(numbers.values()), name
        numbers_agree(home, uuid, numbers, name)


def balances(home: DemoStack, uuid: str) -> dict[str, int]:
    """Each variant's number at the till, by its uuid."""
    return {one["uuid"]: home.till.balance(one["uuid"]) for one in home.variants(uuid)}


@pytest.mark.rule("S2", "S3", "P6")
@pytest.mark.parametrize("wanted", ["product", "variant", "none"])
@pytest.mark.parametrize("sized", [False, True], ids=["simple", "sized"])
async def test_who_counts_at_another_level_in_the_shop_loses_no_stock(
    home: DemoStack, sized: bool, wanted: str
) -> None:
    """The shop forgets its numbers then (bigcommerce facts 5.4): they are not sales, and the next
    movement writes them anew.

    Sizes that are counted as a whole wait for the merchant's button (decision 18).
    """
    uuid = home.add_sized("S", "M", stock=8) if sized else home.add(stock=8)
    await home.connect()
    await home.shop.edit_product(home.id_of(uuid), inventory_tracking=wanted)
    await home.wait(60)
    home.till.edit_product(uuid, name="Kopp")
    await home.wait(60)
    between = balances(home, uuid)

    home.till.sell(home.variant(uuid), 1)
    await home.wait(60)
    if sized and wanted == "product":
        assert {7, 8} == set(balances(home, uuid).values())
        await home.open(f"/library/{uuid}")
        await home.press("Count it as in Zettle")
        await home.wait(60)

    assert {8} == set(between.values())
    assert [(7, 7), (8, 8)][: len(between)] == home.levels(uuid)
    assert "Kopp" == home.shown(uuid)["name"]


@pytest.mark.rule("A1", "A3")
async def test_unassigned_and_assigned_again_a_product_is_made_anew_with_its_stock(
    home: DemoStack,
) -> None:
    """Its old product is gone, and nothing of it is in the way of the new one."""
    mug, shirt = home.add("Mugg", stock=4), home.add_sized("S", "M", stock=6)
    await home.connect()
    first = {uuid: home.id_of(uuid) for uuid in (mug, shirt)}
    for uuid in (mug, shirt):
        await home.open(f"/library/{uuid}")
        await home.press("Save", bigcommerce=[])
        await home.press("Unassign product")
    await home.wait(11)
    gone = home.in_shop()
    home.till.sell(home.variant(mug), 1)
    home.till.set_stock(home.variant(shirt, 1), 9)
    await home.calm()

    for uuid in (mug, shirt):
        await home.open(f"/library/{uuid}")
        await home.press("Save", bigcommerce="yes")
    await home.wait(60)
    home.shop.place([{"product_id": home.id_of(mug), "quantity": 1}])
    await home.wait(30)

    assert ([], ["Mugg", "Tröja"]) == (gone, home.in_shop())
    assert not {home.id_of(uuid) for uuid in (mug, shirt)} & set(first.values())
    assert ([(2, 2)], [(6, 6), (9, 9)]) == (home.levels(mug), home.levels(shirt))


@pytest.mark.rule("A3")
async def test_unassigned_and_assigned_again_within_ten_seconds_nothing_has_happened(
    home: DemoStack,
) -> None:
    """Decision 14."""
    mug = home.add("Mugg", stock=4)
    await home.connect()
    first = home.id_of(mug)
    await home.open(f"/library/{mug}")
    await home.press("Save", bigcommerce=[])
    await home.press("Unassign product")
    await home.open(f"/library/{mug}")
    await home.press("Save", bigcommerce="yes")
    await home.wait(30)

    assert (first, [(4, 4)]) == (home.id_of(mug), home.levels(mug))


@pytest.mark.rule("P10", "P12")
async def test_gone_in_the_shop_it_comes_back_and_gone_in_zettle_too_it_is_forgotten(
    home: DemoStack,
) -> None:
    """With variants and stock; a product that neither side has leaves nothing behind."""
    back, away = home.add_sized("S", "M", stock=6), home.add("Fat", stock=3)
    await home.connect()
    for uuid in (back, away):
        home.shop.delete_product(home.id_of(uuid))
    await home.calm()

    home.till.edit_product(back, externalReference="hylla 4")
    home.till.delete_product(away)
    await home.wait(60)

    assert ["Tröja"] == home.in_shop()
    assert [(6, 6), (6, 6)] == home.levels(back)
    assert None is await home.binding(away)
