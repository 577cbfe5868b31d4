"""The mirror of the library, what is bound to it, and what is told of both."""

import itertools
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
import sqlalchemy as sa

from brygga.core.model import Origin, Synced
from brygga.core.report import Code, Line, Severity, Topic
from brygga.database import (
    assigning,
    bindings,
    brakes,
    connections,
    duplicates,
    intents,
    kept_bindings,
    library,
    library_pages,
    synclog,
    tables,
    tokens,
    work_items,
)
from brygga.database.engine import Database
from brygga.database.library_pages import State
from brygga.database.tokens import Platform, Token
from brygga.database.work_items import Kind
from tests.conftest import NOON
from tests.database.merchants import account, connected, cup, shop

LATER = NOON + timedelta(minutes=5)


async def test_the_mirror_tells_new_from_changed_and_keeps_decisions(database: Database) -> None:
    one = await connected(database)
    async with database.transaction() as tx:
        await assigning.decide(tx, one.id, "ours", False, NOON)
        first = await library.upsert_many(
            tx, one.id, [cup("cup"), cup("ours")], NOON, assign_new=True
        )
        await library.fail(tx, one.id, "cup", "name_clash", NOON)
        second = await library.upsert_many(
            tx, one.id, [cup("cup", etag="2"), cup("ours")], LATER, assign_new=True
        )
        found = await library.get_many(tx, one.id, ["cup", "ours"])

    assert (("cup", "ours"), ()) == (first.added, first.changed)
    assert ((), ("cup",)) == (second.added, second.changed)
    assert {"cup": (True, ""), "ours": (False, "")} == {
        u: (e.assigned, e.failure) for u, e in found.items()
    }
    assert cup("cup", etag="2") == found["cup"].product


@pytest.mark.rule("A3")
async def test_an_unassignment_can_be_undone_until_its_time_is_over(database: Database) -> None:
    one = await connected(database)
    ten = NOON + timedelta(seconds=10)
    async with database.transaction() as tx:
        await library.upsert_many(tx, one.id, [cup("a"), cup("b")], NOON, assign_new=True)
        await assigning.unassign(tx, one.id, ["a", "b"], ten)
        undone = await assigning.undo(tx, one.id, ["a"])
        early = await assigning.decide_unassigned(tx, one.id, ["a", "b"], NOON)
        settled = await assigning.decide_unassigned(tx, one.id, ["a", "b"], ten)
        too_late = await assigning.undo(tx, one.id, ["b"])
        assigned = await library.assigned_uuids(tx, one.id)

    assert (["a"], [], ["b"], [], ["a"]) == (undone, early, settled, too_late, assigned)


def test_names_are_in_swedish_order() -> None:
    names = ["Öl", "Zebra", "Ärt", "Åsna", "apa", "Éclair", "Dopp", "Fika"]

    assert ["apa", "Dopp", "Éclair", "Fika", "Zebra", "Åsna", "Ärt", "Öl"] == sorted(
        names, key=library.sort_key
    )


async def test_each_products_state_shows_on_the_library_page(database: Database) -> None:
    one = await connected(database)
    expected = dict(
        zip(
            "abcdefgh",
            [
                "synced",
                "waiting",
                "failed",
                "not_assigned",
                "unassigning",
                "removing",
                "unreadable",
                "waiting",
            ],
            strict=True,
        )
    )
    async with database.transaction() as tx:
        broken = {"g": ("1", "G", "no_variants")}
        await library.upsert_many(
            tx, one.id, [cup(u, name=u.upper()) for u in "abcdefh"], NOON, unreadable=broken
        )
        await assigning.assign(tx, one.id, list("abcefh"))
        await bindings.save_many(tx, one.id, [Synced(u, ord(u), etag="1") for u in "abef"], NOON)
        await bindings.save(tx, one.id, Synced("h", 900, etag="old"), NOON)
        await work_items.add(tx, one.id, Kind.PRODUCT, "b", NOON)
        await library.fail(tx, one.id, "c", "refused", NOON)
        await assigning.unassign(tx, one.id, ["e", "f"], LATER)
        await assigning.decide_unassigned(tx, one.id, ["f"], LATER)
        page = await library_pages.page(tx, one.id)
        counts = await library_pages.counts(tx, one.id)
        waiting = await library_pages.page(tx, one.id, states=[State.WAITING], limit=1, offset=1)
        beyond = await library_pages.page(tx, one.id, states=[State.WAITING], offset=50)

    assert expected == {row.entry.product_uuid: row.state.value for row in page.rows}
    assert (8, 2, "h", 2) == (
        page.total,
        waiting.total,
        waiting.rows[0].entry.product_uuid,
        beyond.total,
    )
    assert {State.WAITING: 2, State.SYNCED: 1} == {
        s: counts[s] for s in (State.WAITING, State.SYNCED)
    }


