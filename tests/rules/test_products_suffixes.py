"""Suffixes go away: values that change hands, and values whose holder lets go (decisions 6, 19)."""

from typing import Any

import pytest

from brygga.core import clashes
from brygga.core.report import Code
from brygga.database import suffixes
from brygga.database.work_items import Kind
from tests.rules.products_bench import Bench, kr

WRITES = ("POST", "PUT", "DELETE")


async def two(bench: Bench) -> tuple[str, str]:
    """Products "Liten" with SKU S-1 and "Stor" with S-2, each with an address of its own."""
    small = bench.till_product("Liten", {"sku": "S-1", "price": kr(1)}, online=online("liten"))
    large = bench.till_product("Stor", {"sku": "S-2", "price": kr(2)}, online=online("stor"))
    await bench.finish_setup()
    return small, large


def online(slug: str) -> dict[str, Any]:
    return {"status": "ACTIVE", "seo": {"slug": slug}}


def own_url(slug: str) -> dict[str, Any]:
    return {"custom_url": {"url": f"/{slug}/", "is_customized": True}}


def take(bench: Bench, uuid: str, name: str, sku: str, slug: str = "") -> None:
    """The product gets another name, SKU and, where one is given, address."""
    (row,) = bench.sandbox.till().product(uuid)["variants"]
    more = {"online": online(slug)} if slug else {}
    bench.save(uuid, name=name, variants=[{**row, "sku": sku}], **more)


async def held(bench: Bench, *uuids: str) -> list[tuple[str, str]]:
    shown = [await bench.shown(uuid) for uuid in uuids]
    return [(one["name"], one["sku"]) for one in shown]


async def clash_lines(bench: Bench) -> list[dict[str, str]]:
    return [dict(line.params) for line in await bench.log() if line.code is Code.CLASH]


def writes(bench: Bench, since: int) -> list[Any]:
    return [one for one in bench.requests()[since:] if one.method in WRITES]


async def rename_in_shop(bench: Bench, product_id: int, name: str) -> None:
    await bench.sandbox.shop().edit_product(product_id, name=name)


@pytest.mark.rule("P5")
async def test_a_swap_by_two_saves_ends_plain(bench: Bench) -> None:
    """One after the other: the first takes a suffix, the second frees the value, and the first is
    plain at once (decision 19).
    """
    small, large = await two(bench)

    take(bench, small, "Stor", "S-2")
    await bench.sync(small)
    between = await held(bench, small, large)
    take(bench, large, "Liten", "S-1")
    await bench.sync(large)

    key = bench.sandbox.till().product(small)["variants"][0]["uuid"]
    assert [
        (clashes.distinct_name("Stor", small), clashes.distinct_sku("S-2", key)),
        ("Stor", "S-2"),
    ] == between
    assert [("Stor", "S-2"), ("Liten", "S-1")] == await held(bench, small, large)
    assert {("name", "Stor"), ("sku", "Stor")} == {
        (one["field"], one["other"]) for one in await clash_lines(bench)
    }
    assert {str(await bench.product_id(large))} == {
        one["other_id"] for one in await clash_lines(bench)
    }
    assert [Code.SUFFIX_GONE] * 2 == [
        code for code in await bench.codes() if code is Code.SUFFIX_GONE
    ]


async def test_a_swap_in_one_batch_costs_two_calls_and_no_word(bench: Bench) -> None:
    """Names, SKUs and addresses change hands at once (decision 19)."""
    small, large = await two(bench)
    take(bench, small, "Stor", "S-2", "stor")
    take(bench, large, "Liten", "S-1", "liten")
    seen = len(bench.requests())

    await bench.sync(small, large)

    assert [("Stor", "S-2"), ("Liten", "S-1")] == await held(bench, small, large)
    urls = [(await bench.shown(uuid))["custom_url"]["url"] for uuid in (small, large)]
    assert (["/stor/", "/liten/"], []) == (urls, await clash_lines(bench))
    assert 2 == len(writes(bench, seen))


@pytest.mark.parametrize("order", [1, -1])
async def test_a_row_that_moves_up_by_one_ends_plain(bench: Bench, order: int) -> None:
    """Thirty SKUs renumbered in one import: two writes for each ten at most (decision 19)."""
    uuids = [bench.till_product(f"Vara {n}", {"sku": f"N-{n}", "price": kr(1)}) for n in range(30)]
    await bench.finish_setup()
    for number, uuid in enumerate(uuids):
        take(bench, uuid, f"Vara {number + 1}", f"N-{number + 1}")
    seen = len(bench.requests())

    await bench.sync(*uuids[::order])

    assert [(f"Vara {n + 1}", f"N-{n + 1}") for n in range(30)] == await held(bench, *uuids)
    assert ([], True) == (await clash_lines(bench), len(writes(bench, seen)) <= 6)


