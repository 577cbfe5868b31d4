"""How a shelf is born, adopted, remade, split from the other, joined to it, stopped and started again."""

from dataclasses import dataclass, replace
from datetime import datetime

from brygga.core.stock.accounts import LONGEST
from brygga.core.stock.ledger import (
    TICK,
    Apart,
    Change,
    Flight,
    Fresh,
    Gap,
    Kind,
    Ledger,
    Level,
    Look,
    Shelf,
    Side,
    Stopped,
    Timing,
)
from brygga.core.stock.sending import LIMITS


def opened(look: Look, *, apart: bool = False) -> Ledger:
    """A variant whose Zettle level was read for the first time; the shop does not have it yet.

    `apart`: its product has separate stock, so it has too (rule S5). All of it is at the till; nobody gave the shop any.
    """
    till = Shelf(known=look.level, seen=look.begun, settled=look.begun)
    return Ledger(zettle=till, shop=Shelf(known=0, asleep=True), separate=True) if apart else Ledger(zettle=till)


def first_level(ledger: Ledger) -> int | None:
    """The level to put into the request that creates a variant: the promised number, saved before the request leaves.

    Zettle may be below zero; the shop starts at 0 then (decision 7). None where there is no number to promise: unknown never writes.
    """
    own = ledger.shop.promised if ledger.separate else None
    promised = own if own is not None else ledger.zettle.promised
    return None if promised is None else min(max(0, promised), LIMITS[Side.SHOP].highest)


def born(ledger: Ledger, level: int, variant_id: int, at: datetime) -> Ledger:
    """The variant exists, with the level that it was created with. What was sold meanwhile is owed, and so are units missing below zero.

    An earlier incarnation closes. What was in flight to it is in the promise already, whether it landed or not.
    """
    own = ledger.shop.promised if ledger.separate else None
    promised = own if own is not None else ledger.zettle.promised
    closed = _closing(ledger.shop, variant_id)
    if promised is None:
        return ledger.put(Side.SHOP, Shelf(known=ledger.zettle.known, variant_id=variant_id, closed=closed))
    # A young level may read as 0 or not at all for a lag: the whole level is a rise that a read may miss.
    recent = (Change(at, level),)
    shelf = Shelf(level, promised - level, None, 0, recent, touched=at, wrote=at, variant_id=variant_id, closed=closed)
    return ledger.put(Side.SHOP, shelf)


def reset(ledger: Ledger, call: str, at: datetime, base: int, clock: Apart | None = None) -> Ledger:
    """The promised number as an absolute level, for a shelf on which BigCommerce knows none (bigcommerce facts 5.2) or whose
    tracking was just switched on (rule S7). `base` is the level that shows until it lands."""
    level = first_level(ledger)
    assert level is not None, "unknown never writes"
    promised = ledger.shop.promised if ledger.separate else ledger.zettle.promised
    assert promised is not None
    wrote, hinted = ledger.shop.wrote, ledger.shop.hinted
    numbered = isinstance(ledger.shop.known, int)
    flight = Flight(call, level, at, Kind.RESET, base, clock, prior=wrote, hinted=hinted, unborn=not numbered)
    fresh = None if numbered else ledger.shop.fresh
    shelf = replace(ledger.shop, known=Gap.UNBORN, owed=promised - level, flight=flight, fresh=fresh)
    return ledger.put(Side.SHOP, shelf)


def _closing(shelf: Shelf, successor: int | None = None) -> tuple[int, ...]:
    if shelf.variant_id is None or shelf.variant_id == successor:
        return shelf.closed
    return (*shelf.closed, shelf.variant_id)


def adopted(ledger: Ledger, variant_id: int, look: Look) -> Ledger:
    """A variant that was in the shop already, with a level: a linked product, or one kept from before (rules P11, D4).

    Zettle is where stock is true when two histories meet, so the shop gets the difference, as a change. With separate stock the
    shop's own number counts (S5): what is there, if this variant lived on while we were not looking or was the merchant's before; what
    it was promised, if it is another one, that took the place of ours when the product changed its shape.
    """
    own = None
    if ledger.separate:
        before = _closing(ledger.shop)
        stayed = not before or variant_id in before
        own = look.level if stayed and isinstance(look.level, int) else ledger.shop.promised
    promised = ledger.zettle.promised if own is None else own
    untracked = ledger.zettle.known is Gap.UNTRACKED
    level: Level = look.level if promised is not None else Gap.UNTRACKED if untracked else Gap.UNKNOWN
    owed = promised - level if promised is not None and isinstance(level, int) else 0
    shelf = Shelf(
        known=level,
        owed=owed,
        floor=look.floor,
        seen=look.begun,
        settled=look.begun,
        variant_id=variant_id,
        closed=_closing(ledger.shop, variant_id),
    )
    return replace(ledger, shop=shelf, separate=own is not None)


