"""What becomes of a write that was never answered: decided by looks and by what is told, or kept in doubt (rules S2, S3, S4, S7)."""

from dataclasses import replace

import pytest

from brygga.core.stock import Flight, Gap, Kind, Ledger, Look, Shelf, Side, Told, Verdict, reconsidered, settle
from brygga.core.stock.accounts import Account
from tests.core.stock.tales import NOON, NOT_OURS, OURS, SILENT, TIMING, UNKNOWN, at, edit, flight, order


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
