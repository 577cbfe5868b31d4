"""Two shelves and their law: while stock is shared, both promise the same number.

    promised = known + owed + in flight

`known` is the level that we have accounted for, `owed` what is still to be written there, `in
flight` what was written and not yet answered. Nothing else is needed to say who must be told what:
a shelf that changed by itself owes the change to the other.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from brygga.core.stock.slots import Slot

SUSPENDED = datetime.max.replace(tzinfo=UTC)
"""`Shelf.rests` of a shelf whose item the platform does not know: nothing is sent before the
product work speaks.
"""


class Side(StrEnum):
    ZETTLE = "zettle"
    SHOP = "shop"

    @property
    def other(self) -> "Side":
        return Side.SHOP if self is Side.ZETTLE else Side.ZETTLE


class Gap(StrEnum):
    """Why a shelf has no number (decision 3). None of the three is ever written to with a
    change.
    """

    UNKNOWN = "unknown"
    """Nobody has said yet. Unknown never writes, not even to the other side. A shop's shelf is
    adopted then.
    """
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
    """An absolute level: only where BigCommerce knows no level yet, or after tracking was switched
    on.
    """


@dataclass(frozen=True, slots=True)
class Timing:
    """The waiting times of stock, in seconds. `lag_s` is the longest that BigCommerce's reads trail
    its writes.

    Zettle documents no lag, so its reads count as true at once. `repeat_s` is the second look after
    a hint that showed nothing.
    """

    lag_s: float = 10
    repeat_s: float = 2
    hold_s: float = 5
    """So long our own writes may keep a variant's reads ambiguous; then they wait until a look is
    clear.
    """
    grace_s: float = 45
    """After so long a request that was sent can no longer take effect: its timeout, and then
    some.
    """
    patience_s: float = 120
    """An unanswered write to Zettle waits so long for its echo before the lower number is
    promised.
    """
    doubt_s: float = 3600
    """And its echo may still come so late before the merchant is asked to check."""
    is_whole: bool = True
    """A call to BigCommerce is all or nothing (bigcommerce facts 5.2). Where `certify` finds that
    it is not, a record that shows a write which its slot denies is asked about too."""

    def lag(self, side: Side) -> timedelta:
        return timedelta(seconds=self.lag_s if side is Side.SHOP else 0)

    def finish(self, side: Side) -> timedelta:
        """How long after the last hint or write a look must begin to close the matter."""
        return timedelta(seconds=self.lag_s if side is Side.SHOP else self.repeat_s)

    def pooled(self, now: datetime, lags: int = 2) -> datetime:
        """When the shelves that were born about now are looked at, all together: late enough to
        close their hints.

        Looks are `lags` lags apart, whoever asks.
        """
        step = lags * self.lag_s
        earliest = (now + timedelta(seconds=self.lag_s)).timestamp()
        return datetime.fromtimestamp(-(-earliest // step) * step, UTC)

    @property
    def gap(self) -> timedelta:
        """How far apart two looks at an unanswered write are."""
        return timedelta(seconds=self.lag_s)

    @property
    def hold(self) -> timedelta:
        return timedelta(seconds=self.hold_s)

    @property
    def grace(self) -> timedelta:
        return timedelta(seconds=self.grace_s)

    @property
    def patience(self) -> timedelta:
        return timedelta(seconds=self.patience_s)

    @property
    def doubt(self) -> timedelta:
        return timedelta(seconds=self.doubt_s)


@dataclass(frozen=True, slots=True)
class Look:
    """A level as read. `begun` is when the request left; `floor` is BigCommerce's safety stock, the
    least to leave.
    """

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
    """The last event of BigCommerce's that named this very variant, not only its product of several
    sizes.
    """

    at: datetime
    """When we heard."""
    ordered: datetime | None = None
    """When the last order happened that such an event named, by BigCommerce's clock."""