def remade(ledger: Ledger) -> Ledger:
    """The shop's variant is going or gone. Its shelf closes; the promise lives on in Zettle's, and the next one is born with it."""
    shelf = ledger.shop
    closed = _closing(shelf)
    if ledger.separate and shelf.promised is not None:
        return ledger.put(Side.SHOP, Shelf(known=0, owed=shelf.promised, asleep=True, closed=closed))
    return ledger.put(Side.SHOP, Shelf(known=Gap.UNBORN, closed=closed))


def carried(ledger: Ledger) -> Ledger | None:
    """Separate stock of a product that was kept, for the next connection to the same store (D4): each side's number is the one it will
    be found with. None when stock was shared: then Zettle's number counts.
    """
    till = ledger.zettle.promised
    if not ledger.separate or till is None or ledger.shop.promised is None:
        return None
    return replace(remade(ledger), zettle=Shelf(known=till))


def ended(ledger: Ledger) -> Ledger:
    """Zettle has no such variant any more: nothing is promised for it, and neither side is read or written."""
    return Ledger(Shelf(known=Gap.UNTRACKED), Shelf(known=Gap.UNBORN, closed=_closing(ledger.shop)))


def woken(ledger: Ledger, variant_id: int) -> Ledger:
    """The product work has found the shop's variant where the stock work had not."""
    return ledger.put(Side.SHOP, replace(ledger.shop, asleep=False, variant_id=variant_id))


def reset_refused(ledger: Ledger) -> Ledger:
    """An absolute level was refused or did not land: the shelf has what it had, and is owed the rest. One that had no number has none, and
    waits for it: what the store shows from before is not of ours."""
    shelf = ledger.shop
    flight = shelf.flight
    assert flight is not None, "nothing was in flight"
    assert flight.is_absolute, "a change is taken back by `refused`"
    if flight.unborn and not ledger.separate:
        return ledger.put(Side.SHOP, replace(shelf, owed=0, flight=None))
    promised = shelf.promised
    assert promised is not None
    base = flight.base or 0
    return ledger.put(Side.SHOP, replace(shelf, known=base, owed=promised - base, flight=None))


def reset_undone(ledger: Ledger, level: int, ordered: int) -> Ledger:
    """An absolute level never took effect, and the shelf still shows its old number, `level`: the rest is owed as a change.

    `ordered` was bought there since it was promised: no write covered that, so both sides promise it less.
    """
    promised = ledger.shop.promised
    assert promised is not None
    shop = replace(ledger.shop, known=level, owed=promised + ordered - level, flight=None, fresh=None)
    till = ledger.zettle
    alone = ledger.separate or till.promised is None
    return ledger.put(Side.SHOP, shop, till if alone else replace(till, owed=till.owed + ordered))


def awaits_level(ledger: Ledger) -> bool:
    """Tracking is on, and the shop's first level is still to be written."""
    shop = ledger.shop
    return ledger.is_tracked and shop.known is Gap.UNBORN and shop.flight is None and shop.fresh is not None


def split(ledger: Ledger, till: int, shop: int) -> Ledger | None:
    """Separate stock (rule S5): each side is owed what brings it to its own number; from then on neither moves the other.

    None when a side has no number to part from: the product is not tracked, or not in the shop.
    """
    if ledger.zettle.promised is None or ledger.shop.promised is None:
        return None

    def toward(shelf: Shelf, target: int) -> Shelf:
        assert shelf.promised is not None
        return replace(shelf, owed=shelf.owed + target - shelf.promised, fresh=None)

    return Ledger(zettle=toward(ledger.zettle, till), shop=toward(ledger.shop, shop), separate=True)


def joined(ledger: Ledger) -> Ledger:
    """Shared again (rule S6): the two numbers are added, so that no unit is lost (decision 4). Each side is owed what the other has."""
    if not ledger.separate:
        return ledger
    till, shop = ledger.zettle.promised, ledger.shop.promised
    if till is None or shop is None:
        return replace(ledger, separate=False)
    return Ledger(
        zettle=replace(ledger.zettle, owed=ledger.zettle.owed + shop),
        shop=replace(ledger.shop, owed=ledger.shop.owed + till),
    )


