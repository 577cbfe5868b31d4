"""Two stock records and their law: while stock is shared, both have the same target.

    target = confirmed + to_push + pending change

`confirmed` is the level that we have accounted for. `to_push` is what is still to be written. The
pending change is written and not yet answered. These three decide every write: a change that a
record makes by itself is added to the other record's `to_push`.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

SUSPENDED = datetime.max.replace(tzinfo=UTC)
"""`StockRecord.rests` of a record whose item the platform does not know. Nothing is sent until the
product work has found the item.
"""


class Side(StrEnum):
    ZETTLE = "zettle"
    SHOP = "shop"

    @property
    def other(self) -> "Side":
        return Side.SHOP if self is Side.ZETTLE else Side.ZETTLE


class Gap(StrEnum):
    """Why a stock record has no number (decision 3). None of the three ever gets a relative
    change.
    """

    UNKNOWN = "unknown"
    """The level is not read yet. An unknown record causes no write, not even to the other side. A
    store's record in this state is attached when its level is read.
    """
    UNTRACKED = "untracked"
    """Inventory tracking is off in Zettle: the product's stock is not ours (rules S1, S7)."""
    NOT_CREATED = "not_created"
    """The variant does not exist in the store, or its level is in an absolute pending write."""


Level = int | Gap


class Kind(StrEnum):
    """How a pending write was sent."""

    CHANGE = "change"
    """A relative change. It commutes with a sale in the same second."""
    RESET = "reset"
    """An absolute level. Used only where BigCommerce knows no level yet, or after tracking was
    switched on.
    """


ECHOES_S = 1.5
"""How long after a write of ours BigCommerce's events about it mostly come."""


