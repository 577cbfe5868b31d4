"""What the next sync would do is told without asking anybody, and is what it then does (P8, P11,
P12).
"""

import json
from typing import Any

import pytest

from brygga.cli.plan import as_json, counts, reported
from brygga.database import assigning, duplicates, work_items
from brygga.database.duplicates import Choice
from brygga.database.work_items import Kind
from brygga.sync.products.library import library as read_library
from brygga.sync.products.preview import Action, Note, Step, Target, preview
from tests.rules.products_bench import Bench, kr


async def steps(bench: Bench) -> dict[str, Step]:
    async with bench.database.read() as tx:
        return {one.name: one for one in await preview(tx, bench.connection)}


@pytest.mark.rule("P11")
async def test_what_is_equal_is_shown_while_the_store_is_still_being_read(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest of the store may take minutes. A name that is only similar comes last."""
    for name in ("Mugg", "Fat", "Vas"):
        bench.till_product(name)
    shop = bench.session.shop
    for name in ("Fat", "Mug", "Mugg"):
        await bench.sandbox.shop().add_product(name=name)
    read = shop.products_page
    seen: list[list[tuple[str, str]]] = []

    async def one_by_one(page: int = 1, **wishes: Any) -> Any:
        async with bench.database.read() as tx:
            first = await duplicates.first_undecided(tx, bench.connection.id, 5)
        seen.append([(name, pair.shop_name) for name, pair in first])
        return await read(page, **wishes, limit=1)

    monkeypatch.setattr(shop, "products_page", one_by_one)
    await bench.read_library()
    async with bench.database.read() as tx:
        found = await duplicates.all_of(tx, bench.connection.id)

    assert [[], [("Fat", "Fat")], [("Fat", "Fat")]] == seen
    assert ["Fat", "Mugg"] == sorted({pair.shop_name for pair in found} - {"Mug"})


@pytest.mark.rule("P8")
async def test_before_the_first_sync_everything_is_to_be_made_or_left_out_and_why(
    bench: Bench,
) -> None:
    bench.till_product("Mugg")
    bench.till_product("För många", *({"name": f"{n}", "price": kr(1)} for n in range(601)))
    await bench.read_library()

    by_hand = await steps(bench)
    await bench.choose(whole_library=True)
    whole = await steps(bench)

    assert {(Action.LEAVE_OUT, "not_chosen")} == {
        (one.action, one.reason) for one in by_hand.values()
    }
    assert (Action.CREATE, "") == (whole["Mugg"].action, whole["Mugg"].reason)
    assert (Action.LEAVE_OUT, "too_many_variants") == (
        whole["För många"].action,
        whole["För många"].reason,
    )


@pytest.mark.rule("P11", "P12")
async def test_what_is_told_is_what_is_done(bench: Bench) -> None:
    kept, changed, removed = (
        bench.till_product(name, {"price": kr(1)}) for name in ("Kvar", "Ändrad", "Borta")
    )
    await bench.finish_setup()
    shop_id = (await bench.sandbox.shop().add_product(name="Egen")).id
    linked = bench.till_product("Länkad", {"price": kr(1)})
    bench.save(changed, name="Ändrad nu")
    await bench.unassign(removed)
    bench.clock.move(11)
    # The mirror is brought up to date, and nothing else.
    await bench.add_item(Kind.LIBRARY, "")
    async with bench.database.read() as tx:
        due = await work_items.due(tx, bench.connection.id, bench.clock.now(), [Kind.LIBRARY])
    await read_library(bench.session, due)
    async with bench.database.transaction() as tx:
        await assigning.decide_unassigned(tx, bench.connection.id, [removed], bench.clock.now())
        pair = duplicates.Pair(linked, shop_id, "sure", choice=Choice.LINK)
        await duplicates.found(tx, bench.connection.id, [pair], bench.clock.now())

    before = await steps(bench)
    await bench.work_off()
    await bench.wait(60)

    actions = {name: one.action for name, one in before.items()}
    expected = {
        "Kvar": Action.NOTHING,
        "Ändrad nu": Action.UPDATE,
        "Borta": Action.DELETE,
        "Länkad": Action.LINK,
    }
    assert expected == actions
    assert {Action.NOTHING, Action.LEAVE_OUT} == {
        one.action for one in (await steps(bench)).values()
    }
    assert ["Kvar", "Länkad", "Ändrad nu"] == await bench.in_shop()
    assert await bench.binding(kept)


def test_the_table_names_each_product_and_counts_all() -> None:
    other = Target(812, "Kaffemugg", "sku", "certain")
    found = [
        Step("a", "Mugg", Action.CREATE, notes=(Note("text_cut", {"field": "name"}),)),
        Step("b", "Kopp", Action.LEAVE_OUT, "not_chosen"),
        Step("c", "Fat", Action.NOTHING),
        Step("d", "Skål", Action.CREATE, likely=(other,)),
        Step("e", "Vas", Action.LINK, target=other, likely=(other,), choice=Choice.LINK),
    ]
    shown = [one for one in found if one.action is not Action.NOTHING]

    rows = reported(found, shown).splitlines()
    whole = json.loads(as_json(found, shown))

    assert ["create", "leave", "create", "link", "5"] == [line.split()[0] for line in rows]
    assert [
        "text_cut",
        "not_chosen",
        "likely #812 Kaffemugg (certain: sku)",
        "with #812 Kaffemugg",
    ] == [line[60:] for line in rows[:-1]]
    assert "5 products: 2 create, 1 link, 1 nothing, 1 leave out, 1 undecided" == rows[-1]
    assert counts(found) == whole["counts"]
    assert [one.name for one in shown] == [one["name"] for one in whole["products"]]
    assert {"code": "text_cut", "field": "name"} == whole["products"][0]["notes"][0]
    assert (812, "certain") == (
        whole["products"][3]["linked_with"]["product_id"],
        whole["products"][3]["likely"][0]["certainty"],
    )
