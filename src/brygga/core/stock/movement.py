"""Why a number is what it is: every move of a ledger as one line, for the page that answers "why is
this 7?".
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from brygga.core.stock.ledger import Ledger, Side


class Cause(StrEnum):
    SEEN = "seen"
    """The shelf moved by itself: a sale, a refund, an order or an edit there."""
    ORDER = "order"
    """As `seen`, and the shop named an order as the reason (`explaining.is_order`)."""
    SWEPT = "swept"
    """As `seen`, but nobody announced it: a sweep found it."""
    WRITTEN = "written"
    """Our write landed."""
    CREATED = "born"
    ATTACHED = "adopted"
    RESET = "reset"
    """An absolute level was written."""
    RESOLVED = "settled"
    """An unanswered write turned out to have landed."""
    NOT_WRITTEN = "not_written"
    """An unanswered write turned out not to have landed: it is owed again."""
    IN_DOUBT = "doubted"
    """Nobody could tell what became of a write: the lower number was promised."""
    CONTRADICTED = "contradicted"
    """As `in_doubt`, because the marker and the record say opposite things. An operator counts these
    (decision 16).
    """
    REFUSED = "refused"
    """The platform said no to our write: it is owed again, and nothing moved."""
    CORRECTED = "corrected"
    """It is known now what became of a write without an answer: both sides promised its quantity
    too much or too little.
    """
    SPLIT = "split"
    JOINED = "joined"
    COUNTED = "counted"
    """The merchant, asked to check, typed the right number."""
    CONFIRMED = "confirmed"
    """The merchant, asked to check, said that the number is right as it is."""
    STARTED = "started"
    STOPPED = "stopped"


class Reason(StrEnum):
    """What made a shelf move by itself, as far as the platforms' sales and orders tell. It
    explains, and decides nothing.
    """

    SALE = "sale"
    REFUND = "refund"
    ORDER = "order"
    RETURN = "return"
    """An order cancelled or refunded, where the store puts stock back."""
    SEVERAL = "several"
    """Sales and refunds, or orders and returns, in one look."""
    EDIT = "edit"
    """No sale, refund or order fits: somebody changed the number, or another app did."""
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Movement:
    """One move of one variant. `change` is on `side`; the numbers are what each shelf was known to
    hold, None where there was none.

    `call` is the id of our own request and `sent` when it left, `reference` an order's or sale's
    number, where they are known.
    """

    at: datetime
    product_uuid: str
    variant_uuid: str
    side: Side
    cause: Cause
    change: int
    zettle_before: int | None
    zettle_after: int | None
    shop_before: int | None
    shop_after: int | None
    call: str = ""
    reference: str = ""
    sent: datetime | None = None
    reason: Reason | None = None
    """None while nobody has asked, and for what is no movement of the shelf's own."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What a movement is about; the numbers come from the ledgers."""

    side: Side
    cause: Cause
    change: int
    call: str = ""
    reference: str = ""


def reported(
    what: Moved, of: tuple[str, str], before: Ledger, after: Ledger, at: datetime
) -> Movement:
    """The movement between two states of the ledger `of` a product's variant (their uuids)."""
    pending_write = before[what.side].pending_write
    return Movement(
        at,
        *of,
        what.side,
        what.cause,
        what.change,
        _known(before, Side.ZETTLE),
        _known(after, Side.ZETTLE),
        _known(before, Side.SHOP),
        _known(after, Side.SHOP),
        what.call,
        what.reference,
        pending_write.sent
        if pending_write is not None and pending_write.call == what.call
        else None,
    )


def _known(ledger: Ledger, side: Side) -> int | None:
    known = ledger[side].confirmed
    return known if isinstance(known, int) else None
