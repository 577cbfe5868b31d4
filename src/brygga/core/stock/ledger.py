"""Two shelves and their law: while stock is shared, both promise the same number.

    promised = known + owed + in flight

`known` is the level that we have accounted for, `owed` what is still to be written there, `in flight` what was written and not
yet answered. Nothing else is needed to say who must be told what: a shelf that changed by itself owes the change to the other.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

NOW_AND_THEN = timedelta(0)
TICK = timedelta(seconds=1)
CLOSE = 2 * TICK
"""Of two changes so close to each other a hook, which counts whole seconds (bigcommerce facts 6.2), may tell of either."""


FEW = 3
"""So many units may be sold at once without a word that reaches us; that more should go, by exactly what was written, is not believed."""


class Side(StrEnum):
    ZETTLE = "zettle"
    SHOP = "shop"

    @property
    def other(self) -> "Side":
        return Side.SHOP if self is Side.ZETTLE else Side.ZETTLE


class Gap(StrEnum):
    """Why a shelf has no number (decision 3). None of the three is ever written to with a change."""

    UNKNOWN = "unknown"
    """Nobody has said yet. Unknown never writes, not even to the other side."""
    UNTRACKED = "untracked"
    """Inventory tracking is off in Zettle: the product's stock is not ours (rules S1, S7)."""
    UNBORN = "unborn"
    """The variant does not exist in the shop, or its level is on its way as an absolute flight."""


Level = int | Gap


class Kind(StrEnum):
    """How a flight was written."""

    CHANGE = "change"
    """A relative change: it commutes with a sale in the same second."""
    RESET = "reset"
    """An absolute level: only where BigCommerce knows no level yet, or after tracking was switched on."""


@dataclass(frozen=True, slots=True)
class Apart:
    """So far is a platform's clock ahead of ours, and so far may that be wrong, in seconds. By default nobody has measured it."""

    ahead_s: float = 0
    slack_s: float = 0.5

    @property
    def slack(self) -> timedelta:
        return timedelta(seconds=self.slack_s)

    def theirs(self, ours: datetime) -> datetime:
        """A time of ours as the platform's clock showed it."""
        return ours + timedelta(seconds=self.ahead_s)