@dataclass(frozen=True, slots=True)
class Flight:
    """What was written to a shelf and not yet answered. It is on disk before it is on the wire.

    `call` names the request: many variants ride in one, and share its fate and its slot.
    """

    call: str
    quantity: int
    """A change, or the new level of a reset."""
    sent: datetime
    kind: Kind = Kind.CHANGE
    base: int | None = None
    """The level that was known when it left."""
    first: bool = False
    """A first level: no number was known before it, and none is if it comes to nothing."""
    slot: Slot | None = None
    """The item of the marker that rides in the call (decision 16); None to Zettle, and where there
    is no marker.
    """
    lost: datetime | None = None
    """When we learnt that no answer will come; None while one may, or if we died waiting."""
    since: datetime | None = None
    """When a look first tried to resolve it: patience runs from here, so that time while we were
    down is not in it.
    """

    @property
    def is_absolute(self) -> bool:
        return self.kind is not Kind.CHANGE

    def dead(self, timing: Timing) -> datetime:
        """From then on it can no longer take effect."""
        return self.lost if self.lost is not None else self.sent + timing.grace


@dataclass(frozen=True, slots=True)
class Shelf:
    """One side's stock of one variant."""

    known: Level = Gap.UNKNOWN
    owed: int = 0
    flight: Flight | None = None
    floor: int = 0
    recent: tuple[Change, ...] = ()
    """Changes so young that a lagging read may not show them."""
    seen: datetime | None = None
    """When the last look that counted began; an older one says nothing."""
    settled: datetime | None = None
    """When the last look began that was beyond doubt."""
    hinted: datetime | None = None
    """The last time that the platform said that it moved."""
    told: Told | None = None
    """It moves nothing, and lets many units that are gone be believed at once."""
    ambiguous: datetime | None = None
    """Since when reads show a level that our own recent writes may or may not explain."""
    rests: datetime | None = None
    """Nothing is sent before this: the platform had too little stock, so its level must be read
    again.
    """
    variant_id: int | None = None
    """The shop's incarnation of the variant."""

    @property
    def promised(self) -> int | None:
        """The number that this shelf will show when all is written; None where there is none to
        promise.
        """
        if isinstance(self.known, int):
            return self.known + self.owed + self.in_flight
        if self.flight is not None and self.flight.is_absolute:
            return self.flight.quantity + self.owed
        return None

    @property
    def in_flight(self) -> int:
        return (
            self.flight.quantity if self.flight is not None and not self.flight.is_absolute else 0
        )

    @property
    def asleep(self) -> bool:
        """The platform knows no such item: silent until the product work has spoken."""
        return self.rests == SUSPENDED

    @property
    def ordered(self) -> datetime | None:
        """When the last order happened that was told of."""
        return None if self.told is None else self.told.ordered

    @property
    def touched(self) -> datetime | None:
        """The last time that the level moved, by us or by itself, as far as a look may not show it
        yet.
        """
        return max((change.at for change in self.recent), default=None)

    @property
    def disturbed(self) -> datetime | None:
        """The last sign of movement: a write, an observed change, or a hint."""
        return max((at for at in (self.touched, self.hinted) if at is not None), default=None)

    def toward(self, target: int) -> "Shelf":
        """Owed what brings it to this number; one that promises none is left as it is."""
        return (
            self
            if self.promised is None
            else replace(self, owed=self.owed + target - self.promised)
        )

    def woken(self) -> "Shelf":
        return replace(self, rests=None) if self.asleep else self

    def is_clear(self, look: Look, lag: timedelta) -> bool:
        """A look begun one lag after the last movement that we know of shows a level in which all
        of them are counted.

        It need not show what a fresh hint announces; that is why a hint is finished only later
        (`sending.next_look`).
        """
        return self.flight is None and (self.touched is None or look.begun >= self.touched + lag)

    def lowest(self, look: Look, lag: timedelta) -> int:
        """The lowest level that our writes and earlier changes can explain in a look, if nothing
        else happened.

        A read that trails may miss any rise of the last `lag`; an open flight downwards may or may
        not be in it. Falls that we know of are in `known` already, and a read that misses them is
        higher, not lower.
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
    closed: tuple[int, ...] = ()
    """Earlier incarnations in the shop. Nothing should move on them any more."""
    started: datetime | None = None
    """Since when Zettle's number counts for the shop, by our clock, until the shop's variant is
    adopted: what orders took since then must be in no number of Zettle's. None where nothing can
    have been ordered."""

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
    def is_unset(self) -> bool:
        """The shop's variant has no number that we know: it is adopted when a clear look shows
        one.
        """
        shop = self.shop
        waits = self.separate and shop.asleep and shop.variant_id is not None
        return shop.flight is None and (shop.known is Gap.UNKNOWN or waits)

    @property
    def is_tracked(self) -> bool:
        return isinstance(self.zettle.known, int)