def stopped(ledger: Ledger) -> Ledger:
    """Tracking was switched off in Zettle (rule S7, decision 2): nothing is owed and nothing is written; the shop keeps its number.

    It ends separate stock too: switched on again, Zettle's balance is what counts. What was told of the shop stays: tracking may be on
    again already, since before some of it (`bought_since`). What Zettle was still owed of shared stock is remembered (`still_owed`).
    """
    till = ledger.zettle
    was = till.stopped
    if isinstance(till.known, int):
        was = None if ledger.separate else Stopped(till.known, till.owed, till.flight, till.seen)
    last = ledger.shop
    shop = Shelf(Gap.UNTRACKED, variant_id=last.variant_id, closed=last.closed)
    shop = replace(shop, tale=last.tale, signed=last.signed)
    unborn = replace(shop, known=Gap.UNBORN)
    return Ledger(zettle=Shelf(known=Gap.UNTRACKED, stopped=was), shop=shop if shop.variant_id is not None else unborn)


def restarted(
    ledger: Ledger, look: Look, bought: int = 0, since: datetime | None = None, *, told: bool = True
) -> Ledger:
    """Tracking was switched on in Zettle: its balance counts, and the shop's shelf waits for it as an absolute level (`reset`).

    The shop's number from before gives way, and with it what was `bought` there since then: both sides promise it less, and the till is
    owed it. What is told of only later is not forgotten: `since`, by BigCommerce's clock, begins that (`fresh`). Where nobody
    has `told` of the switch yet, `bought` lacks what was ordered since it, and what is known of that is kept (`moves.started_earlier`).
    """
    ordered = look.begun if bought else None
    last = ledger.shop
    shop = Shelf(Gap.UNBORN, ordered=ordered, signed=last.signed, variant_id=last.variant_id, closed=last.closed)
    off = None if ledger.zettle.stopped is None else ledger.zettle.stopped.seen
    aside = () if told else tuple(one for one in last.tale if one.by_order and not one.again)
    shop = replace(shop, fresh=None if since is None else Fresh(since, off, aside=aside))
    return Ledger(zettle=Shelf(known=look.level, owed=bought, seen=look.begun, settled=look.begun), shop=shop)


@dataclass(frozen=True, slots=True)
class Owed:
    """What Zettle's number still lacks from before tracking was switched off."""

    change: int = 0
    lost: bool = False
    """The write that was in the air then never arrived, and is in `change`."""
    unknown: int = 0
    """What it was owed, where nobody can know whether its number lacks that."""


def still_owed(till: Shelf, look: Look, timing: Timing, *, echoed: bool) -> Owed:
    """Tracking is on again, and Zettle's old number is back, with or without the write that was in the air (`echoed`: it surely landed).

    Any other number is one that somebody counted or sold from, and nobody knows which: units below zero that were missing (decision 7) are
    then forgotten, and the rest is `unknown`. A level alone does not prove that a write landed: its echo is waited for, as after any stop
    (`ledgers.forget_writes`).
    """
    was = till.stopped
    if was is None or not isinstance(look.level, int):
        return Owed()
    moved, flight = look.level - was.level, was.flight
    if moved == (0 if flight is None else flight.quantity):
        return Owed(was.owed)
    if flight is not None and moved == 0 and not echoed and look.begun >= flight.sent + timing.grace:
        return Owed(was.owed + flight.quantity, lost=True)
    return Owed(unknown=max(was.owed, min(0, -was.level)))


@dataclass(frozen=True, slots=True)
class Bought:
    """What orders took from the shop; `sure` where everything told of them says how much."""

    change: int = 0
    sure: bool = True


def bought_since(shelf: Shelf, start: datetime) -> Bought:
    """By what was told of the shop's shelf since a moment by its own clock, while it had no number.

    What was taken in the very second counts, and what was put back in it does not: that promises the lower number.
    """
    told = [one for one in shelf.tale if one.by_order and not one.again and one.at + TICK > start]
    values = [(one, one.value) for one in told if one.relative and one.value is not None]
    taken = [value for _, value in values if value < 0]
    returned = [value for one, value in values if value > 0 and one.at >= start]
    are_changes = shelf.signed or any(one.is_signed for one in shelf.tale)
    forgotten = len(shelf.tale) >= LONGEST and shelf.tale[0].at + TICK > start
    sure = len(values) == len(told) and (are_changes or not returned) and not forgotten
    return Bought(sum(taken) + (sum(returned) if are_changes else 0), sure)
