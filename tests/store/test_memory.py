"""The memory on a real PostgreSQL: what is written can be read, by its owner only, and only while it may be written."""

from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from brygga.core.failures import LeaseLost
from brygga.core.model import Choices, Origin, Stage, Synced
from brygga.core.report import Code, Line, Severity, Topic
from brygga.store import (
    bindings,
    brakes,
    connections,
    duplicates,
    inbox,
    intents,
    leases,
    library,
    library_pages,
    marks,
    oauth_states,
    subscriptions,
    synclog,
    tables,
    tokens,
)
from brygga.store.database import Database, DatabaseGone, Fence
from brygga.store.library_pages import State
from brygga.store.marks import Kind
from brygga.store.sealing import SealBroken, Sealer
from brygga.store.sessions import Sessions
from brygga.store.tokens import Platform, Token
from tests.conftest import NOON, SEALER, MovableClock
from tests.store.town import account, connected, cup, shop

LATER = NOON + timedelta(minutes=5)


# ---- Connections -----------------------------------------------------------------------------------------------------


@pytest.mark.rule("C2")
async def test_a_store_of_another_account_is_refused_and_the_holder_named(database: Database) -> None:
    first = await connected(database)

    async with database.transaction() as tx:
        second = await connections.start(tx, account("org-2"), "hook-2", NOON)
        with pytest.raises(connections.StoreTaken) as refused:
            await connections.set_shop(tx, second.id, shop())
        still_usable = await connections.by_id(tx, second.id)

    assert (first.id, None) == (refused.value.connection.id, still_usable.shop if still_usable else "gone")


@pytest.mark.rule("C2")
async def test_a_second_store_for_one_account_is_refused(database: Database) -> None:
    first = await connected(database)

    async with database.transaction() as tx:
        with pytest.raises(connections.AccountTaken) as refused:
            await connections.set_shop(tx, first.id, shop("other"))

    assert "abc123" == (refused.value.connection.shop and refused.value.connection.shop.store_hash)


@pytest.mark.rule("C2", "D4")
async def test_account_and_store_are_free_again_after_a_disconnect(database: Database) -> None:
    first = await connected(database)
    async with database.transaction() as tx:
        await connections.leave(tx, first.id, keep=True)
        await connections.disconnect(tx, first.id, LATER)

    async with database.transaction() as tx:
        again = await connections.start(tx, account(), "hook-again", LATER)
        await connections.set_shop(tx, again.id, shop())
        living = await connections.by_store(tx, "abc123")

    assert again.id != first.id
    assert living is not None
    assert again.id == living.id


async def test_signing_in_again_finds_the_same_connection_with_fresh_facts(database: Database) -> None:
    first = await connected(database)

    async with database.transaction() as tx:
        again = await connections.start(tx, account(name="Nya Krukan AB"), "another-hook", LATER)

    assert (first.id, "Nya Krukan AB", "hook-org-1") == (again.id, again.organization.name, again.hook_key)


@pytest.mark.rule("C11")
async def test_a_step_of_the_set_up_is_taken_once(database: Database) -> None:
    async with database.transaction() as tx:
        begun = await connections.start(tx, account(), "hook", NOON)
        await connections.set_choices(tx, begun.id, Choices(prices=True))
        steps = [await connections.set_stage(tx, begun.id, Stage.RUNNING, [Stage.ZETTLE_CONNECTED]) for _ in range(2)]
        now = await connections.by_id(tx, begun.id)

    assert [True, False] == steps
    assert now is not None
    assert Choices(prices=True) == now.choices


async def test_a_pause_and_an_outage_are_news_once(database: Database) -> None:
    one = await connected(database)

    async with database.transaction() as tx:
        told = [await connections.pause(tx, one.id, "access_gone") for _ in range(2)]
        told += [await connections.unreachable(tx, one.id, NOON) for _ in range(2)]
        told += [await connections.reachable(tx, one.id) for _ in range(2)]
        told += [await connections.resume(tx, one.id) for _ in range(2)]

    assert [True, False] * 4 == told


