"""Brygga watches beside the app that links the two sides today, and then takes over: nothing is
written before, nothing is created twice after, and its predictions come true (C11, P11).

`BRYGGA_WATCHED_DAYS=10` plays ten days, `BRYGGA_WATCHED_PRODUCTS=1000` one of a shop of that size.
"""

import asyncio
import os
import random
import sys
from typing import Any

import pytest

from brygga.cli import shadow
from brygga.core.watching import Outcome
from brygga.database import watching
from brygga.database.watching import Prediction
from brygga_sandbox.bigcommerce import options
from brygga_sandbox.requests import Asked
from tests.rules.stack import DemoStack, sized, sizes_of
from tests.simulation.closed_app import ClosedApp

DAYS = int(os.environ.get("BRYGGA_WATCHED_DAYS", "1"))
GOODS = int(os.environ.get("BRYGGA_WATCHED_PRODUCTS", "8"))
ACTS = 50 if GOODS < 100 else 1_500
WATCH = "/apps/bigcommerce/watch"
WRITES = ("POST", "PUT", "PATCH", "DELETE")
HARMLESS = ("/token", "/subscriptions", "/hooks", "/products/status", "/stock/")
"""Access, our own webhooks, and reads that are a POST."""


def written(home: DemoStack) -> list[Asked]:
    """What Brygga wrote of the merchant's, to either platform."""
    asked = [*home.asked(*WRITES), *home.asked(*WRITES, of="till")]
    return [one for one in asked if not any(part in one.path for part in HARMLESS)]


def closed_app(home: DemoStack, seed: int = 1, **more: float | bool) -> ClosedApp:
    return ClosedApp(home.till, home.shop, random.Random(seed), **more)  # type: ignore[arg-type]


async def watches(home: DemoStack) -> None:
    await home.prepare()
    await home.open("/apps/bigcommerce")
    await home.press("Watch first")
    await home.wait(60)


async def predictions(home: DemoStack, *outcomes: Outcome) -> list[Prediction]:
    connection = await home.connection()
    async with home.service.database.read() as tx:
        found = await watching.page(tx, connection.id, outcomes or tuple(Outcome), 10_000)
    return list(reversed(found))


def goods(home: DemoStack, count: int) -> None:
    """One in four has sizes."""
    for number in range(count):
        if number % 4:
            home.add(f"Vara{number}", stock=60)
        else:
            rows = [sized(size, sku=f"T{number}-{size}") for size in "SML"]
            home.add(f"Tröja{number}", *rows, stock=60, **sizes_of(*"SML"))


def item(home: DemoStack, app: ClosedApp, uuid: str) -> int:
    """The store's variant of a product's first variant."""
    return app.variants[home.variant(uuid)].variant_id


async def day(home: DemoStack, app: ClosedApp, dice: random.Random, acts: int) -> None:
    """Sales, refunds, orders, counts, prices, names, sizes, a new product and one that goes."""
    every_s = 40 if len(app.products) < 100 else 6
    for number in range(acts):
        uuids = sorted(app.products)
        uuid = dice.choice(uuids)
        variant = home.variant(uuid)
        what = ["sale"] * 5 + ["order"] * 4 + ["count", "price", "name", "new", "gone", "size"]
        match dice.choice(what):
            case "sale":
                home.till.sell(variant, dice.randint(1, 3))
            case "order":
                home.shop.place([{"variant_id": item(home, app, uuid), "quantity": 1}])
            case "count":
                home.till.set_stock(variant, home.till.balance(variant) + dice.randint(5, 20))
            case "price":
                one, *others = home.variants(uuid)
                price = {"amount": dice.randint(1000, 90000), "currencyId": "SEK"}
                home.till.edit_product(uuid, variants=[{**one, "price": price}, *others])
            case "name":
                home.till.edit_product(uuid, name=f"Namn {dice.randint(1, 10**6)} {number}")
            case "new":
                home.add(f"Ny{number}", stock=40)
            case "gone" if len(uuids) > 6:
                home.till.delete_product(uuid)
            case "size":
                sizes = sorted(app.labels)
                change_sizes(home, dice.choice(sizes), dice, number)
        await asyncio.sleep(dice.expovariate(1 / every_s))


