"""What the platforms told, held against the level that was read: which stories lead there (rules S2, S3, S4)."""

from dataclasses import replace

import pytest

from brygga.core.stock import Apart, Flight, Hint, Kind, Ledger, Look, Shelf, Side, Timing, Told, hinted
from brygga.core.stock.accounts import Account, account
from tests.core.stock.tales import EITHER, NOON, NOT_OURS, OURS, SILENT, TIMING, UNKNOWN, at, edit, flight, of, order


@pytest.mark.rule("S2", "S3", "S4")
@pytest.mark.parametrize(
    ("level", "tale", "found"),
    [
        pytest.param(7, [edit(0, 7)], OURS, id="its own hook"),
        pytest.param(6, [edit(0, 7), order(20, -1)], OURS, id="its own hook and an order since"),
        pytest.param(6, [order(0, -1), edit(0, 6)], OURS, id="an order and its own hook in one second"),
        pytest.param(8, [edit(0, 8)], EITHER, id="somebody else's edit in its very second"),
        pytest.param(10, [], NOT_OURS, id="nothing was told and nothing has changed"),
        pytest.param(7, [], SILENT, id="as after it, and nobody told"),
        pytest.param(7, [order(20, -3)], NOT_OURS, id="an order of the same size"),
        pytest.param(4, [order(20, -3)], SILENT, id="an order of the same size, and the write too"),
        pytest.param(5, [edit(30, 5)], EITHER, id="an edit since, that may have covered it"),
        pytest.param(5, [order(20, -1)], UNKNOWN, id="something has not been told of yet"),
        pytest.param(7, [edit(3, 7)], EITHER, id="an edit of the same size after it was known to be lost"),
        pytest.param(7, [edit(-60, 40), edit(0, 7)], OURS, id="a hook of long before that comes late"),
    ],
)
def test_the_stories_that_lead_to_a_level(level: int, tale: list[Told], found: Account) -> None:
    assert found == of(level, *tale)


@pytest.mark.rule("S4")
def test_an_edit_of_its_size_while_it_was_out_may_be_it_or_not() -> None:
    """A request that timed out may have taken effect at any time, and nearly always did at once."""
    found = of(7, edit(20, 7), write=flight(lost=45))

    assert found == Account(told=False, without=True, silent=True, late=True)
    assert found is not None
    assert not found.denies


@pytest.mark.rule("S2", "S4")
@pytest.mark.parametrize(
    ("left", "second", "found"),
    [
        pytest.param(0.1, 1, Account(told=True, without=True, silent=True, linked=True), id="just after it left"),
        pytest.param(0.1, 8, Account(told=False, without=True, silent=True, late=True), id="a slow one, or not it"),
        pytest.param(0.1, 20, EITHER, id="nobody is so slow"),
        pytest.param(0.1, 44, EITHER, id="nor at the last moment"),
        pytest.param(40, 41, Account(told=True, without=True, silent=True, linked=True), id="it had to wait to leave"),
        pytest.param(40, 20, EITHER, id="before it left"),
    ],
)
def test_an_edit_of_its_size_is_held_against_the_moment_at_which_a_write_really_left(
    left: float, second: int, found: Account
) -> None:
    """It was promised on disk at noon, and given up after its timeout."""
    write = replace(flight(lost=45), left=at(left))

    assert found == of(7, edit(second, 7), write=write)


@pytest.mark.rule("S4")
def test_what_was_heard_before_a_write_left_is_not_that_write() -> None:
    """Somebody edited the variant in the same second, by as much; its hook was here before our request was gone."""
    before, after = (replace(edit(0, 7), heard=at(seconds)) for seconds in (-0.05, 0.9))

    assert of(7, before) == EITHER
    assert of(7, after) == OURS


@pytest.mark.rule("S4")
def test_what_was_heard_before_a_write_left_and_is_read_only_then_tells_of_another() -> None:
    ledger = Ledger(Shelf(known=7), Shelf(known=10, flight=flight(), seen=at(-0.2)))
    told = [
        hinted(ledger, Side.SHOP, Hint(at(seconds), edited=at(0), told=edit(0, 7)), TIMING).shop.flight
        for seconds in (-0.05, 0.9)
    ]

    assert [(0, 1), (1, 0)] == [(one.tells, one.others) for one in told if one is not None]