# ---- Secrets ---------------------------------------------------------------------------------------------------------


async def test_a_token_is_unreadable_on_disk_and_in_print_and_opens_only_in_its_own_row(database: Database) -> None:
    one, two = await connected(database), await connected(database, "org-2", "def456")
    secret = Token("secret-access", NOON, refresh="secret-refresh")
    async with database.transaction() as tx:
        await tokens.put(tx, one.id, Platform.ZETTLE, secret)
        await tx.run(
            tables.tokens.insert().from_select(
                ["connection_id", "platform", "sealed", "issued_at"],
                sa.select(
                    sa.literal(two.id),
                    tables.tokens.c.platform,
                    tables.tokens.c.sealed,
                    tables.tokens.c.issued_at,
                ),
            )
        )

    async with database.read() as tx:
        mine = await tokens.get(tx, one.id, Platform.ZETTLE)
        stored = await tx.scalar(sa.select(tables.tokens.c.sealed))
        with pytest.raises(SealBroken):
            await tokens.get(tx, two.id, Platform.ZETTLE)

    assert secret == mine
    assert b"secret" not in stored
    assert "secret-" not in repr(mine)


def test_a_new_first_key_seals_and_old_keys_still_open() -> None:
    old, new = Sealer(("o" * 32,)), Sealer(("n" * 32, "o" * 32))

    assert b"x" == new.open(old.seal(b"x", "tokens", 1), "tokens", 1)
    with pytest.raises(SealBroken):
        old.open(new.seal(b"x", "tokens", 1), "tokens", 1)
    with pytest.raises(SealBroken):
        new.open(old.seal(b"x", "tokens", 1, "a"), "tokens", "1/a")


async def test_only_the_first_of_two_refreshes_replaces_the_token(database: Database) -> None:
    one = await connected(database)
    async with database.transaction() as tx:
        await tokens.put(tx, one.id, Platform.ZETTLE, Token("a1", NOON, refresh="r1"))
        tries = [await tokens.begin_refresh(tx, one.id, Platform.ZETTLE, NOON) for _ in range(2)]
        first = await tokens.finish_refresh(tx, one.id, Platform.ZETTLE, "r1", Token("a2", LATER, refresh="r2"))
        second = await tokens.finish_refresh(tx, one.id, Platform.ZETTLE, "r1", Token("a3", LATER, refresh="r3"))
        now = await tokens.get(tx, one.id, Platform.ZETTLE)

    assert ([1, 2], True, False) == (tries, first, second)
    assert Token("a2", LATER, refresh="r2") == now


async def test_a_subscription_keeps_the_signing_key_that_is_shown_once(database: Database) -> None:
    one = await connected(database)
    made = subscriptions.Subscription(Platform.ZETTLE, "s1", "all", "https://x/h", "ACTIVE", "key")
    async with database.transaction() as tx:
        await subscriptions.put(tx, one.id, made, NOON)
        seen = subscriptions.Subscription(Platform.ZETTLE, "s1", "all", "https://x/h", "ACTIVE")
        await subscriptions.put(tx, one.id, seen, LATER)
        keys = await subscriptions.signing_keys(tx, one.id, Platform.ZETTLE)

    assert ["key"] == keys


# ---- Fences ----------------------------------------------------------------------------------------------------------


async def _lease(database: Database, connection_id: int, holder: str, at_s: float) -> Fence | None:
    now = NOON + timedelta(seconds=at_s)
    async with database.transaction() as tx:
        return await leases.acquire(
            tx, connection_id, holder, now=now, until=now + timedelta(seconds=60), grace=timedelta(seconds=10)
        )


async def test_a_lease_is_taken_over_only_after_its_end_and_the_grace(database: Database) -> None:
    one = await connected(database)

    holders = [await _lease(database, one.id, f"w{at}", at) for at in (0, 59, 69, 71)]

    assert [1, None, None, 2] == [fence and fence.epoch for fence in holders]


