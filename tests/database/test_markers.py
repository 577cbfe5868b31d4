"""The marker's memory: a slot is held by one call at a time, and shows the count that it was given
back with (decision 16)."""

import asyncio
import contextlib
from datetime import timedelta

import sqlalchemy as sa

from brygga.core.stock import Slot
from brygga.database import markers
from brygga.database.engine import Database
from tests.conftest import NOON, SEALER
from tests.database.merchants import connected

EIGHT = [Slot(100 + place, 5) for place in range(8)]


async def _made(database: Database, organization: str = "org-1", store_hash: str = "abc123") -> int:
    connection_id = (await connected(database, organization, store_hash)).id
    async with database.transaction() as tx:
        await markers.begin(tx, connection_id, NOON)
        await markers.save(tx, connection_id, 9, EIGHT, NOON)
    return connection_id


async def test_a_call_takes_a_slot_and_gives_it_back_counted(database: Database) -> None:
    connection_id = await _made(database)
    async with database.transaction() as tx:
        slot = await markers.take(tx, connection_id, "call", NOON)
        assert slot is not None
        while_open = await markers.held(tx, connection_id)
        await markers.give_back(tx, connection_id, "call", slot.count + 1)
        afterwards = await markers.held(tx, connection_id)
        counts = [one.slot.count for one in await markers.free(tx, connection_id)]

    assert ({"call": EIGHT[0]}, {}) == (while_open, afterwards)
    assert [6, 5, 5, 5, 5, 5, 5, 5] == counts


async def test_no_two_calls_hold_one_slot_also_at_once(database: Database) -> None:
    """Transactions that overlap take different slots, and the ninth call gets none."""
    connection_id = await _made(database)
    many = Database.at(database.url, SEALER, 9)
    all_have, taken = asyncio.Event(), []

    async def take(call: str) -> None:
        async with many.transaction() as tx:
            taken.append(await markers.take(tx, connection_id, call, NOON))
            if len(taken) == 9:
                all_have.set()
            await asyncio.wait_for(all_have.wait(), 10)

    await asyncio.gather(*(take(f"call-{number}") for number in range(9)))
    await many.close()
    async with database.read() as tx:
        held = await markers.held(tx, connection_id)
        exists = await markers.exists(tx, connection_id, NOON)

    assert 8 == len(held) == len({slot.variant_id for slot in held.values()})
    assert (1, True) == (taken.count(None), exists)


async def test_what_rolls_back_holds_no_slot(database: Database) -> None:
    connection_id = await _made(database)
    with contextlib.suppress(ZeroDivisionError):
        async with database.transaction() as tx:
            await markers.take(tx, connection_id, "call", NOON)
            _ = 1 // 0
    async with database.read() as tx:
        assert {} == await markers.held(tx, connection_id)


async def test_the_slot_used_longest_ago_is_taken_first(database: Database) -> None:
    connection_id = await _made(database)
    used: list[int] = []
    for second in range(1, 10):
        now = NOON + timedelta(seconds=second)
        async with database.transaction() as tx:
            slot = await markers.take(tx, connection_id, "call", now)
            assert slot is not None
            await markers.give_back(tx, connection_id, "call", slot.count + 1, now)
        used.append(slot.variant_id)

    assert [*(slot.variant_id for slot in EIGHT), EIGHT[0].variant_id] == used


async def test_a_call_that_holds_none_gives_nothing_back(database: Database) -> None:
    connection_id = await _made(database)
    async with database.transaction() as tx:
        await markers.give_back(tx, connection_id, "unknown", 77)
        assert {5} == {one.slot.count for one in await markers.free(tx, connection_id)}


async def test_a_call_waits_only_for_a_marker_that_is_coming(database: Database) -> None:
    connection_id = (await connected(database)).id
    seen = []
    async with database.transaction() as tx:
        for step in (
            None,
            markers.want(tx, connection_id, NOON),
            markers.begin(tx, connection_id, NOON),
            markers.fail(tx, connection_id, "product_refused"),
        ):
            if step is not None:
                await step
            seen.append(
                (
                    await markers.take(tx, connection_id, "call", NOON),
                    await markers.exists(tx, connection_id, NOON),
                )
            )
        found = await markers.find(tx, connection_id)

    assert [(None, False), (None, True), (None, True), (None, False)] == seen
    assert markers.Marker(None, None, None, "product_refused") == found