async def test_a_row_renumbered_over_many_batches_ends_plain(bench: Bench) -> None:
    """Each in a batch of its own, in the order in which everybody is in the way (decision 19)."""
    uuids = [bench.till_product(f"Vara {n}", {"sku": f"N-{n}", "price": kr(1)}) for n in range(8)]
    await bench.finish_setup()
    for number, uuid in enumerate(uuids):
        take(bench, uuid, f"Vara {number + 1}", f"N-{number + 1}")

    for uuid in uuids:
        await bench.sync(uuid)

    assert [(f"Vara {n + 1}", f"N-{n + 1}") for n in range(8)] == await held(bench, *uuids)
    async with bench.database.read() as tx:
        assert () == await suffixes.all_of(tx, bench.connection.id)


async def test_skus_of_variants_change_hands(bench: Bench) -> None:
    """Within one product, between two, and with a simple product's, in one batch (decision 19)."""
    shirt, cap = bench.shirt("S", "M"), bench.shirt("A", "B", name="Keps")
    mug = bench.till_product("Mugg", {"sku": "MUG-1", "price": kr(9)})
    await bench.finish_setup()
    (s, m), (a, b) = (bench.sandbox.till().product(uuid)["variants"] for uuid in (shirt, cap))
    bench.save(shirt, variants=[{**s, "sku": "TR-M"}, {**m, "sku": "TR-A"}])
    bench.save(cap, variants=[{**a, "sku": "MUG-1"}, {**b, "sku": "TR-S"}])
    take(bench, mug, "Mugg", "TR-B")

    await bench.sync(shirt, cap, mug)

    shown = [[one["sku"] for one in (await bench.shown(uuid))["variants"]] for uuid in (shirt, cap)]
    assert ([["TR-M", "TR-A"], ["MUG-1", "TR-S"]], "TR-B") == (
        shown,
        (await bench.shown(mug))["sku"],
    )
    assert [] == await clash_lines(bench)


async def test_a_variant_gets_the_sku_that_another_of_its_product_gives_up(bench: Bench) -> None:
    """Two variants have one SKU, so the second has it with a suffix. The merchant deletes the first
    in the store, and Zettle gives it another one: the suffix goes (decision 19).
    """
    shirt = bench.shirt("S", "M")
    s, m = bench.sandbox.till().product(shirt)["variants"]
    bench.save(shirt, variants=[{**s, "sku": "C"}, {**m, "sku": "C"}])
    await bench.finish_setup()
    skus = [one["sku"] for one in (await bench.shown(shirt))["variants"]]
    assert ["C", clashes.distinct_sku("C", m["uuid"])] == skus
    gone = (await bench.shown(shirt))["variants"][0]["id"]
    bench.sandbox.shop().delete_variant(gone)
    bench.save(shirt, variants=[{**s, "sku": "D"}, {**m, "sku": "C"}])

    await bench.sync(shirt)
    await bench.sweep()

    assert {"C", "D"} == {one["sku"] for one in (await bench.shown(shirt))["variants"]}


async def test_a_new_product_takes_what_an_old_one_lets_go_of(bench: Bench) -> None:
    """In one batch: the old one goes first (decision 19)."""
    mug = bench.till_product("Mugg", {"sku": "M-1", "price": kr(1)})
    await bench.finish_setup()
    take(bench, mug, "Kopp", "M-2")
    new = bench.till_product("Mugg", {"sku": "M-1", "price": kr(1)})

    await bench.sync(new, mug)

    assert [("Kopp", "M-2"), ("Mugg", "M-1")] == await held(bench, mug, new)
    # The old one keeps its address in Zettle.
    assert [("url", "Kopp")] == [(one["field"], one["other"]) for one in await clash_lines(bench)]


@pytest.mark.parametrize("leaves", ["deleted", "unassigned", "renamed"])
async def test_a_suffix_goes_when_our_holder_lets_go(bench: Bench, leaves: str) -> None:
    """By itself, without another save (decision 19)."""
    first = bench.till_product("Mugg", {"sku": "M-1", "price": kr(1)})
    second = bench.till_product("Mugg", {"sku": "M-1", "price": kr(1)})
    await bench.finish_setup()
    holder, other = (
        (first, second) if ("Mugg", "M-1") in await held(bench, first) else (second, first)
    )
    assert [("Mugg", "M-1")] != await held(bench, other)

    match leaves:
        case "deleted":
            await bench.deleted(holder)
        case "unassigned":
            await bench.unassign(holder)
            await bench.wait(11)
        case _:
            take(bench, holder, "Kopp", "M-2")
            await bench.sync(holder)
    await bench.work_off()

    assert [("Mugg", "M-1")] == await held(bench, other)