def change_sizes(home: DemoStack, uuid: str, dice: random.Random, number: int) -> None:
    """A size more, a size less, another name of a size, or of the option."""
    rows = home.variants(uuid)
    name, labels = rows[0]["options"][0]["name"], [one["options"][0]["value"] for one in rows]
    match dice.choice(["more", "less", "label", "option"]):
        case "more":
            labels.append(f"X{number}")
            rows.append(sized(labels[-1], sku=f"X{number}"))
        case "less" if len(rows) > 2:
            del rows[-1], labels[-1]
        case "option":
            name = f"Mått {number}"
        case _:
            labels[-1] = f"Y{number}"
    reshape(home, uuid, name, *labels, rows=rows)


@pytest.mark.rule("C11", "P11", "S2", "S3")
@pytest.mark.parametrize("seed", range(7, 7 + DAYS))
async def test_it_watches_without_a_write_and_takes_over_without_a_duplicate(
    home: DemoStack, seed: int
) -> None:
    dice = random.Random(seed)
    goods(home, GOODS)
    async with closed_app(home, seed, looks_every_s=1 if GOODS < 100 else 5) as app:
        await watches(home)
        await day(home, app, dice, ACTS)
        await home.wait(600)
        before, found = written(home), await predictions(home)
        page = await home.read(WATCH)
        await app.off()
        names = home.in_shop()
        levels = {
            uuid: (home.till.balance(home.variant(uuid)), home.shop.level(variant_id=id_))
            for uuid, id_ in ((one, item(home, app, one)) for one in app.products)
        }
        await home.open(WATCH)
        await home.press("The other app is off: take over")
        await home.wait(300)

    assert [] == before
    assert len(found) > 0.8 * ACTS
    wrong = [one for one in found if one.outcome is not Outcome.RIGHT]
    sys.stdout.write(f"{len(app.products)} products, {len(found)} predictions: {wrong}\n")
    assert len(wrong) <= len(found) // 1000
    assert wrong or "100 percent came true" in page
    assert {"variants", "options", "created", "removed"} <= {one.field for one in found}
    assert names == home.in_shop(), "nothing is created twice"
    assert {a == b for a, b in levels.values()} == {True}
    for uuid, product_id in app.products.items():
        binding = await home.binding(uuid)
        assert binding is not None
        assert product_id == binding.synced.product_id
        home.till.sell(home.variant(uuid))
        home.shop.place([{"variant_id": item(home, app, uuid), "quantity": 1}])
    await home.wait(120 if GOODS < 100 else 1800)
    assert {uuid: (z - 2, b - 2) for uuid, (z, b) in levels.items()} == {
        uuid: (home.till.balance(home.variant(uuid)), home.shop.level(variant_id=id_))
        for uuid, id_ in ((one, item(home, app, one)) for one in app.products)
    }


async def dies_and_goes_on(home: DemoStack, dice: random.Random) -> None:
    """The process ends at any moment, without a word to anybody, and starts again soon."""
    while True:
        await asyncio.sleep(dice.expovariate(1 / 60))
        assert home.worker is not None
        home.worker.cancel()
        await asyncio.gather(home.worker, return_exceptions=True)
        await asyncio.sleep(dice.uniform(1, 20))
        home.start()


@pytest.mark.rule("C11", "S2", "S3")
async def test_a_watch_that_dies_at_random_writes_nothing_and_is_still_right(
    home: DemoStack,
) -> None:
    dice = random.Random(19)
    goods(home, 8)
    async with closed_app(home, 19) as app:
        await watches(home)
        crashing = asyncio.create_task(dies_and_goes_on(home, dice))
        await day(home, app, dice, 30)
        crashing.cancel()
        await asyncio.gather(crashing, return_exceptions=True)
        if home.worker is None or home.worker.done():
            home.start()
        await home.wait(900)
        before, found = written(home), await predictions(home)

    assert [] == before
    assert len(found) > 20
    assert [] == [one for one in found if one.outcome is not Outcome.RIGHT]


