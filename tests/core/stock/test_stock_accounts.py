"""What the platforms told, held against the level that was read: which stories lead there (rules S2, S3, S4)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from brygga.core.stock import (
    Apart,
    Flight,
    Gap,
    Hint,
    Kind,
    Ledger,
    Look,
    Shelf,
    Side,
    Timing,
    Told,
    Verdict,
    hinted,
    reconsidered,
    settle,
)
from brygga.core.stock.accounts import Account, account

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TIMING = Timing()


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def flight(quantity: int = -3, *, lost: float | None = 0.2, base: int = 10) -> Flight:
    """It left at noon, from a level that was read just before."""
    return Flight("call", quantity, NOON, base=base, lost=None if lost is None else at(lost), seen=at(-0.2))


def edit(second: int, level: int) -> Told:
    return Told(at(second), level)


def order(second: int, change: int) -> Told:
    return Told(at(second), change, relative=True, by_order=True)


def of(level: int, *tale: Told, write: Flight | None = None, side: Side = Side.SHOP) -> Account | None:
    return account(side, write or flight(), tale, Look(level, at(60)), TIMING)


OURS, NOT_OURS = (
    Account(told=True, without=True, silent=True, linked=True),
    Account(told=False, without=True, silent=False),
)
"""An edit sets a level, so it may have covered a write that nobody told of."""
EITHER = Account(told=False, without=True, silent=True)
UNKNOWN = Account(told=False, without=False, silent=False)
SILENT = Account(told=False, without=False, silent=True)


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


@pytest.mark.rule("S2", "S3")
def test_a_level_that_stands_where_it_stood_was_not_seen_to_move() -> None:
    """An order and our write can make that, and so can neither: what is told of the time before does not say which (day 6066)."""
    before = (order(-1, 3), edit(-1, 13))
    seen = [
        settle(open_write(*tale, since=30), Side.SHOP, Look(level, at(31)), None, TIMING).ledger.shop.flight
        for level, tale in ((10, before), (7, ()))
    ]

    assert [False, True] == [one.shown for one in seen if one is not None]


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


def reset(*tale: Told, first: int) -> Ledger:
    """Tracking was switched on: the shop was to be set to 7, and gave no answer. A first look showed another level or that one."""
    seen = Look(first, at(11))
    write = Flight("call", 7, NOON, Kind.RESET, base=0, lost=at(0.2), first=seen, since=seen.begun)
    return Ledger(Shelf(known=7), Shelf(Gap.UNBORN, flight=write, tale=tale, heard=at(5)))


@pytest.mark.rule("S7")
@pytest.mark.parametrize(
    ("level", "tale", "verdict", "promised", "owed"),
    [
        pytest.param(7, [], Verdict.LANDED, 7, 0, id="as it was set"),
        pytest.param(5, [order(3, -2)], Verdict.LANDED, 5, 0, id="set, and an order since"),
        pytest.param(12, [], Verdict.NOT_LANDED, 7, -5, id="its old number"),
        pytest.param(9, [order(3, -3)], Verdict.NOT_LANDED, 4, -5, id="its old number, less an order since"),
        pytest.param(9, [edit(5, 9)], Verdict.LANDED, 9, 0, id="set, and edited since"),
    ],
)
def test_a_level_that_was_set_and_not_answered_is_known_after_two_looks(
    level: int, tale: list[Told], verdict: Verdict, promised: int, owed: int
) -> None:
    """Nobody has to be asked, and what was bought meanwhile is not lost."""
    done = settle(reset(*tale, first=level), Side.SHOP, Look(level, at(30)), None, TIMING)

    assert verdict is done.verdict
    assert (promised, promised) == (done.ledger.zettle.promised, done.ledger.shop.promised)
    assert (level, owed) == (done.ledger.shop.known, done.ledger.shop.owed)
    assert promised - 7 == done.change


def open_write(*tale: Told, since: float | None = None) -> Ledger:
    """Both sides promise 7; the shop's write of -3 is open. Zettle told of nothing."""
    written = replace(flight(), since=None if since is None else at(since))
    return Ledger(Shelf(known=7), Shelf(known=10, flight=written, tale=tale, heard=at(30), seen=at(-0.2)))


@pytest.mark.rule("S2")
@pytest.mark.parametrize(("peers", "verdict"), [((), Verdict.LANDED), ((NOT_OURS,), Verdict.WAITING)])
def test_what_looks_like_ours_is_not_where_the_call_did_not_arrive(
    peers: tuple[Account, ...], verdict: Verdict
) -> None:
    ledger = open_write(edit(0, 7))

    assert verdict is settle(ledger, Side.SHOP, Look(7, at(60)), None, TIMING, peers).verdict