@pytest.mark.parametrize("reported", [True, False])
@pytest.mark.parametrize("leaves", ["deleted", "renamed"])
async def test_a_suffix_goes_when_the_merchants_own_product_lets_go(
    bench: Bench, leaves: str, reported: bool
) -> None:
    """At once when BigCommerce tells of it, else with the next sweep; until then nothing is tried
    (decision 19).
    """
    own = await bench.sandbox.shop().add_product(name="Mugg", price=1, sku="M-1", **own_url("mugg"))
    uuid = bench.till_product("Mugg", {"sku": "M-1", "price": kr(1)}, online=online("mugg"))
    await bench.finish_setup()
    suffixed = await held(bench, uuid)
    seen = len(bench.requests())
    await bench.sweep()
    quiet = writes(bench, seen)

    if leaves == "deleted":
        bench.sandbox.shop().delete_product(own.id)
    else:
        await bench.sandbox.shop().edit_product(own.id, name="Egen", sku="E-1", **own_url("egen"))
    await (
        bench.add_item(Kind.SHOP_PRODUCT, str(own.id))
        if reported
        else bench.add_item(Kind.SWEEP, "")
    )
    await bench.work_off()

    assert ("Mugg" not in [name for name, _ in suffixed], []) == (True, quiet)
    assert [("Mugg", "M-1")] == await held(bench, uuid)
    assert "/mugg/" == (await bench.shown(uuid))["custom_url"]["url"]
    lines = await clash_lines(bench)
    assert {("Mugg", str(own.id))} == {(one["other"], one["other_id"]) for one in lines}
    assert {"name", "sku", "url"} == {one["field"] for one in lines}


async def test_an_update_that_clashes_names_both(bench: Bench) -> None:
    """With the merchant's own product, which may be linked instead (decision 6)."""
    own = await bench.sandbox.shop().add_product(name="Kopp", price=1, sku="K-1", **own_url("kopp"))
    uuid = bench.till_product("Mugg", {"sku": "M-1", "price": kr(1)}, online=online("mugg"))
    await bench.finish_setup()
    take(bench, uuid, "Kopp", "K-1", "kopp")

    await bench.sync(uuid)

    lines = await clash_lines(bench)
    assert {"name", "sku", "url"} == {one["field"] for one in lines}
    assert {("Mugg", "Kopp", str(own.id))} <= {
        ("Mugg", one["other"], one["other_id"]) for one in lines
    }
    assert {("Kopp", str(own.id))} == {(one["other"], one["other_id"]) for one in lines}


async def test_a_suffix_whose_holder_stands_is_not_tried_again(bench: Bench) -> None:
    """Neither by a sweep nor by a save: the holder is asked for by its id (decision 19)."""
    await bench.sandbox.shop().add_product(name="Mugg", price=1, sku="M-1", **own_url("egen"))
    uuid = bench.till_product("Mugg", {"sku": "M-1", "price": kr(1)})
    await bench.finish_setup()
    before = await held(bench, uuid)
    seen = len(bench.requests())

    await bench.sweep()
    bench.save(uuid, description="Ny")
    await bench.sync(uuid)

    assert (before, 1) == (await held(bench, uuid), len(writes(bench, seen)))
    assert 2 == len(await clash_lines(bench))


async def test_what_the_merchant_typed_over_a_suffix_stays(bench: Bench) -> None:
    """Until the next save in Zettle, which writes the plain form (decisions 1, 19)."""
    own = await bench.sandbox.shop().add_product(name="Mugg", price=1, **own_url("egen"))
    uuid = bench.till_product("Mugg", {"sku": "M-1", "price": kr(1)})
    await bench.finish_setup()
    await rename_in_shop(bench, await bench.product_id(uuid), "Finmugg")
    bench.sandbox.shop().delete_product(own.id)

    await bench.sweep()
    await bench.sweep()
    after_sweeps = await held(bench, uuid)
    bench.save(uuid, description="Ny")
    await bench.sync(uuid)

    assert ([("Finmugg", "M-1")], [("Mugg", "M-1")]) == (after_sweeps, await held(bench, uuid))


async def test_a_suffix_from_before_is_found_by_the_sweep(bench: Bench) -> None:
    """Whatever wrote it, and nothing remembers why (decision 19)."""
    own = await bench.sandbox.shop().add_product(name="Mugg", price=1, **own_url("egen"))
    uuid = bench.till_product("Mugg", {"sku": "M-1", "price": kr(1)})
    await bench.finish_setup()
    async with bench.database.transaction() as tx:
        await suffixes.replace(tx, bench.connection.id, [uuid], [])
    await bench.sweep()
    bench.sandbox.shop().delete_product(own.id)

    await bench.sweep()

    assert [("Mugg", "M-1")] == await held(bench, uuid)