async def test_a_page_whose_total_is_known_is_the_same_page(database: Database) -> None:
    """Whatever the order, search and filter: what is counted already is not counted again."""
    one, other = await connected(database), await connected(database, "org-2", "xyz789")
    async with database.transaction() as tx:
        goods = [cup(f"u{n}", name=f"Mugg {n % 7}") for n in range(20)]
        await library.upsert_many(tx, one.id, goods, NOON)
        await library.upsert_many(tx, other.id, [cup("x", name="Mugg 1")], NOON)
        await assigning.assign(tx, one.id, ["u1", "u2"])
        wishes = itertools.product(
            library_pages.Order, ("", "mugg 1"), ((), (State.WAITING,)), (0, 5)
        )
        found = []
        for order, search, states, offset in wishes:
            page = partial(library_pages.page, tx, one.id, search=search, states=states)
            pages = partial(page, order=order, limit=5, offset=offset)
            counted = await pages()
            found.append((counted, await pages(total=counted.total)))

    assert [] == [pair for pair in found if pair[0] != pair[1]]
    assert {20, 3, 2, 1} >= {pair[0].total for pair in found} > {20}


async def test_search_finds_every_word_in_names_skus_and_barcodes_and_takes_signs(
    database: Database,
) -> None:
    one = await connected(database)
    async with database.transaction() as tx:
        goods = [cup("a", name="Blå mugg", sku="B-1"), cup("b", name="Röd mugg 100%", sku="R_1")]
        await library.upsert_many(tx, one.id, goods, NOON)

        async def found(search: str) -> list[str]:
            return [
                row.entry.product_uuid
                for row in (await library_pages.page(tx, one.id, search=search)).rows
            ]

        assert [["a", "b"], ["a"], ["b"], ["b"], ["b"], []] == [
            await found(search)
            for search in ("MUGG", "mugg BLÅ", "100%", "r_1", "röd 7310865", "%mugg_")
        ]


async def test_a_binding_comes_back_as_it_was_put_children_and_all(database: Database) -> None:
    one = await connected(database)
    whole = Synced(
        "cup",
        812,
        Origin.LINKED,
        "e1",
        "f1",
        variants={"v1": 1, "v2": 2},
        options={"Färg": 5},
        values={("Färg", 'Blå "ljus"'): 6, ("Färg", "Röd"): 7},
        images={"https://x/1.jpg": 8},
        variant_images={"v1": "https://x/2.jpg"},
        videos={"dQw4w9WgXcQ": 9},
    )
    async with database.transaction() as tx:
        await bindings.save(tx, one.id, whole, NOON)
        await bindings.set_tagged(tx, one.id, ["cup"])
        found = await bindings.get(tx, one.id, "cup")
        assert {812: "cup"} == await bindings.by_product_ids(tx, one.id, [812, 813])
        await bindings.save(tx, one.id, Synced("cup", 813), NOON)
        recreated = await bindings.get(tx, one.id, "cup")

    assert found is not None
    assert (whole, True) == (found.synced, found.tagged)
    assert recreated is not None
    assert (Synced("cup", 813), False) == (recreated.synced, recreated.tagged)


@pytest.mark.rule("D4")
async def test_kept_products_are_found_again_by_the_same_account_and_store_only(
    database: Database,
) -> None:
    one = await connected(database)
    async with database.transaction() as tx:
        goods = [
            Synced("made", 1, etag="e", variants={"v": 11}),
            Synced("linked", 2, Origin.LINKED, etag="e"),
        ]
        await bindings.save_many(tx, one.id, goods, NOON)
        assert ["made"] == await kept_bindings.mark_to_delete(tx, one.id)
        assert 1 == await kept_bindings.keep_all(tx, one.id)
        await connections.disconnect(tx, one.id, LATER)
        other = await connections.start(tx, account(), "hook-b", LATER)
        await connections.set_shop(tx, other.id, shop("elsewhere"))
        assert [] == await kept_bindings.take_back(tx, other.id)
        await connections.disconnect(tx, other.id, LATER)
        same = await connections.start(tx, account(), "hook-c", LATER)
        await connections.set_shop(tx, same.id, shop())

        back = await kept_bindings.take_back(tx, same.id)
        found = await bindings.all_of(tx, same.id)

    assert {"made", "linked"} == set(back)
    assert (Synced("made", 1, variants={"v": 11}), bindings.State.BOUND) == (
        found["made"].synced,
        found["made"].state,
    )


