"""Why a number is what it is: one line for each move of a ledger, for the page that answers "why is
this 7?".
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from brygga.core.stock.ledger import Ledger, Side


class Cause(StrEnum):
    SEEN = "seen"
    """The record moved by itself: a sale, a refund, an order or an edit there."""
    ORDER = "order"
    """As `seen`, and the store named an order as the reason (`explaining.is_order`)."""
    SWEPT = "swept"
    """As `seen`, but no event announced it: a sweep found it."""
    WRITTEN = "written"
    """Our write landed."""
    CREATED = "born"
    ATTACHED = "adopted"
    RESET = "reset"
    """An absolute level was written."""
    RESOLVED = "settled"
    """An unanswered write was found to have landed."""
    NOT_WRITTEN = "not_written"
    """An unanswered write was found not to have landed: it is in `to_push` again."""
    IN_DOUBT = "doubted"
    """The outcome of a write is in doubt: the lower number is the target."""
    CONTRADICTED = "contradicted"
    """As `in_doubt`, because the marker and the record contradict each other. An operator counts
    these (decision 16).
    """
    REFUSED = "refused"
    """The platform refused our write: it is in `to_push` again, and nothing moved."""
    CORRECTED = "corrected"
    """The outcome of a write without an answer is known now. Both targets were its quantity too
    high or too low, and are corrected.
    """
    SPLIT = "split"
    JOINED = "joined"
    COUNTED = "counted"
    """The merchant, asked to check, typed the right number."""
    CONFIRMED = "confirmed"
    """The merchant, asked to check, said that the number is right as it is."""
    COMPARED = "compared"
    """Both sides were compared after a restore or a take-over. Where the merchant is asked, and
    sales and orders since the backup tell what is left, the quantity is by how much that differs
    from Zettle's number.
    """
    STARTED = "started"
    STOPPED = "stopped"


BY_EVENT = frozenset({Cause.SEEN, Cause.ORDER})
"""The record moved by itself, and an event may have reported it."""
OWN = BY_EVENT | {Cause.SWEPT}
"""The record moved by itself."""


class Reason(StrEnum):
    """Why a record moved by itself, as far as the platforms' sales and orders show. It is an
    explanation and decides nothing.
    """

    SALE = "sale"
    REFUND = "refund"
    ORDER = "order"
    RETURN = "return"
    """An order cancelled or refunded, where the store puts stock back."""
    SEVERAL = "several"
    """Sales and refunds, or orders and returns, in one read."""
    EDIT = "edit"
    """No sale, refund or order fits: a person or another app changed the number."""
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Movement:
    """One move of one variant. `change` is on `side`. The numbers are each record's confirmed level
    before and after, None where it had none.

    `call` is the id of our own request, and `sent` is when it left. `reference` is the number of an
    order or a sale. They are empty where they are not known.
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
    reported: datetime | None = None
    """When we received the platform's last event about this record. None for our own moves, and
    where no event came.
    """
    reason: Reason | None = None
    """None until a page asks for it, and for a move that the record did not make by itself."""
    seller: str = ""
    """Who sold it, where Zettle says so. Never a shopper."""
    place: str = ""
    """Where it was sold or ordered, in the platform's word: POS, www, manual."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What a movement is about. The numbers come from the ledgers."""

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
        _confirmed(before, Side.ZETTLE),
        _confirmed(after, Side.ZETTLE),
        _confirmed(before, Side.SHOP),
        _confirmed(after, Side.SHOP),
        what.call,
        what.reference,
        pending_write.sent
        if pending_write is not None and pending_write.call == what.call
        else None,
        before[what.side].hinted or after[what.side].hinted if what.cause in BY_EVENT else None,
    )


def _confirmed(ledger: Ledger, side: Side) -> int | None:
    confirmed = ledger[side].confirmed
    return confirmed if isinstance(confirmed, int) else None