async def test_what_comes_late_wrong_or_never_is_called_so(
    home: DemoStack, capsys: pytest.CaptureFixture[str]
) -> None:
    mug, cup, plate = (home.add(name, stock=20) for name in ("Mugg", "Kopp", "Fat"))
    async with closed_app(home) as app:
        await watches(home)
        app.late = 1.0
        home.till.sell(home.variant(mug), 2)
        await asyncio.sleep(700)
        app.late, app.wrong = 0.0, True
        home.till.sell(home.variant(cup), 3)
        await asyncio.sleep(30)
        app.wrong = False
        await app.off()
        home.till.sell(home.variant(plate))
        await asyncio.sleep(2 * 3600)
    found = {(one.product_uuid, one.outcome) for one in await predictions(home)}
    page = await home.read(WATCH)
    connection = await home.connection()
    async with home.service.database.read() as tx:
        told = await shadow.report(tx, connection.id, 50)
    assert told is not None
    shadow.show(connection.id, told, whole=True)
    printed = capsys.readouterr().out

    assert "33.3 % came true" in printed
    assert "0 right, 1 late, 1 different, 1 missing, 0 waiting" in printed
    assert {
        (mug, Outcome.LATE),
        (cup, Outcome.DIFFERENT),
        (plate, Outcome.MISSING),
    } == found
    assert "33.3 percent came true" in page
    assert "Stock in BigCommerce: 20 → 18" in page
    assert [] == written(home)


@pytest.mark.rule("C11", "P5")
async def test_a_variant_more_is_predicted_until_the_other_app_adds_it(home: DemoStack) -> None:
    """A size is added in Zettle. The other app adds it in the store, and its stock is watched from
    then on.
    """
    shirt = home.add_sized("S", "M", stock=8)
    made = await home.shop.add_product(name="Tröja", sku="TR", inventory_tracking="variant")
    home.shop.add_option(made.id, "Storlek", ["S", "M"])
    await watches(home)
    rows = [*home.variants(shirt), sized("L")]
    home.till.edit_product(shirt, variants=rows, **sizes_of("S", "M", "L"))
    await asyncio.sleep(30)
    (waiting,) = [one for one in await predictions(home) if one.field == "variants"]
    size = {"label": "L", "sort_order": 2}
    options.add_value(home.shop.store, made, made.options[0], size)
    home.shop.add_all_combinations(made.id)
    await asyncio.sleep(300)
    ended = [one for one in await predictions(home) if one.field == "variants"]
    before = written(home)

    assert ("S, M", "S, M, L", Outcome.OPEN) == (waiting.was, waiting.expected, waiting.outcome)
    assert [Outcome.RIGHT] == [one.outcome for one in ended]
    assert [] == before


COLOURS = ("Röd", "Blå")


def coloured(size: str, colour: str, uuid: str = "") -> dict[str, object]:
    """A variant with two options."""
    options = [{"name": "Storlek", "value": size}, {"name": "Färg", "value": colour}]
    row = sized(size, sku=f"TR-{size}-{colour}", options=options, name=f"{size}, {colour}")
    return {**row, "uuid": uuid} if uuid else row


def reshape(
    home: DemoStack, shirt: str, name: str, *labels: str, rows: list[dict[str, Any]] | None = None
) -> None:
    """Its variants get these labels of one option with this name; those without one are removed.
    `rows`: other variants than it has.
    """
    rows = home.variants(shirt)[: len(labels)] if rows is None else rows
    for row, label in zip(rows, labels, strict=True):
        row.update(name=label, options=[{"name": name, "value": label}])
    definition = {"name": name, "properties": [{"value": label} for label in labels]}
    fields = {"variantOptionDefinitions": {"definitions": [definition]}}
    home.till.edit_product(shirt, variants=rows, **fields)


async def shapes(home: DemoStack, *fields: str) -> list[Prediction]:
    return [one for one in await predictions(home) if one.field in fields]


@pytest.mark.rule("C11", "P5")
async def test_variants_and_options_that_go_or_get_another_name_are_predicted(
    home: DemoStack,
) -> None:
    """A variant is renamed, one is removed, the option is renamed. Stock that the other app copies
    meanwhile is still followed.
    """
    shirt = home.add_sized("S", "M", "L", stock=8)
    async with closed_app(home) as app:
        await watches(home)
        reshape(home, shirt, "Storlek", "Small", "M", "L")
        await asyncio.sleep(60)
        reshape(home, shirt, "Storlek", "Small", "M")
        await asyncio.sleep(60)
        reshape(home, shirt, "Size", "Small", "M")
        home.till.sell(home.variant(shirt), 2)
        await home.wait(300)
        before, found = written(home), await predictions(home)
        store = home.shop.raw(app.products[shirt])

    told = [(one.field, one.was, one.expected, one.outcome) for one in found if one.change == 0]
    assert [
        ("variants", "S, M, L", "Small, M, L", Outcome.RIGHT),
        ("variants", "Small, M, L", "Small, M", Outcome.RIGHT),
        ("options", "Storlek", "Size", Outcome.RIGHT),
    ] == told
    assert [Outcome.RIGHT] == [one.outcome for one in found if one.change]
    assert ["Size"] == [one["display_name"] for one in store["options"]]
    assert [] == before