async def test_who_lost_the_lease_writes_nothing(database: Database) -> None:
    one = await connected(database)
    first = await _lease(database, one.id, "first", 0)
    assert await _lease(database, one.id, "second", 100)

    with pytest.raises(LeaseLost):
        async with database.transaction(first) as tx:
            await connections.set_cursor(tx, one.id, "too late")

    async with database.transaction() as tx:
        assert first is not None
        assert not await leases.renew(tx, first, LATER)
        assert "" == (await connections.health(tx, one.id)).zettle_cursor


async def test_a_lease_given_back_is_free_at_once(database: Database) -> None:
    one = await connected(database)
    fence = await _lease(database, one.id, "first", 0)
    assert fence is not None

    async with database.transaction(fence) as tx:
        await leases.release(tx, fence)

    assert await _lease(database, one.id, "second", 1)


async def test_reading_cannot_write(database: Database) -> None:
    one = await connected(database)

    with pytest.raises(DBAPIError):
        async with database.read() as tx:
            await connections.set_cursor(tx, one.id, "x")


async def test_a_database_that_is_not_there_is_one_clear_line_without_the_password() -> None:
    gone = Database.at("postgresql://user:hush@127.0.0.1:1/none", SEALER)

    with pytest.raises(DatabaseGone) as said:
        async with gone.read():
            pass
    await gone.close()

    assert "\n" not in str(said.value)
    assert "hush" not in str(said.value)


# ---- Marks -----------------------------------------------------------------------------------------------------------


async def test_work_is_done_only_if_nobody_marked_it_again_meanwhile(database: Database) -> None:
    one = await connected(database)
    async with database.transaction() as tx:
        await marks.mark(tx, one.id, Kind.PRODUCT, "cup", NOON)
        (seen,) = await marks.due(tx, one.id, NOON)
        await marks.mark(tx, one.id, Kind.PRODUCT, "cup", NOON, force=True)

        assert not await marks.done(tx, seen)
        assert not await marks.again(tx, seen, LATER)
        (newer,) = await marks.due(tx, one.id, NOON)
        assert newer.force
        assert newer.generation > seen.generation
        assert await marks.done(tx, newer)
        assert 0 == await marks.pending(tx)


async def test_stock_goes_first_and_small_changes_before_a_first_import(database: Database) -> None:
    one = await connected(database)
    order = []
    async with database.transaction() as tx:
        await marks.mark_many(tx, one.id, Kind.PRODUCT, ["a", "b", "c"], NOON, bulk=True)
        await marks.mark(tx, one.id, Kind.SWEEP, "", NOON)
        await marks.mark(tx, one.id, Kind.PRODUCT, "c", LATER, due_at=NOON)
        await marks.mark(tx, one.id, Kind.STOCK, "z", NOON)
        await marks.mark(tx, one.id, Kind.STOCK, "not yet", NOON, due_at=LATER)
        while batch := await marks.due(tx, one.id, NOON):
            order.append([(mark.kind.value, mark.subject) for mark in batch])
            for mark in batch:
                await marks.done(tx, mark)

    assert [
        [("stock", "z")],
        [("product", "c")],
        [("sweep", "")],
        [("product", "a"), ("product", "b")],
    ] == order


@pytest.mark.rule("C11")
@pytest.mark.parametrize(
    ("stage", "paused", "expected"),
    [
        (Stage.RUNNING, "", set(Kind)),
        (Stage.RUNNING, "access_gone", {Kind.LEAVE, Kind.SETUP}),
        (Stage.PRICES_CHOSEN, "", {Kind.LEAVE, Kind.SETUP, Kind.ACCOUNT, Kind.LIBRARY, Kind.HOOKS}),
        (Stage.LEAVING, "", {Kind.LEAVE}),
        (Stage.DISCONNECTED, "", {Kind.LEAVE}),
    ],
)
async def test_what_may_be_worked_on_follows_from_the_connections_state(
    database: Database, stage: Stage, paused: str, expected: set[Kind]
) -> None:
    one = await connected(database)
    worked = set()
    async with database.transaction() as tx:
        await connections.set_stage(tx, one.id, stage)
        await connections.pause(tx, one.id, paused)
        for kind in Kind:
            await marks.mark(tx, one.id, kind, "", NOON)
        while batch := await marks.due(tx, one.id, NOON):
            worked |= {mark.kind for mark in batch}
            for mark in batch:
                await marks.done(tx, mark)
        left = await marks.next_due(tx, one.id)

    assert (expected, None) == (worked, left)