@pytest.mark.rule("S4")
@pytest.mark.parametrize("ahead_s", [-30.0, -2.0, 0.0, 2.0, 30.0])
def test_a_machine_whose_clock_is_wrong_knows_its_own_write_by_a_measured_clock(ahead_s: float) -> None:
    """Hooks are timed by BigCommerce. Left alone, our own hook seems to be of before the write left, which would be written again."""
    timing = Timing(shop_clock=Apart(ahead_s, 0.2))
    own, later = Told(at(ahead_s), 7), Told(at(ahead_s + 20), 7)

    assert account(Side.SHOP, flight(), (own,), Look(7, at(60)), timing) == OURS
    assert account(Side.SHOP, flight(), (later,), Look(7, at(60)), timing) == EITHER
    found = hinted(
        Ledger(Shelf(known=7), Shelf(known=10, flight=flight())), Side.SHOP, Hint(at(1), edited=own.at), timing
    )
    assert found.shop.flight is not None
    assert (found.shop.flight.tells, found.shop.flight.maybes) == (1, 0)


@pytest.mark.rule("S4")
def test_a_write_keeps_the_clock_by_which_its_times_were_written() -> None:
    """Another machine takes over, whose own clock is right; the one that wrote was half a minute slow."""
    write = replace(flight(), clock=Apart(30, 0.3))
    look, timing = Look(7, at(90)), Timing(shop_clock=Apart(0, 0.3))

    assert account(Side.SHOP, write, (Told(at(30), 7),), look, timing) == OURS
    early = account(Side.SHOP, write, (Told(at(0), 7),), look, timing)
    assert early is not None
    assert not early.told


@pytest.mark.rule("S4")
def test_clocks_that_were_measured_leave_less_to_chance() -> None:
    """An edit of 0.4 s before the write left, in the second before: with clocks that nobody measured it may be the write."""
    write = replace(flight(), sent=at(0.4), seen=at(0.2))

    assert account(Side.SHOP, write, (edit(-1, 7),), Look(7, at(60)), Timing()) == OURS
    narrow = account(Side.SHOP, write, (edit(-1, 7),), Look(7, at(60)), Timing(shop_clock=Apart(0, 0.3)))
    assert narrow is not None
    assert not narrow.told


@pytest.mark.rule("S3")
def test_zettle_names_our_writes_so_that_an_event_without_a_name_is_not_ours() -> None:
    sold = Told(at(0.1), -3, relative=True)

    assert of(7, sold, side=Side.ZETTLE) == Account(told=False, without=True, silent=True)
    assert of(4, Told(at(5), -3, relative=True), side=Side.ZETTLE) == SILENT


@pytest.mark.rule("S2")
def test_hooks_without_values_or_too_many_at_once_are_no_evidence() -> None:
    assert of(7, Told(at(0), None)) is None
    assert of(7, *[order(1, -units) for units in range(1, 10)]) is None


@pytest.mark.rule("S2")
def test_a_hundred_equal_orders_in_one_second_are_evidence() -> None:
    """A sale that everybody waited for: their order does not matter, so that they are no work to put in order."""
    write = flight(base=200)

    assert of(97, edit(0, 137), *[order(0, -1)] * 100, write=write) == OURS
    assert of(97, *[order(1, -1)] * 100, write=write) == SILENT
    assert of(100, *[order(1, -1)] * 100, write=write) == NOT_OURS


@pytest.mark.rule("S2")
def test_a_value_that_is_a_level_in_every_hook_is_understood() -> None:
    """What `value` means is uncertain: a chain that closes proves its reading (bigcommerce facts 6.3)."""
    sold = Told(at(20), 6, relative=True, by_order=True)

    assert of(6, edit(0, 7), sold) == OURS
    assert of(9, Told(at(20), 9, relative=True, by_order=True)) == EITHER


@pytest.mark.rule("S2")
def test_a_call_is_all_or_nothing() -> None:
    """Where its part changed nothing of a peer, what looks like it here was somebody else's edit."""
    assert NOT_OURS == OURS.beside([NOT_OURS])
    assert OURS == OURS.beside([OURS, EITHER, UNKNOWN])


@pytest.mark.rule("S7")
def test_a_level_that_was_set_needs_no_level_before() -> None:
    reset = Flight("call", 7, NOON, Kind.RESET, base=0, lost=at(0.2))

    assert of(7, edit(0, 7), write=reset) == Account(told=True, without=False, silent=True, linked=True)
    assert of(6, order(20, -1), write=reset) == SILENT
    assert of(0, write=reset) == UNKNOWN


@pytest.mark.rule("S2")
@pytest.mark.parametrize(
    ("level", "found"),
    [
        pytest.param(3, Account(told=True, without=True, silent=True, linked=True), id="two orders and our write"),
        pytest.param(5, Account(told=False, without=False, silent=True), id="the same order told of twice"),
    ],
)
def test_the_same_words_twice_are_two_movements_or_one(level: int, found: Account) -> None:
    """Two orders of as many units in one second bear the same hash; so does a delivery that comes twice (bigcommerce facts 6.2)."""
    first = order(-1, -2)

    assert found == of(level, first, replace(first, again=True), *([edit(0, 3)] if level == 3 else []))
    if level == 3:
        alone = of(level, first, edit(0, 3))
        assert alone is not None
        assert not alone.told