@dataclass(frozen=True, slots=True)
class Timing:
    """The waiting times of stock, in seconds.

    `read_lag_s` is the longest time that BigCommerce's reads trail its writes. Zettle documents no
    read lag, so its reads count as true at once. `repeat_s` is the wait before the second read,
    after a change event whose first read showed nothing.
    """

    read_lag_s: float = 10
    repeat_s: float = 2
    write_hold_s: float = 5
    """The longest time that our own writes may keep a variant's reads ambiguous. After it, writes
    wait until a read is clear.
    """
    request_deadline_s: float = 45
    """After this time a request that was sent can no longer take effect. It is longer than the
    request's timeout.
    """
    resolve_timeout_s: float = 120
    """How long an unanswered write to Zettle waits for its echo. After it, the lower number becomes
    the target.
    """
    escalation_timeout_s: float = 3600
    """How late the echo may still come. After it, the merchant is asked to check."""
    is_whole: bool = True
    """A call to BigCommerce is all or nothing (bigcommerce facts 5.2). Where `certify` finds that
    it is not, the merchant is also asked where a record shows a write and its slot does not.
    """

    def read_lag(self, side: Side) -> timedelta:
        return timedelta(seconds=self.read_lag_s if side is Side.SHOP else 0)

    def finish(self, side: Side) -> timedelta:
        """How long after the last change event or write a read must start to close the event."""
        return timedelta(seconds=self.read_lag_s if side is Side.SHOP else self.repeat_s)

    def pooled(self, now: datetime, lags: int = 2) -> datetime:
        """When the records that are created about now are read, all together.

        The read is late enough to close their change events. Such reads are `lags` read lags
        apart, whoever asks.
        """
        step = lags * self.read_lag_s
        earliest = (now + timedelta(seconds=self.read_lag_s)).timestamp()
        return datetime.fromtimestamp(-(-earliest // step) * step, UTC)

    def closing(self, now: datetime) -> datetime:
        """When what a write of now may have caused is read, together: its own events have come by
        then, and a read lag has passed since. Such times are two seconds apart.
        """
        earliest = (now + timedelta(seconds=self.read_lag_s + ECHOES_S)).timestamp()
        return datetime.fromtimestamp(-(-earliest // 2) * 2, UTC)

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
    """A level as read. `read_started` is when the request left. `floor` is BigCommerce's safety
    stock, the least to leave.
    """

    level: Level
    read_started: datetime
    floor: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a stock record that we know of, ours or its own, and when we learnt of it."""

    at: datetime
    quantity: int
    told: datetime | None = None
    """When the edit was made, by BigCommerce's clock, whose event reported this change. None where
    no event did. For a write of ours: when the first event after it was made.
    """
    since: datetime | None = None
    """When the read before the one that showed it started. None for a write of ours."""


@dataclass(frozen=True, slots=True)
class ReportedChange:
    """The last BigCommerce events of this variant, and when we received them."""

    at: datetime | None
    """The last one that named this very variant, not only its product of several variants."""
    ordered: datetime | None = None
    """When the last order that such an event named happened, by BigCommerce's clock."""
    edited: datetime | None = None
    """The last one that named this very variant and no order."""
    edit_made: datetime | None = None
    """When that one was made, by BigCommerce's clock."""
    whole: datetime | None = None
    """The last one that named only its product of several variants. BigCommerce counted the product
    as a whole then (bigcommerce facts 6.3), and may have forgotten the numbers of its variants.
    """


@dataclass(frozen=True, slots=True)
class Slot:
    """One variant of the marker product (decision 16), and the level that it has while no call uses
    it. A stock call to BigCommerce carries one; its level shows whether the call landed.
    """

    variant_id: int
    count: int


@dataclass(frozen=True, slots=True)
class PendingWrite:
    """A write to a stock record that has no answer yet. It is saved before the request leaves.

    `call` is the id of the request. One request carries many variants: they share its outcome and
    its slot.
    """

    call: str
    quantity: int
    """A change, or the new level of a reset."""
    sent: datetime
    kind: Kind = Kind.CHANGE
    base: int | None = None
    """The confirmed level when it left."""
    first: bool = False
    """A first level. No number is confirmed before it, and none if it does not land."""
    slot: Slot | None = None
    """The item of the marker that the call carries (decision 16). None to Zettle, and where there
    is no marker.
    """
    lost: datetime | None = None
    """When we learnt that no answer will come. None while an answer may come, or if the process
    died waiting.
    """
    since: datetime | None = None
    """When a read first tried to resolve it. The resolve timeout starts here, so that it does not
    include the time while we were down.
    """

    @property
    def is_absolute(self) -> bool:
        return self.kind is not Kind.CHANGE

    def dead(self, timing: Timing) -> datetime:
        """The time after which it can no longer take effect."""
        return self.lost if self.lost is not None else self.sent + timing.request_deadline


@dataclass(frozen=True, slots=True)
class StockRecord:
    """One side's stock of one variant."""

    confirmed: Level = Gap.UNKNOWN
    to_push: int = 0
    pending_write: PendingWrite | None = None
    floor: int = 0
    recent: tuple[Change, ...] = ()
    """Changes so recent that a read may not show them, because of the read lag."""
    seen: datetime | None = None
    """When the last read that counted started. An older read says nothing."""
    clear_read: datetime | None = None
    """When the last clear read started."""
    hinted: datetime | None = None
    """When the platform last reported a change of it."""
    reported: ReportedChange | None = None
    """The last events. They change no number; with them a fall of many units counts at once."""
    ambiguous: datetime | None = None
    """Since when reads show a level that our own recent writes may or may not explain."""
    rests: datetime | None = None
    """Nothing is sent before this time. The platform had too little stock, so its level must be
    read again.
    """
    variant_id: int | None = None
    """The store's id of the variant. A recreated variant has a new one."""

    @property
    def target(self) -> int | None:
        """The number that this record shows when all is written. None where it has no target."""
        if isinstance(self.confirmed, int):
            return self.confirmed + self.to_push + self.pending_change
        if self.pending_write is not None and self.pending_write.is_absolute:
            return self.pending_write.quantity + self.to_push
        return None

    @property
    def pending_change(self) -> int:
        write = self.pending_write
        return 0 if write is None or write.is_absolute else write.quantity

    @property
    def is_suspended(self) -> bool:
        """The platform knows no such item. Nothing is sent until the product work has found it."""
        return self.rests == SUSPENDED

    @property
    def ordered(self) -> datetime | None:
        """When the last order that an event named happened."""
        return None if self.reported is None else self.reported.ordered

    @property
    def unshown_since(self) -> datetime | None:
        """When the last read started that showed none of the recent changes.

        An order from before that one is in the number. Reads that trail may have shown a later one,
        or an earlier one instead.
        """
        return min((one.since for one in self.recent if one.since is not None), default=self.seen)

    @property
    def touched(self) -> datetime | None:
        """When the level last moved, by us or by itself. Only moves that a read may not show yet
        count.
        """
        return max((change.at for change in self.recent), default=None)

    @property
    def disturbed(self) -> datetime | None:
        """The last sign of movement: a write, an observed change, or a change event."""
        return max((at for at in (self.touched, self.hinted) if at is not None), default=None)

    def toward(self, target: int) -> "StockRecord":
        """With the `to_push` that brings it to this target. A record without a target is left as
        it is.
        """
        if self.target is None:
            return self
        return replace(self, to_push=self.to_push + target - self.target)

    def resumed(self) -> "StockRecord":
        return replace(self, rests=None) if self.is_suspended else self

    def is_clear(self, read: LevelRead, read_lag: timedelta) -> bool:
        """A read is clear if it started one read lag after the last movement that we know of.

        Its level includes all known movements. It may miss what a new change event announces.
        That is why an event is closed only later (`sending.next_read`).
        """
        return self.pending_write is None and self.is_shown(read, read_lag)

    def is_shown(self, read: LevelRead, read_lag: timedelta) -> bool:
        """Whether the read shows all recent changes."""
        return self.touched is None or read.read_started >= self.touched + read_lag

    def lowest(self, read: LevelRead, read_lag: timedelta) -> int:
        """The lowest level in a read that our writes and earlier changes can explain.

        A read may miss any rise of the last `read_lag`. It may or may not include a pending write
        downwards. Falls that we know of are in `confirmed` already: a read that misses them is
        higher, not lower.
        """
        assert isinstance(self.confirmed, int)
        rises = sum(
            c.quantity
            for c in self.recent
            if c.quantity > 0 and c.at > read.read_started - read_lag
        )
        return self.confirmed - rises + min(0, self.pending_change)


def as_read(read: LevelRead, to_push: int = 0, variant_id: int | None = None) -> StockRecord:
    """The record of a variant that is read for the first time, or again from the beginning."""
    return StockRecord(
        read.level,
        to_push,
        floor=read.floor,
        seen=read.read_started,
        clear_read=read.read_started,
        variant_id=variant_id,
    )


@dataclass(frozen=True, slots=True)
class Ledger:
    """The two stock records of one variant. The law is checked whenever a ledger is made."""

    zettle: StockRecord = StockRecord()
    shop: StockRecord = StockRecord(confirmed=Gap.NOT_CREATED)
    separate: bool = False
    """Separate stock (rule S5): a change of one record is not written to the other."""
    closed: tuple[int, ...] = ()
    """Earlier variant ids in the store. Nothing should move on them any more."""
    started: datetime | None = None
    """Since when Zettle's number counts for the store, by our clock, until the store's variant is
    attached. What orders took since then is in no number of Zettle's. None where nothing can have
    been ordered.
    """
    shown: datetime | None = None
    """When a read first showed tracking on, where Zettle has not reported the switch: it was made
    between `started` and then. Orders of that time may be in Zettle's number or not.
    """

    def __post_init__(self) -> None:
        till, shop = self.zettle.target, self.shop.target
        lawful = self.separate or till is None or shop is None or till == shop
        assert lawful, f"the targets differ: {till} and {shop}"

    def __getitem__(self, side: Side) -> StockRecord:
        return self.zettle if side is Side.ZETTLE else self.shop

    def with_record(
        self, side: Side, record: StockRecord, other: StockRecord | None = None
    ) -> "Ledger":
        """Sets both records at once, so that the law is never broken between two steps."""
        other = self[side.other] if other is None else other
        if side is Side.ZETTLE:
            return replace(self, zettle=record, shop=other)
        return replace(self, shop=record, zettle=other)

    @property
    def target(self) -> int | None:
        """The shared number, for pages. Zettle's own number when stock is separate."""
        return self.zettle.target

    @property
    def is_unset(self) -> bool:
        """The store's variant has no confirmed number. It is attached when a clear read shows one.

        With separate stock it has a target and is suspended until then. A variant that a read found
        missing has been read before: it is suspended until the product work has found it.
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