async def test_parked_work_waits_for_its_next_mark(database: Database) -> None:
    one = await connected(database)
    async with database.transaction() as tx:
        await marks.mark(tx, one.id, Kind.PRODUCT, "cup", NOON)
        (mark,) = await marks.due(tx, one.id, NOON)
        await marks.park(tx, mark, "S-1", NOON)
        assert [] == await marks.due(tx, one.id, LATER)
        assert ["S-1"] == [parked.support_id for parked in await marks.parked(tx, one.id)]

        await marks.mark(tx, one.id, Kind.PRODUCT, "cup", LATER)

        assert ["cup"] == [mark.subject for mark in await marks.due(tx, one.id, LATER)]


async def test_a_message_is_accepted_once_per_merchant(database: Database) -> None:
    one, two = await connected(database), await connected(database, "org-2", "def456")
    async with database.transaction() as tx:
        heard = [await inbox.accept(tx, connection.id, Platform.ZETTLE, "m1", NOON) for connection in (one, one, two)]
        assert 2 == await inbox.prune(tx, NOON + timedelta(days=5))

    assert [True, False, True] == heard


# ---- Library and bindings --------------------------------------------------------------------------------------------


async def test_the_mirror_tells_new_from_changed_and_keeps_decisions(database: Database) -> None:
    one = await connected(database)
    async with database.transaction() as tx:
        await library.decide(tx, one.id, "ours", False, NOON)
        first = await library.upsert_many(tx, one.id, [cup("cup"), cup("ours")], NOON, assign_new=True)
        await library.fail(tx, one.id, "cup", "name_clash", NOON)
        second = await library.upsert_many(tx, one.id, [cup("cup", etag="2"), cup("ours")], LATER, assign_new=True)
        found = await library.get_many(tx, one.id, ["cup", "ours"])

    assert (("cup", "ours"), ()) == (first.added, first.changed)
    assert ((), ("cup",)) == (second.added, second.changed)
    assert {"cup": (True, ""), "ours": (False, "")} == {u: (e.assigned, e.failure) for u, e in found.items()}
    assert cup("cup", etag="2") == found["cup"].product


@pytest.mark.rule("A3")
async def test_an_unassignment_can_be_undone_until_its_time_is_over(database: Database) -> None:
    one = await connected(database)
    ten = NOON + timedelta(seconds=10)
    async with database.transaction() as tx:
        await library.upsert_many(tx, one.id, [cup("a"), cup("b")], NOON, assign_new=True)
        await library.unassign(tx, one.id, ["a", "b"], ten)
        undone = await library.undo(tx, one.id, ["a"])
        early = await library.settle_unassigned(tx, one.id, ["a", "b"], NOON)
        settled = await library.settle_unassigned(tx, one.id, ["a", "b"], ten)
        too_late = await library.undo(tx, one.id, ["b"])
        assigned = await library.assigned_uuids(tx, one.id)

    assert (["a"], [], ["b"], [], ["a"]) == (undone, early, settled, too_late, assigned)


def test_names_are_in_swedish_order() -> None:
    names = ["Öl", "Zebra", "Ärt", "Åsna", "apa", "Éclair", "Dopp", "Fika"]

    assert ["apa", "Dopp", "Éclair", "Fika", "Zebra", "Åsna", "Ärt", "Öl"] == sorted(names, key=library.sort_key)