async def test_two_that_wait_for_one_value_take_turns(bench: Bench) -> None:
    """The first gets it, the other one names the new holder (decision 19)."""
    uuids = [bench.till_product("Mugg", {"sku": f"M-{n}", "price": kr(1)}) for n in range(3)]
    await bench.finish_setup()
    (holder,) = [uuid for uuid in uuids if (await held(bench, uuid))[0][0] == "Mugg"]
    rest = [uuid for uuid in uuids if uuid != holder]

    await bench.deleted(holder)
    await bench.sweep()

    names = [name for name, _ in await held(bench, *rest)]
    assert 1 == names.count("Mugg")
    (plain,) = [uuid for uuid, name in zip(rest, names, strict=True) if name == "Mugg"]
    async with bench.database.read() as tx:
        rows = await suffixes.all_of(tx, bench.connection.id)
    assert ["name", "url"] == [row.field for row in rows]
    assert {(plain, await bench.product_id(plain), False)} == {
        (row.holder_uuid, row.holder_id, row.retry) for row in rows
    }


async def test_variants_that_are_added_wait_their_turn(bench: Bench) -> None:
    """A new variant with a SKU that another product lets go of in the same batch (decision 19)."""
    shirt, mug = bench.shirt("S", "M"), bench.till_product("Mugg", {"sku": "TR-L", "price": kr(9)})
    await bench.finish_setup()
    rows = bench.sandbox.till().product(shirt)["variants"]
    new = {
        "name": "L",
        "sku": "TR-L",
        "price": kr(199),
        "options": [{"name": "Storlek", "value": "L"}],
    }
    late = bench.sandbox.till().fresh(new)
    values = [{"value": value} for value in ("S", "M", "L")]
    shape = {"definitions": [{"name": "Storlek", "properties": values}]}
    bench.save(shirt, variants=[*rows, late], variantOptionDefinitions=shape)
    take(bench, mug, "Mugg", "TR-S2")

    await bench.sync(shirt, mug)

    assert ["TR-S", "TR-M", "TR-L"] == [
        one["sku"] for one in (await bench.shown(shirt))["variants"]
    ]
    assert ("TR-S2", []) == ((await bench.shown(mug))["sku"], await clash_lines(bench))


async def test_taking_one_suffix_away_keeps_the_others(bench: Bench) -> None:
    """Name and address are two merchants' products'; each goes when its own holder does (decision
    19).
    """
    first = await bench.sandbox.shop().add_product(name="Mugg", price=1, **own_url("egen"))
    second = await bench.sandbox.shop().add_product(name="Kopp", price=1, **own_url("mugg"))
    uuid = bench.till_product("Mugg", {"sku": "M-1", "price": kr(1)}, online=online("mugg"))
    await bench.finish_setup()
    for own in (first, second):
        bench.sandbox.shop().delete_product(own.id)
        await bench.add_item(Kind.SHOP_PRODUCT, str(own.id))
        await bench.work_off()

    shown = await bench.shown(uuid)
    async with bench.database.read() as tx:
        rows = await suffixes.all_of(tx, bench.connection.id)
    assert ("Mugg", "/mugg/", ()) == (shown["name"], shown["custom_url"]["url"], rows)


@pytest.mark.parametrize("gone", [False, True], ids=["stands", "gone"])
async def test_an_address_with_a_suffix_from_before_is_asked_about(
    bench: Bench, gone: bool
) -> None:
    """Nothing remembers why it has one, and who has the plain address may have let go meanwhile
    (decision 19).
    """
    own = await bench.sandbox.shop().add_product(name="Egen", price=1, **own_url("mugg"))
    uuid = bench.till_product("Mugg", {"sku": "M-1", "price": kr(1)}, online=online("mugg"))
    await bench.finish_setup()
    async with bench.database.transaction() as tx:
        await suffixes.replace(tx, bench.connection.id, [uuid], [])
    if gone:
        bench.sandbox.shop().delete_product(own.id)
    await bench.sweep()
    async with bench.database.read() as tx:
        rows = await suffixes.all_of(tx, bench.connection.id)

    shown = (await bench.shown(uuid))["custom_url"]["url"]
    named = [one["other"] for one in await clash_lines(bench)]
    assert ([] if gone else [own.id], ["Egen"]) == ([row.holder_id for row in rows], named)
    assert ("/mugg/" if gone else clashes.distinct_url("/mugg/", uuid)) == shown