@pytest.mark.rule("S2")
@pytest.mark.parametrize(
    ("level", "peers", "verdict"),
    [
        pytest.param(7, (), Verdict.ASSUMED_LOST, id="alone"),
        pytest.param(7, (SILENT,), Verdict.LANDED, id="the same"),
        pytest.param(7, (UNKNOWN,), Verdict.ASSUMED_LOST, id="nothing"),
        pytest.param(6, (OURS,), Verdict.LANDED, id="told of"),
        pytest.param(6, (SILENT,), Verdict.ASSUMED_LOST, id="the same, but this one shows another level"),
    ],
)
def test_what_only_it_explains_is_believed_when_the_call_s_other_parts_say_the_same(
    level: int, peers: tuple[Account, ...], verdict: Verdict
) -> None:
    """Another app's change of the same size, of which nobody told, looks the same: alone it proves nothing."""
    ledger = open_write(since=30)

    assert verdict is settle(ledger, Side.SHOP, Look(level, at(200)), None, TIMING, peers).verdict


@pytest.mark.rule("S2")
@pytest.mark.parametrize(
    ("quantity", "verdict"), [(-3, Verdict.ASSUMED_LOST), (-4, Verdict.LANDED), (6, Verdict.LANDED)]
)
def test_a_change_of_more_than_a_few_units_is_ours_where_the_level_moved_by_just_that(
    quantity: int, verdict: Verdict
) -> None:
    """Without a word of it: the platform may have deleted our subscription."""
    written = replace(flight(quantity), since=at(30))
    ledger = Ledger(Shelf(known=10 + quantity), Shelf(known=10, flight=written, heard=None, seen=at(-0.2)))

    assert verdict is settle(ledger, Side.SHOP, Look(10 + quantity, at(200)), None, TIMING).verdict


@pytest.mark.rule("S2", "S3")
@pytest.mark.parametrize(
    ("level", "tale", "over", "heard", "landed"),
    [
        pytest.param(7, [edit(0, 7)], False, True, True, id="its hook came late"),
        pytest.param(7, [order(20, -3)], False, True, False, id="an order's hook came late"),
        pytest.param(5, [edit(30, 5)], False, True, None, id="it may still be told of"),
        pytest.param(5, [edit(30, 5)], True, True, False, id="it had its time to be told of"),
        pytest.param(7, [], True, True, True, id="only its own hook can have been lost"),
        pytest.param(10, [order(-1, 3), edit(-1, 13)], True, True, None, id="or two, where the level has not moved"),
        pytest.param(7, [], True, False, None, id="no hook came at all"),
        pytest.param(5, [order(20, -1)], True, True, None, id="something was never told of"),
    ],
)
def test_what_was_told_late_decides_a_doubt(
    level: int, tale: list[Told], over: bool, heard: bool, landed: bool | None
) -> None:
    doubted = replace(flight(), tale=tuple(tale), closing=Look(level, at(60)))
    ledger = Ledger(Shelf(known=7), Shelf(known=7, heard=at(100) if heard else None))

    assert landed is reconsidered(ledger, Side.SHOP, doubted, TIMING, over=over)


@pytest.mark.rule("S2", "S3")
@pytest.mark.parametrize(
    ("closing", "tale", "landed"),
    [
        pytest.param(7, [], True, id="nobody else did that in those seconds"),
        pytest.param(5, [], True, id="and something since was never told of"),
        pytest.param(7, [Told(at(1), -3, relative=True)], False, id="somebody did, and it is told of late"),
    ],
)
@pytest.mark.parametrize("side", Side)
def test_what_was_shown_at_once_is_believed_in_the_end(
    side: Side, closing: int, tale: list[Told], landed: bool
) -> None:
    """A level that moved by just this, within seconds, is ours, though its event is lost."""
    ledger = Ledger().put(side, Shelf(known=10, flight=flight(), seen=at(-0.2)), Shelf(known=7))
    first = settle(ledger, side, Look(7, at(1)), None, TIMING)
    shown = first.ledger[side].flight
    assert shown is not None
    assert first.verdict is Verdict.WAITING
    doubted = replace(shown, tale=tuple(tale), closing=Look(closing, at(150)))

    assert landed is reconsidered(ledger, side, doubted, TIMING, over=True)
    assert (None if landed else False) is reconsidered(ledger, side, doubted, TIMING, over=False)