async def test_each_products_state_shows_on_the_library_page(database: Database) -> None:
    one = await connected(database)
    expected = dict(
        zip(
            "abcdefgh",
            ["synced", "waiting", "failed", "not_assigned", "unassigning", "removing", "unreadable", "waiting"],
            strict=True,
        )
    )
    async with database.transaction() as tx:
        broken = {"g": ("1", "G", "no_variants")}
        await library.upsert_many(tx, one.id, [cup(u, name=u.upper()) for u in "abcdefh"], NOON, unreadable=broken)
        await library.assign(tx, one.id, list("abcefh"))
        await bindings.put_many(tx, one.id, [Synced(u, ord(u), etag="1") for u in "abef"], NOON)
        await bindings.put(tx, one.id, Synced("h", 900, etag="old"), NOON)
        await marks.mark(tx, one.id, Kind.PRODUCT, "b", NOON)
        await library.fail(tx, one.id, "c", "refused", NOON)
        await library.unassign(tx, one.id, ["e", "f"], LATER)
        await library.settle_unassigned(tx, one.id, ["f"], LATER)
        page = await library_pages.page(tx, one.id)
        counts = await library_pages.counts(tx, one.id)
        waiting = await library_pages.page(tx, one.id, states=[State.WAITING], limit=1, offset=1)
        beyond = await library_pages.page(tx, one.id, states=[State.WAITING], offset=50)

    assert expected == {row.entry.product_uuid: row.state.value for row in page.rows}
    assert (8, 2, "h", 2) == (page.total, waiting.total, waiting.rows[0].entry.product_uuid, beyond.total)
    assert {State.WAITING: 2, State.SYNCED: 1} == {s: counts[s] for s in (State.WAITING, State.SYNCED)}


