"""What the operator's API answers, and the bodies that it reads (`api`)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from msgspec import Meta

from brygga.web.operating.status import Merchant, ProductState
from brygga.web.replaying import Again

# ---- Answers -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Merchants:
    merchants: list[Merchant]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class ProductList:
    products: list[ProductState]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class Said:
    """A line of the sync log, in the language that was asked for."""

    id: int
    at: str
    code: str
    topic: str
    severity: str
    product: str
    sentence: str
    cause: str
    action: str


@dataclass(frozen=True, slots=True)
class Log:
    """The newest line first. `older` is what `before` takes for the lines after these."""

    lines: list[Said]
    older: int | None


@dataclass(frozen=True, slots=True)
class Webhooks:
    """What this version makes of webhooks that are kept. `differ`: how many it would take
    otherwise than the version that received them.
    """

    webhooks: int
    differ: int
    shown: list[Again]


@dataclass(frozen=True, slots=True)
class Held:
    connection: int
    held: bool
    changed: bool


@dataclass(frozen=True, slots=True)
class Resumed:
    """What ended: an operator's hold, and the cause of a pause."""

    connection: int
    held: bool
    paused: str


@dataclass(frozen=True, slots=True)
class SyncAsked:
    connection: int
    product: str


@dataclass(frozen=True, slots=True)
class Retried:
    """How much is tried now, by connection."""

    retried: dict[str, int]


@dataclass(frozen=True, slots=True)
class Replayed:
    webhooks: int
    work: int


@dataclass(frozen=True, slots=True)
class Erased:
    """`tables` and `hash` are the receipt; empty while the connection is being disconnected first,
    where `receipt_url` shows the receipt later.
    """

    done: bool
    tables: dict[str, int]
    hash: str
    receipt_url: str


# ---- Bodies --------------------------------------------------------------------------------------

Word = Annotated[str, Meta(max_length=200, pattern="^[^\\x00]*$")]
"""No statement of the database takes a text that holds U+0000."""


@dataclass(frozen=True, slots=True)
class SyncWish:
    """`product`: only this one. `webhooks`: make both platforms' webhooks anew as well."""

    product: Word = ""
    webhooks: bool = False


@dataclass(frozen=True, slots=True)
class RetryWish:
    """Which failed work: "" means any."""

    kind: Word = ""
    support_id: Word = ""
    cause: Word = ""


@dataclass(frozen=True, slots=True)
class ReplayWish:
    """One webhook, or those of the last hours, or those of the hour that begins at `at`."""

    id: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0
    hours: Annotated[int, Meta(ge=1, le=720)] = 1
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class EraseWish:
    """`confirm` is the merchant's name, or the number as a text where there is none: a wrong one
    erases nothing. `disconnect`: an active connection is disconnected first, keeping its products.
    """

    confirm: Word = ""
    disconnect: bool = False


@dataclass(frozen=True, slots=True)
class Empty:
    """No field is needed."""

    unused: None = field(default=None)
