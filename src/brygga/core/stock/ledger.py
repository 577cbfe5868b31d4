"""Two shelves and their law: while stock is shared, both promise the same number.

    promised = known + owed + in flight

`known` is the level that we have accounted for, `to_push` what is still to be written there, `in
flight` what was written and not yet answered. Nothing else is needed to say who must be told what:
a shelf that changed by itself owes the change to the other.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from brygga.core.stock.slots import Slot

SUSPENDED = datetime.max.replace(tzinfo=UTC)
"""`StockRecord.rests` of a shelf whose item the platform does not know: nothing is sent before the
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
    NOT_CREATED = "not_created"
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
    """The waiting times of stock, in seconds. `read_lag_s` is the longest that BigCommerce's reads trail
    its writes.

    Zettle documents no lag, so its reads count as true at once. `repeat_s` is the second look after
    a hint that showed nothing.
    """

    read_lag_s: float = 10
    repeat_s: float = 2
    write_hold_s: float = 5
    """So long our own writes may keep a variant's reads ambiguous; then they wait until a look is
    clear.
    """
    request_deadline_s: float = 45
    """After so long a request that was sent can no longer take effect: its timeout, and then
    some.
    """
    resolve_timeout_s: float = 120
    """An unanswered write to Zettle waits so long for its echo before the lower number is
    promised.
    """
    escalation_timeout_s: float = 3600
    """And its echo may still come so late before the merchant is asked to check."""
    is_whole: bool = True
    """A call to BigCommerce is all or nothing (bigcommerce facts 5.2). Where `certify` finds that
    it is not, a record that shows a write which its slot denies is asked about too."""

    def read_lag(self, side: Side) -> timedelta:
        return timedelta(seconds=self.read_lag_s if side is Side.SHOP else 0)

    def finish(self, side: Side) -> timedelta:
        """How long after the last hint or write a look must begin to close the matter."""
        return timedelta(seconds=self.read_lag_s if side is Side.SHOP else self.repeat_s)

    def pooled(self, now: datetime, lags: int = 2) -> datetime:
        """When the shelves that were born about now are looked at, all together: late enough to
        close their hints.

        Looks are `lags` lags apart, whoever asks.
        """
        step = lags * self.read_lag_s
        earliest = (now + timedelta(seconds=self.read_lag_s)).timestamp()
        return datetime.fromtimestamp(-(-earliest // step) * step, UTC)

    @property
    def write_hold(self) -> timedelta:
        return timedelta(seconds=self.write_hold_s)

    @property
    def request_deadline(self) -> timedelta:
        return timedelta(seconds=self.request_deadline_s)

    @property
    def resolve_timeout(self) -> timedelta:
        return timedelta(seconds=self.resolve_timeout_s)

    @property
    def escalation_timeout(self) -> timedelta:
        return timedelta(seconds=self.escalation_timeout_s)


@dataclass(frozen=True, slots=True)
class LevelRead:
    """A level as read. `read_started` is when the request left; `floor` is BigCommerce's safety stock, the
    least to leave.
    """

    level: Level
    read_started: datetime
    floor: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a shelf that we know of, ours or its own, and when we knew."""

    at: datetime
    quantity: int


@dataclass(frozen=True, slots=True)
class ReportedChange:
    """The last event of BigCommerce's that named this very variant, not only its product of several
    sizes.
    """

    at: datetime
    """When we heard."""
    ordered: datetime | None = None
    """When the last order happened that such an event named, by BigCommerce's clock."""
    otherwise: datetime | None = None
    """When we last heard one that named no order."""


@dataclass(frozen=True, slots=True)
class PendingWrite:
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
        return self.lost if self.lost is not None else self.sent + timing.request_deadline


@dataclass(frozen=True, slots=True)
class StockRecord:
    """One side's stock of one variant."""

    confirmed: Level = Gap.UNKNOWN
    to_push: int = 0
    pending_write: PendingWrite | None = None
    floor: int = 0
    recent: tuple[Change, ...] = ()
    """Changes so young that a lagging read may not show them."""
    seen: datetime | None = None
    """When the last look that counted began; an older one says nothing."""
    clear_read: datetime | None = None
    """When the last look began that was beyond doubt."""
    hinted: datetime | None = None
    """The last time that the platform said that it moved."""
    reported: ReportedChange | None = None
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
    def target(self) -> int | None:
        """The number that this shelf will show when all is written; None where there is none to
        promise.
        """
        if isinstance(self.confirmed, int):
            return self.confirmed + self.to_push + self.pending_change
        if self.pending_write is not None and self.pending_write.is_absolute:
            return self.pending_write.quantity + self.to_push
        return None

    @property
    def pending_change(self) -> int:
        return (
            self.pending_write.quantity
            if self.pending_write is not None and not self.pending_write.is_absolute
            else 0
        )

    @property
    def is_suspended(self) -> bool:
        """The platform knows no such item: silent until the product work has spoken."""
        return self.rests == SUSPENDED

    @property
    def ordered(self) -> datetime | None:
        """When the last order happened that was told of."""
        return None if self.reported is None else self.reported.ordered

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

    def toward(self, target: int) -> "StockRecord":
        """Owed what brings it to this number; one that promises none is left as it is."""
        return (
            self
            if self.target is None
            else replace(self, to_push=self.to_push + target - self.target)
        )

    def resumed(self) -> "StockRecord":
        return replace(self, rests=None) if self.is_suspended else self

    def is_clear(self, read: LevelRead, read_lag: timedelta) -> bool:
        """A look begun one lag after the last movement that we know of shows a level in which all
        of them are counted.

        It need not show what a fresh hint announces; that is why a hint is finished only later
        (`sending.next_read`).
        """
        return self.pending_write is None and (
            self.touched is None or read.read_started >= self.touched + read_lag
        )

    def lowest(self, read: LevelRead, read_lag: timedelta) -> int:
        """The lowest level that our writes and earlier changes can explain in a look, if nothing
        else happened.

        A read that trails may miss any rise of the last `read_lag`; an open flight downwards may or may
        not be in it. Falls that we know of are in `known` already, and a read that misses them is
        higher, not lower.
        """
        assert isinstance(self.confirmed, int)
        rises = sum(
            c.quantity
            for c in self.recent
            if c.quantity > 0 and c.at > read.read_started - read_lag
        )
        return self.confirmed - rises + min(0, self.pending_change)


@dataclass(frozen=True, slots=True)
class Ledger:
    """The two shelves of one variant. The law is checked whenever one is made."""

    zettle: StockRecord = StockRecord()
    shop: StockRecord = StockRecord(confirmed=Gap.NOT_CREATED)
    separate: bool = False
    """Separate stock (rule S5): the shelves owe each other nothing."""
    closed: tuple[int, ...] = ()
    """Earlier incarnations in the shop. Nothing should move on them any more."""
    started: datetime | None = None
    """Since when Zettle's number counts for the shop, by our clock, until the shop's variant is
    adopted: what orders took since then must be in no number of Zettle's. None where nothing can
    have been ordered."""

    def __post_init__(self) -> None:
        till, shop = self.zettle.target, self.shop.target
        lawful = self.separate or till is None or shop is None or till == shop
        assert lawful, f"the shelves promise {till} and {shop}"

    def __getitem__(self, side: Side) -> StockRecord:
        return self.zettle if side is Side.ZETTLE else self.shop

    def with_record(
        self, side: Side, record: StockRecord, other: StockRecord | None = None
    ) -> "Ledger":
        """Both shelves at once, so that the law is never broken between two steps."""
        other = self[side.other] if other is None else other
        if side is Side.ZETTLE:
            return replace(self, zettle=record, shop=other)
        return replace(self, shop=record, zettle=other)

    @property
    def target(self) -> int | None:
        """The shared number, for pages; Zettle's own when stock is separate."""
        return self.zettle.target

    @property
    def is_unset(self) -> bool:
        """The shop's variant has no number that we know: it is adopted when a clear look shows one.

        With separate stock it sleeps until then, beside the number that it is promised; one that a
        look found gone has been seen before, and sleeps until the product work has spoken.
        """
        shop = self.shop
        waits = (
            self.separate
            and shop.is_suspended
            and shop.variant_id is not None
            and shop.clear_read is None
        )
        return shop.pending_write is None and (shop.confirmed is Gap.UNKNOWN or waits)

    @property
    def is_tracked(self) -> bool:
        return isinstance(self.zettle.confirmed, int)