async def test_search_finds_every_word_in_names_skus_and_barcodes_and_takes_signs_as_they_are(
    database: Database,
) -> None:
    one = await connected(database)
    async with database.transaction() as tx:
        goods = [cup("a", name="Blå mugg", sku="B-1"), cup("b", name="Röd mugg 100%", sku="R_1")]
        await library.upsert_many(tx, one.id, goods, NOON)

        async def found(search: str) -> list[str]:
            return [row.entry.product_uuid for row in (await library_pages.page(tx, one.id, search=search)).rows]

        assert [["a", "b"], ["a"], ["b"], ["b"], ["b"], []] == [
            await found(search) for search in ("MUGG", "mugg BLÅ", "100%", "r_1", "röd 7310865", "%mugg_")
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
        await bindings.put(tx, one.id, whole, NOON)
        await bindings.set_tagged(tx, one.id, ["cup"])
        found = await bindings.get(tx, one.id, "cup")
        assert {812: "cup"} == await bindings.by_product_ids(tx, one.id, [812, 813])
        await bindings.put(tx, one.id, Synced("cup", 813), NOON)
        remade = await bindings.get(tx, one.id, "cup")

    assert found is not None
    assert (whole, True) == (found.synced, found.tagged)
    assert remade is not None
    assert (Synced("cup", 813), False) == (remade.synced, remade.tagged)


@pytest.mark.rule("D4")
async def test_kept_products_are_found_again_by_the_same_account_and_store_only(database: Database) -> None:
    one = await connected(database)
    async with database.transaction() as tx:
        goods = [Synced("made", 1, etag="e", variants={"v": 11}), Synced("linked", 2, Origin.LINKED, etag="e")]
        await bindings.put_many(tx, one.id, goods, NOON)
        assert ["made"] == await bindings.mark_to_delete(tx, one.id)
        assert 1 == await bindings.keep_all(tx, one.id)
        await connections.disconnect(tx, one.id, LATER)
        other = await connections.start(tx, account(), "hook-b", LATER)
        await connections.set_shop(tx, other.id, shop("elsewhere"))
        assert [] == await bindings.take_back(tx, other.id)
        await connections.disconnect(tx, other.id, LATER)
        same = await connections.start(tx, account(), "hook-c", LATER)
        await connections.set_shop(tx, same.id, shop())

        back = await bindings.take_back(tx, same.id)
        found = await bindings.all_of(tx, same.id)

    assert {"made", "linked"} == set(back)
    assert (Synced("made", 1, variants={"v": 11}), bindings.State.BOUND) == (found["made"].synced, found["made"].state)


async def test_the_rest_of_the_nouns_keep_what_they_are_given(database: Database) -> None:
    one = await connected(database)
    intent = intents.Intent("cup", {"name": "Mugg", "price": "129.00"}, NOON, LATER)
    async with database.transaction() as tx:
        await intents.begin(tx, one.id, intent)
        assert {"cup": intent} == await intents.open_for(tx, one.id, ["cup", "vase"])
        await intents.end(tx, one.id, ["cup"])
        assert {} == await intents.all_open(tx, one.id)

        await brakes.note(tx, one.id, "remove", ["a", "b", "a"], NOON)
        assert ["a", "b"] == await brakes.noted_since(tx, one.id, "remove", NOON - timedelta(hours=1))
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


async def test_the_sync_log_pages_counts_and_knows_the_last_success(database: Database) -> None:
    one, two = await connected(database), await connected(database, "org-2", "def456")
    made = Line(Code.PRODUCT_CREATED, Topic.PRODUCT, subject="cup", params={"name": "Mugg"})
    bad = Line(Code.PRODUCT_REFUSED, Topic.PRODUCT, Severity.ERROR, "vase", params={"name": "Vas", "reason": "x"})
    async with database.transaction() as tx:
        await synclog.add(tx, one.id, [made, bad], NOON)
        await synclog.add(tx, one.id, bad, LATER)
        await synclog.add(tx, two.id, made, LATER)
        newest = await synclog.page(tx, one.id, limit=2)
        older = await synclog.page(tx, one.id, before=newest[-1].id)
        errors = await synclog.count(tx, one.id, synclog.Filter(severities=(Severity.ERROR,)))
        counts = await synclog.counts(tx, one.id, NOON)
        success = await synclog.last_success(tx, one.id)

    assert ([bad, bad], [made]) == ([logged.line for logged in newest], [logged.line for logged in older])
    assert (2, 2) == (errors, counts[Topic.PRODUCT, Severity.ERROR])
    assert synclog.Success(NOON, None) == success


# ---- Browsers --------------------------------------------------------------------------------------------------------


async def test_a_sign_in_ends_once_in_the_browser_that_began_it_and_in_time(database: Database) -> None:
    async with database.transaction() as tx:
        for state in ("good", "stolen", "late"):
            await oauth_states.begin(tx, Platform.ZETTLE, state, "mine", expires_at=LATER, payload={"to": "/apps"})

        ends = [
            await oauth_states.take(tx, Platform.ZETTLE, "good", "mine", NOON),
            await oauth_states.take(tx, Platform.ZETTLE, "good", "mine", NOON),
            await oauth_states.take(tx, Platform.ZETTLE, "stolen", "another", NOON),
            await oauth_states.take(tx, Platform.ZETTLE, "late", "mine", LATER),
            await oauth_states.take(tx, Platform.ZETTLE, "forged", "mine", NOON),
        ]

    assert [{"to": "/apps"}, None, None, None, None] == ends


async def test_a_session_ends_unless_it_is_used(database: Database, clock: MovableClock) -> None:
    sessions = Sessions(database, clock)
    await sessions.set("key", b"data", expires_in=60)
    await sessions.set("other", "text", expires_in=60)

    clock.move(50)
    assert b"data" == await sessions.get("key", renew_for=60)
    assert 60 == await sessions.expires_in("key")
    clock.move(50)

    assert (b"data", None) == (await sessions.get("key"), await sessions.get("other"))
    await sessions.delete("key")
    assert not await sessions.exists("key")


async def test_whatever_belongs_to_a_merchant_goes_with_the_connection(database: Database) -> None:
    one = await connected(database)
    async with database.transaction() as tx:
        await library.upsert_many(tx, one.id, [cup()], NOON)
        await bindings.put(tx, one.id, Synced("cup", 1, variants={"v": 1}), NOON)
        await marks.mark(tx, one.id, Kind.PRODUCT, "cup", NOON)
        await tokens.put(tx, one.id, Platform.ZETTLE, Token("a", NOON))
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
        await bindings.put_many(tx, one.id, [Synced(u, ord(u)) for u in "abc"], NOON)

        assert [(Decimal(25), 2), (Decimal(12), 1)] == await library.by_vat(tx, one.id)