async def test_the_rest_of_the_nouns_keep_what_they_are_given(database: Database) -> None:
    one = await connected(database)
    intent = intents.Intent("cup", {"name": "Mugg", "price": "129.00"}, NOON, LATER)
    async with database.transaction() as tx:
        await intents.begin(tx, one.id, [intent])
        assert {"cup": intent} == await intents.open_for(tx, one.id, ["cup", "vase"])
        await intents.end(tx, one.id, ["cup"])
        assert {} == await intents.open_for(tx, one.id, ["cup"])

        await brakes.note(tx, one.id, "remove", ["a", "b", "a"], NOON)
        assert ["a", "b"] == await brakes.noted_since(
            tx, one.id, "remove", NOON - timedelta(hours=1)
        )
        asked = [await brakes.ask(tx, one.id, brakes.Question("remove", (u,), NOON)) for u in "ab"]
        assert [True, False] == asked
        assert await brakes.answer(tx, one.id, "remove", True, LATER)
        assert not await brakes.answer(tx, one.id, "remove", False, LATER)
        assert ("a", "b") == (await brakes.all_questions(tx, one.id))["remove"].subjects

        pair = duplicates.Pair("cup", 5, "certain", "sku", "Mugg")
        await duplicates.found(tx, one.id, [pair], NOON)
        assert await duplicates.choose(tx, one.id, "cup", 5, duplicates.Choice.LINK)
        await duplicates.found(tx, one.id, [pair, duplicates.Pair("vase", 6, "likely")], LATER)
        assert {"cup": 5} == await duplicates.links(tx, one.id, ["cup", "vase"])

        # A search adds what it finds on its way, and takes no choice back.
        await library.upsert_many(tx, one.id, [cup(), cup("bowl", name="Fat")], NOON)
        early = duplicates.Pair("bowl", 7, "certain", "sku", "Fat")
        await duplicates.add_found(tx, one.id, [pair, early], LATER)
        assert [("Fat", early)] == await duplicates.first_undecided(tx, one.id, 5)
        assert {"cup": 5} == await duplicates.links(tx, one.id, ["cup", "bowl"])


async def test_the_sync_log_pages_counts_and_knows_the_last_success(database: Database) -> None:
    one, two = await connected(database), await connected(database, "org-2", "def456")
    made = Line(Code.PRODUCT_CREATED, Topic.PRODUCT, subject="cup", params={"name": "Mugg"})
    bad = Line(
        Code.PRODUCT_REFUSED,
        Topic.PRODUCT,
        Severity.ERROR,
        "vase",
        params={"name": "Vas", "reason": "x"},
    )
    async with database.transaction() as tx:
        await synclog.add(tx, one.id, [made, bad], NOON)
        await synclog.add(tx, one.id, bad, LATER)
        await synclog.add(tx, two.id, made, LATER)
        newest = await synclog.page(tx, one.id, limit=2)
        older = await synclog.page(tx, one.id, before=newest[-1].id)
        errors = await synclog.count(tx, one.id, synclog.Filter(severities=(Severity.ERROR,)))
        counts = await synclog.counts(tx, one.id, NOON)
        success = await synclog.last_success(tx, one.id)

    assert ([bad, bad], [made]) == (
        [logged.line for logged in newest],
        [logged.line for logged in older],
    )
    assert (2, 2) == (errors, counts[Topic.PRODUCT, Severity.ERROR])
    assert synclog.Success(NOON, None) == success


async def test_whatever_belongs_to_a_merchant_goes_with_the_connection(database: Database) -> None:
    one = await connected(database)
    async with database.transaction() as tx:
        await library.upsert_many(tx, one.id, [cup()], NOON)
        await bindings.save(tx, one.id, Synced("cup", 1, variants={"v": 1}), NOON)
        await work_items.add(tx, one.id, Kind.PRODUCT, "cup", NOON)
        await tokens.save(tx, one.id, Platform.ZETTLE, Token("a", NOON))
        await tx.run(sa.delete(tables.connections))

        assert ({}, {}, None, []) == (
            await library.get_many(tx, one.id, ["cup"]),
            await bindings.all_of(tx, one.id),
            await tokens.get(tx, one.id, Platform.ZETTLE),
            await library.by_vat(tx, one.id),
        )


async def test_products_are_counted_by_vat_rate_for_the_tax_classes(database: Database) -> None:
    one = await connected(database)
    async with database.transaction() as tx:
        await library.upsert_many(tx, one.id, [cup("a"), cup("b"), cup("c", vat="12")], NOON)
        await bindings.save_many(tx, one.id, [Synced(u, ord(u)) for u in "abc"], NOON)

        assert [(Decimal(25), 2), (Decimal(12), 1)] == await library.by_vat(tx, one.id)