async def test_a_marker_that_does_not_come_holds_no_call_up(database: Database) -> None:
    """Ten minutes after it was wanted; trying again and again does not begin them anew."""
    connection_id = (await connected(database)).id
    later = NOON + timedelta(minutes=9), NOON + timedelta(minutes=11)
    async with database.transaction() as tx:
        await markers.want(tx, connection_id, NOON)
        await markers.begin(tx, connection_id, NOON + timedelta(minutes=8))

        assert [True, False] == [await markers.exists(tx, connection_id, now) for now in later]


async def test_slots_of_one_store_are_not_another_ones(database: Database) -> None:
    one, other = await _made(database), await _made(database, "org-2", "def456")
    async with database.transaction() as tx:
        await markers.take(tx, one, "call", NOON)
        await markers.give_back(tx, other, "call", 77)
        await markers.forget(tx, other)

        assert {"call": EIGHT[0]} == await markers.held(tx, one)
        assert (True, False) == (
            await markers.is_marker(tx, one, 9),
            await markers.is_marker(tx, other, 9),
        )
        assert {} == await markers.held(tx, other)


async def test_a_slot_whose_write_is_not_open_is_an_orphan(database: Database) -> None:
    connection_id = await _made(database)
    pending_write = sa.text("""
        INSERT INTO pending_writes (connection_id, call, variant_uuid, product_uuid, side, state, pending_write,
            at)
        VALUES (:id, :call, 'v', 'p', 'shop', :state, '{}', :now)
    """)  # noqa: E501
    async with database.transaction() as tx:
        for call in ("open", "lost", "none"):
            await markers.take(tx, connection_id, call, NOON)
        for call in ("open", "lost"):
            await tx.run(
                pending_write, {"id": connection_id, "call": call, "state": call, "now": NOON}
            )
        found = await markers.orphans(tx, connection_id, NOON + timedelta(seconds=1))
        too_young = await markers.orphans(tx, connection_id, NOON)

    assert ["lost", "none"] == [one.call for one in found]
    assert [] == list(too_young)


async def test_only_a_free_slot_is_recounted(database: Database) -> None:
    connection_id = await _made(database)
    async with database.transaction() as tx:
        await markers.take(tx, connection_id, "call", NOON)
        changed = [await markers.recount(tx, connection_id, slot, 40) for slot in EIGHT[:2]]
        again = await markers.recount(tx, connection_id, EIGHT[1], 50)
        counts = [one.slot.count for one in await markers.free(tx, connection_id)]

    assert ([False, True], False) == (changed, again)
    assert [40, 5, 5, 5, 5, 5, 5] == counts


async def test_made_again_it_has_new_slots_and_none_is_held(database: Database) -> None:
    connection_id = await _made(database)
    async with database.transaction() as tx:
        await markers.take(tx, connection_id, "call", NOON)
        await markers.begin(tx, connection_id, NOON)
        begun = (
            await markers.find(tx, connection_id),
            await markers.take(tx, connection_id, "other", NOON),
        )
        await markers.save(
            tx, connection_id, 10, [Slot(200 + place, 1) for place in range(8)], NOON
        )

        assert (markers.Marker(9, NOON, NOON), None) == begun
        assert markers.Marker(10, None, NOON) == await markers.find(tx, connection_id)
        assert ({}, 8) == (
            await markers.held(tx, connection_id),
            len(await markers.free(tx, connection_id)),
        )


async def test_the_same_product_found_again_keeps_what_calls_hold(database: Database) -> None:
    connection_id = await _made(database)
    async with database.transaction() as tx:
        await markers.take(tx, connection_id, "call", NOON)
        await markers.begin(tx, connection_id, NOON)
        await markers.save(
            tx, connection_id, 9, [Slot(slot.variant_id, 77) for slot in EIGHT], NOON
        )

        assert {"call": EIGHT[0]} == await markers.held(tx, connection_id)
        assert [5] * 7 == [one.slot.count for one in await markers.free(tx, connection_id)]


async def test_slots_that_are_gone_are_dropped(database: Database) -> None:
    connection_id = await _made(database)
    async with database.transaction() as tx:
        await markers.take(tx, connection_id, "call", NOON)
        gone = await markers.drop(tx, connection_id, [100, 107, 999])

        assert (2, {}) == (gone, await markers.held(tx, connection_id))
        assert 6 == len(await markers.free(tx, connection_id))