@dataclass(frozen=True, slots=True)
class Timing:
    """The waiting times of stock, in seconds. `lag_s` is the longest that BigCommerce's reads are taken to trail its writes.

    Zettle documents no lag, so its reads count as true at once; `repeat_s` is the second look after a hint that showed nothing.
    """

    lag_s: float = 10
    repeat_s: float = 2
    hold_s: float = 5
    """So long may our own writes keep a variant's reads ambiguous; then they wait until a look is clear."""
    grace_s: float = 45
    """After so long a request that was sent can no longer take effect: its timeout, and then some."""
    prompt_s: float = 4
    """A write that takes effect at all does so within this time, or so it is taken."""
    slow_s: float = 10
    """And of a write that is known to have left at a moment, none is believed to take effect later than this after it."""
    patience_s: float = 120
    """So long is an unanswered write held open for an echo before the lower number is promised."""
    doubt_s: float = 3600
    """And so long may an echo still come late before the merchant is asked to check."""
    till_clock: Apart = Apart()
    shop_clock: Apart = Apart()

    def clock(self, side: Side, flight: "Flight | None" = None) -> Apart:
        """The platform's clock; for a write, as it was when that left, if it was measured then."""
        now = self.till_clock if side is Side.ZETTLE else self.shop_clock
        return now if flight is None or flight.clock is None else flight.clock

    def theirs(self, side: Side, ours: datetime) -> datetime:
        """A time of ours as the platform's clock showed it."""
        return self.clock(side).theirs(ours)

    def lag(self, side: Side) -> timedelta:
        return timedelta(seconds=self.lag_s) if side is Side.SHOP else NOW_AND_THEN

    def finish(self, side: Side) -> timedelta:
        """How long after the last hint or write a look must begin to close the matter."""
        return timedelta(seconds=self.lag_s if side is Side.SHOP else self.repeat_s)

    def pooled(self, now: datetime, lags: int = 2) -> datetime:
        """When the shelves that were born about now are looked at, all together: late enough to close the hints of their births.

        Looks are `lags` lags apart, whoever asks.
        """
        step = lags * self.lag_s
        earliest = (now + timedelta(seconds=self.lag_s)).timestamp()
        return datetime.fromtimestamp(-(-earliest // step) * step, UTC)

    @property
    def gap(self) -> timedelta:
        """How far apart two agreeing looks must be to settle an unanswered write."""
        return timedelta(seconds=self.lag_s)

    @property
    def doubt(self) -> timedelta:
        return timedelta(seconds=self.doubt_s)

    def unseen(self, side: Side) -> timedelta:
        """What was told so shortly before a write left may not have been in the level from which it was computed."""
        return 3 * self.finish(side)

    @property
    def hold(self) -> timedelta:
        return timedelta(seconds=self.hold_s)

    @property
    def grace(self) -> timedelta:
        return timedelta(seconds=self.grace_s)

    @property
    def prompt(self) -> timedelta:
        return timedelta(seconds=self.prompt_s)

    @property
    def slow(self) -> timedelta:
        return timedelta(seconds=self.slow_s)

    @property
    def patience(self) -> timedelta:
        return timedelta(seconds=self.patience_s)


@dataclass(frozen=True, slots=True)
class Look:
    """A level as read. `begun` is when the request left; `floor` is BigCommerce's safety stock, below which no change may go."""

    level: Level
    begun: datetime
    floor: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a shelf that we know of, ours or its own, and when we knew."""

    at: datetime
    quantity: int


@dataclass(frozen=True, slots=True)
class Told:
    """A movement that a platform told of: evidence, never a number to go on with (`accounts`)."""

    at: datetime
    """When it happened, by the platform's clock; BigCommerce's hooks count whole seconds."""
    value: int | None = None
    """The new level or the change; None where the hook carried none."""
    relative: bool = False
    by_order: bool = False
    variant: str = ""
    """The Zettle variant that it is about; "" where the hint itself says it."""
    place: str = ""
    """The Zettle inventory in which it happened."""
    again: bool = False
    """The same words were heard before: a second movement like it in the same second, or the first one told twice."""
    heard: datetime | None = None
    """When we heard of it, by our own clock: what was heard before a write left is not that write."""

    @property
    def is_signed(self) -> bool:
        """It can only be a change: whether `value` is one or a level is uncertain (bigcommerce facts 6.3), but no level is below zero."""
        return self.relative and self.value is not None and self.value < 0


@dataclass(frozen=True, slots=True)
class Flight:
    """What was written to a shelf and not yet answered. It is on disk before it is on the wire.

    `call` names the request: many variants ride in one, and share its fate. `base` is the level that was known when it left.
    """

    call: str
    quantity: int
    """A change, or the new level of a reset."""
    sent: datetime
    kind: Kind = Kind.CHANGE
    base: int | None = None
    clock: Apart | None = None
    """How far the platform's clock was ahead when it left, of whoever wrote the times here; None where that was not measured."""
    prior: datetime | None = None
    """When our previous write to this shelf was answered."""
    left: datetime | None = None
    """When it really left, after all that it waited for; None while an answer may come, or if we died waiting."""
    lost: datetime | None = None
    """When we learnt that no answer will come; None while one may, or if we died waiting."""
    told: datetime | None = None
    """When BigCommerce first told of an edit that happened while this write could have (`moves.hinted`)."""
    tells: int = 0
    """How many such edits it told of."""
    maybes: int = 0
    """How many edits it told of that happened so late after this left that they are hardly this write."""
    others: int = 0
    """What else it told of since, or just before, this left: orders, and edits at other times."""
    hinted: datetime | None = None
    """What it had told of last when this left: reads may not have shown that yet."""
    unborn: bool = False
    """A first level: no number was known before it, and none is if it comes to nothing."""
    seen: datetime | None = None
    """When the look began from which `base` was known."""
    tale: tuple[Told, ...] = ()
    """What had been told of the shelf when this was given up, so that a late hook can be held against it."""
    closing: Look | None = None
    """And the look by which it was given up."""
    first: Look | None = None
    """The first look of the present agreement, when settling."""
    strayed: bool = False
    """A look since settling began showed another level than the one before this write."""
    shown: bool = False
    """A look showed the level as after it while it could still take effect, and nobody told of another cause."""
    since: datetime | None = None
    """When settling began: its patience runs from here, so that time in which we were down does not count."""

    @property
    def is_absolute(self) -> bool:
        return self.kind is not Kind.CHANGE

    @property
    def is_crowded(self) -> bool:
        """A hook may tell of this write or of our previous one."""
        return self.prior is not None and self.prior > self.sent - CLOSE


@dataclass(frozen=True, slots=True)
class Fresh:
    """Tracking was switched on, and the shop's level set (`fresh`). Times are BigCommerce's."""

    since: datetime
    """When tracking was switched on, as far as is known: what was ordered before is nobody's."""
    off: datetime | None = None
    """When it was last seen on before that: no start of before is this one's."""
    until: datetime | None = None
    """When the level that was set had landed; None while it has not."""
    aside: tuple[Told, ...] = ()
    """Orders that seem to be from before it: when it was switched on may be told of later."""
    early: tuple[Told, ...] = ()
    """Orders since, as they were told, that can have come before it landed."""
    covered: int = 0
    """What of that is taken from both promises already, as long as it may turn out otherwise."""
    told: int = 0
    """What other orders changed since it landed."""
    moved: int = 0
    """By how much the level was seen to move by itself since it landed."""
    sure: bool = True
    """Every early order said how much it took."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """What the till's shelf was when tracking was switched off: Zettle brings its old number back (zettle facts 3.3), and what that was
    owed is still missing from it then."""

    level: int
    owed: int
    flight: Flight | None = None
    seen: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shelf:
    """One side's stock of one variant."""

    known: Level = Gap.UNKNOWN
    owed: int = 0
    flight: Flight | None = None
    floor: int = 0
    recent: tuple[Change, ...] = ()
    """Changes so young that a lagging read may not show them."""
    tale: tuple[Told, ...] = ()
    """What was told of since the last look that was beyond doubt, by the platform's own times."""
    signed: bool = False
    """It was told of a change below zero: the values of its orders are changes and no levels (bigcommerce facts 6.3)."""
    seen: datetime | None = None
    """When the last look that counted began; an older one says nothing."""
    settled: datetime | None = None
    """When the last look began that was beyond doubt."""
    touched: datetime | None = None
    """The last time that the level moved, by us or by itself."""
    wrote: datetime | None = None
    """The last time that we were told that a write of ours landed."""
    hinted: datetime | None = None
    """The last time that the platform said that it moved."""
    ordered: datetime | None = None
    """The last time that a hint named an order as its cause. It explains a movement, and decides nothing."""
    heard: datetime | None = None
    """The last time that a hint came at all: proof that this platform's events reach us."""
    ambiguous: datetime | None = None
    """Since when reads show a level that our own recent writes may or may not explain."""
    rests: datetime | None = None
    """Nothing is sent before this: the platform had too little stock, so its level must be read again."""
    asleep: bool = False
    """The platform knows no such item: silent until the product work has spoken."""
    stopped: Stopped | None = None
    """Of the till's shelf while tracking is off."""
    fresh: Fresh | None = None
    """Of the shop's shelf since tracking was switched on."""
    variant_id: int | None = None
    """The shop's incarnation of the variant."""
    closed: tuple[int, ...] = ()
    """Earlier incarnations. Nothing should move on them any more."""

    @property
    def promised(self) -> int | None:
        """The number that this shelf will show when all is written; None where there is none to promise."""
        if isinstance(self.known, int):
            return self.known + self.owed + self.in_flight
        if self.flight is not None and self.flight.is_absolute:
            return self.flight.quantity + self.owed
        return None

    @property
    def in_flight(self) -> int:
        return self.flight.quantity if self.flight is not None and not self.flight.is_absolute else 0

    @property
    def disturbed(self) -> datetime | None:
        """The last sign of movement: a write, an observed change, or a hint."""
        return max((at for at in (self.touched, self.hinted) if at is not None), default=None)

    def is_clear(self, look: Look, lag: timedelta) -> bool:
        """A look begun one lag after the last movement that we know of shows a level in which all of them are counted.

        It need not show what a fresh hint announces; that is why a hint is finished only later (`sending.next_look`).
        """
        return self.flight is None and (self.touched is None or look.begun >= self.touched + lag)

    def lowest(self, look: Look, lag: timedelta) -> int:
        """The lowest level that our writes and earlier changes can explain in a look, if nothing else happened.

        A read that trails may miss any rise of the last `lag`; an open flight downwards may or may not be in it. Falls that we know of are
        in `known` already, and a read that misses them is higher, not lower.
        """
        assert isinstance(self.known, int)
        rises = sum(c.quantity for c in self.recent if c.quantity > 0 and c.at > look.begun - lag)
        return self.known - rises + min(0, self.in_flight)


@dataclass(frozen=True, slots=True)
class Ledger:
    """The two shelves of one variant. The law is checked whenever one is made."""

    zettle: Shelf = Shelf()
    shop: Shelf = Shelf(known=Gap.UNBORN)
    separate: bool = False
    """Separate stock (rule S5): the shelves owe each other nothing."""

    def __post_init__(self) -> None:
        till, shop = self.zettle.promised, self.shop.promised
        lawful = self.separate or till is None or shop is None or till == shop
        assert lawful, f"the shelves promise {till} and {shop}"

    def __getitem__(self, side: Side) -> Shelf:
        return self.zettle if side is Side.ZETTLE else self.shop

    def put(self, side: Side, shelf: Shelf, other: Shelf | None = None) -> "Ledger":
        """Both shelves at once, so that the law is never broken between two steps."""
        other = self[side.other] if other is None else other
        if side is Side.ZETTLE:
            return replace(self, zettle=shelf, shop=other)
        return replace(self, shop=shelf, zettle=other)

    @property
    def promised(self) -> int | None:
        """The shared number, for pages; Zettle's own when stock is separate."""
        return self.zettle.promised

    @property
    def is_tracked(self) -> bool:
        return isinstance(self.zettle.known, int)