@pytest.mark.rule("C11", "P5")
async def test_what_the_other_app_does_not_do_with_variants_is_called_missing(
    home: DemoStack,
) -> None:
    """Right is only what the store shows. A variant that Zettle has no more and the store still has
    was not removed, and a name that came back was never written.
    """
    shirt = home.add_sized("S", "M", "L", stock=8)
    made = await home.shop.add_product(name="Tröja", sku="TR", inventory_tracking="variant")
    home.shop.add_option(made.id, "Storlek", ["S", "M", "L"])
    await watches(home)
    reshape(home, shirt, "Storlek", "S", "Medel")
    await asyncio.sleep(120)
    reshape(home, shirt, "Mått", "S", "Medel")
    await asyncio.sleep(120)
    reshape(home, shirt, "Storlek", "S", "Medel")
    home.till.sell(home.variant(shirt, 1))
    await asyncio.sleep(2 * 3600)

    told = [(one.field, one.outcome) for one in await shapes(home, "variants", "options")]
    assert [("variants", Outcome.MISSING)] == told
    assert [Outcome.MISSING] == [one.outcome for one in await predictions(home) if one.change]
    assert [] == written(home)


@pytest.mark.rule("C11", "P5")
async def test_an_option_less_is_predicted(home: DemoStack) -> None:
    """The other app makes all variants anew, with their numbers."""
    both = [coloured(size, colour) for size in ("S", "M") for colour in COLOURS]
    definitions = [
        {"name": "Storlek", "properties": [{"value": "S"}, {"value": "M"}]},
        {"name": "Färg", "properties": [{"value": colour} for colour in COLOURS]},
    ]
    fields = {"variantOptionDefinitions": {"definitions": definitions}}
    shirt = home.add("Tröja", *both, stock=4, **fields)
    async with closed_app(home):
        await watches(home)
        rows = [home.variants(shirt)[n] for n in (0, 2)]
        for row, label in zip(rows, ("S", "M"), strict=True):
            row.update(name=label, options=[{"name": "Storlek", "value": label}])
        home.till.edit_product(shirt, variants=rows, **sizes_of("S", "M"))
        await home.wait(300)
        home.till.sell(home.variant(shirt))
        await home.wait(200)
        before, found = written(home), await predictions(home)

    told = {(one.field, one.was, one.expected) for one in found if one.change == 0}
    assert {
        ("variants", "S / Röd, S / Blå, M / Röd, M / Blå", "S, M"),
        ("options", "Storlek, Färg", "Storlek"),
    } == told
    assert {Outcome.RIGHT} == {one.outcome for one in found}
    assert 3 == len(found)
    assert [] == before


async def test_numbers_that_differ_at_the_take_over_are_asked_about(home: DemoStack) -> None:
    """The other app was switched off before it had copied a sale and an order."""
    mug, cup = home.add("Mugg", stock=20), home.add("Kopp", stock=20)
    async with closed_app(home) as app:
        await watches(home)
        await app.off()
        home.till.sell(home.variant(mug), 2)
        home.shop.place([{"product_id": app.products[cup], "quantity": 1}])
        await asyncio.sleep(300)
        await home.open(WATCH)
        await home.press("The other app is off: take over")
        await asyncio.sleep(300)
    page = await home.read("/apps/bigcommerce")

    assert "2 numbers have to be checked before Brygga takes over" in page
    assert [] == written(home)


async def test_watching_can_be_stopped_and_the_set_up_goes_on(home: DemoStack) -> None:
    home.add("Mugg", stock=5)
    await watches(home)
    await home.open(WATCH)
    await home.press("Stop watching")
    page = await home.read("/apps/bigcommerce")
    await home.finish()

    assert "Check, then finish" in page
    assert ["Mugg"] == home.in_shop()
