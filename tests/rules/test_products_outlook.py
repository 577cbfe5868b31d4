"""What the next sync would do is told without asking anybody, and is what it then does (P8, P11, P12)."""

import json
from collections import Counter

import pytest

from brygga.cli.plan import as_json, counts, told
from brygga.store import duplicates, library, marks
from brygga.store.database import Database
from brygga.store.duplicates import Choice
from brygga.store.marks import Kind
from brygga.sync.library import library as read_library
from brygga.sync.outlook import Action, Step, outlook
from tests.conftest import MovableClock
from tests.rules.products_bench import Bench, kr, opened


@pytest.fixture
async def bench(database: Database, clock: MovableClock) -> Bench:
    return await opened(database, clock)


async def steps(bench: Bench) -> dict[str, Step]:
    async with bench.database.read() as tx:
        return {one.name: one for one in await outlook(tx, bench.connection)}


@pytest.mark.rule("P8")
async def test_before_the_first_sync_everything_is_to_be_made_or_left_out_and_why(bench: Bench) -> None:
    bench.till_product("Mugg")
    bench.till_product("För många", *({"name": f"{n}", "price": kr(1)} for n in range(601)))
    await bench.read_library()

    by_hand = await steps(bench)
    await bench.choose(whole_library=True)
    whole = await steps(bench)

    assert {(Action.LEAVE_OUT, "not_chosen")} == {(one.action, one.reason) for one in by_hand.values()}
    assert (Action.CREATE, "") == (whole["Mugg"].action, whole["Mugg"].reason)
    assert (Action.LEAVE_OUT, "too_many_variants") == (whole["För många"].action, whole["För många"].reason)


@pytest.mark.rule("P11", "P12")
async def test_what_is_told_is_what_is_done(bench: Bench) -> None:
    kept, changed, removed = (bench.till_product(name, {"price": kr(1)}) for name in ("Kvar", "Ändrad", "Borta"))
    await bench.finish_setup()
    shop_id = (await bench.town.shop().add_product(name="Egen")).id
    linked = bench.till_product("Länkad", {"price": kr(1)})
    bench.save(changed, name="Ändrad nu")
    await bench.unassign(removed)
    bench.clock.move(11)
    # The mirror is brought up to date, and nothing else.
    await bench.mark(Kind.LIBRARY, "")
    async with bench.database.read() as tx:
        due = await marks.due(tx, bench.connection.id, bench.clock.now(), [Kind.LIBRARY])
    await read_library(bench.session, due)
    async with bench.database.transaction() as tx:
        await library.settle_unassigned(tx, bench.connection.id, [removed], bench.clock.now())
        pair = duplicates.Pair(linked, shop_id, "sure", choice=Choice.LINK)
        await duplicates.found(tx, bench.connection.id, [pair], bench.clock.now())

    before = await steps(bench)
    await bench.drain()
    await bench.wait(60)

    actions = {name: one.action for name, one in before.items()}
    expected = {"Kvar": Action.NOTHING, "Ändrad nu": Action.UPDATE, "Borta": Action.DELETE, "Länkad": Action.LINK}
    assert expected == actions
    assert {Action.NOTHING, Action.LEAVE_OUT} == {one.action for one in (await steps(bench)).values()}
    assert ["Kvar", "Länkad", "Ändrad nu"] == await bench.in_shop()
    assert await bench.binding(kept)


def test_the_table_names_each_product_and_counts_all() -> None:
    found = [
        Step("a", "Mugg", Action.CREATE, notes=("text_cut",)),
        Step("b", "Kopp", Action.LEAVE_OUT, "not_chosen"),
        Step("c", "Fat", Action.NOTHING),
    ]

    text = told(found, found[:2])

    assert ["create", "leave", "3"] == [line.split()[0] for line in text.splitlines()]
    assert "3 products: 1 create, 1 nothing, 1 leave out" == text.splitlines()[-1]
    assert counts(found) == json.loads(as_json(found, found[:2]))["counts"]
    assert Counter({"create": 1, "leave out": 1}) == Counter(
        one["action"] for one in json.loads(as_json(found, found[:2]))["products"]
    )