@pytest.mark.rule("S2", "S3")
@pytest.mark.parametrize(("shown", "verdict"), [(True, Verdict.ASSUMED_LOST), (False, Verdict.NOT_LANDED)])
def test_what_was_shown_at_once_is_not_given_up_for_other_events(shown: bool, verdict: Verdict) -> None:
    """Two sales since, of which one was never told of: the lower number is promised until the event had its time."""
    written = replace(flight(), shown=shown, others=1, since=at(30))
    tale = (Told(at(20), 2, relative=True),)
    shelf = Shelf(known=8, flight=written, seen=at(30), heard=at(21), tale=tale)

    assert verdict is settle(Ledger(shelf, Shelf(known=5)), Side.ZETTLE, Look(8, at(160)), None, TIMING).verdict


@pytest.mark.rule("S2", "S3")
@pytest.mark.parametrize("side", Side)
def test_a_level_that_is_seen_late_proves_nothing(side: Side) -> None:
    """By then somebody else may have done as much, of whom nobody told either."""
    ledger = Ledger().put(side, Shelf(known=10, flight=flight(), seen=at(-0.2)), Shelf(known=7))
    seen = settle(ledger, side, Look(7, at(46)), None, TIMING).ledger[side].flight
    assert seen is not None

    assert reconsidered(ledger, side, replace(seen, closing=Look(7, at(150))), TIMING, over=True) is None


@pytest.mark.rule("S2", "S3")
def test_a_part_of_a_call_is_believed_where_another_part_was_shown() -> None:
    """A call is all or nothing."""
    closing = Look(5, at(150))
    unexplained, shown = replace(flight(), closing=closing), replace(flight(), shown=True, closing=closing)
    ledger = Ledger(Shelf(known=7), Shelf(known=7))

    assert reconsidered(ledger, Side.ZETTLE, unexplained, TIMING, over=True) is None
    assert reconsidered(ledger, Side.ZETTLE, unexplained, TIMING, over=True, peers=[shown]) is True


@pytest.mark.rule("S2", "S3")
def test_a_level_that_was_set_just_as_we_wrote_is_not_held_to_explain_everything_at_once() -> None:
    """Likelier it is our write, and somebody's orders before it are told of late."""
    written = replace(flight(lost=0.2), tells=1, others=1, since=at(30))
    ledger = Ledger(Shelf(known=7), Shelf(known=10, flight=written, heard=at(25), seen=at(-0.2), tale=(edit(0, 5),)))
    early = settle(ledger, Side.SHOP, Look(5, at(60)), None, TIMING)
    told = early.ledger.put(Side.SHOP, replace(early.ledger.shop, tale=(order(0, -2), edit(0, 5))))

    assert early.verdict is Verdict.WAITING
    assert settle(told, Side.SHOP, Look(5, at(70)), None, TIMING).verdict is Verdict.LANDED
    assert settle(early.ledger, Side.SHOP, Look(5, at(160)), None, TIMING).verdict is Verdict.NOT_LANDED


@pytest.mark.rule("S2", "S4")
@pytest.mark.parametrize(
    ("late", "over", "landed"),
    [
        pytest.param(order(30, 4), True, False, id="what was missing comes, and leads there without it"),
        pytest.param(order(30, 3), False, None, id="something else comes"),
        pytest.param(order(30, 3), True, True, id="the rest never comes"),
    ],
)
def test_what_times_alone_have_decided_stays_open_to_what_comes_late(
    late: Told, over: bool, landed: bool | None
) -> None:
    """Somebody set the level just when we wrote a rise, and something is not told of: the lower number is promised, and nobody asked."""
    written = replace(flight(2), tells=1, others=1, since=at(30))
    ledger = Ledger(Shelf(known=12), Shelf(known=10, flight=written, heard=at(25), seen=at(-0.2), tale=(edit(0, 7),)))
    done = settle(ledger, Side.SHOP, Look(11, at(160)), None, TIMING)
    doubted = replace(written, tale=(edit(0, 7), late), closing=Look(11, at(160)))

    assert done.verdict is Verdict.ASSUMED_LANDED
    assert landed is reconsidered(done.ledger, Side.SHOP, doubted, TIMING, over=over)


@pytest.mark.rule("S2", "S4")
@pytest.mark.parametrize(
    ("set_to", "verdict"),
    [
        pytest.param(7, Verdict.LANDED, id="by just our size"),
        pytest.param(12, Verdict.ASSUMED_LOST, id="by another, as far as is told"),
    ],
)
def test_an_edit_that_does_not_fit_is_not_taken_for_a_fall_of_ours(set_to: int, verdict: Verdict) -> None:
    """Something since is not told of yet: the lower number is promised until it is."""
    written = replace(flight(), tells=1, others=1, since=at(30))
    tale = (edit(0, set_to), order(20, -1))
    ledger = Ledger(Shelf(known=7), Shelf(known=10, flight=written, heard=at(25), seen=at(-0.2), tale=tale))

    assert verdict is settle(ledger, Side.SHOP, Look(15, at(160)), None, TIMING).verdict
