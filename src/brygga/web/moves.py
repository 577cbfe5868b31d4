"""A movement of stock in words: when, on which side, why, from what to what, and what became of our own request."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from brygga.core.stock import Side
from brygga.core.stock.story import Cause, Movement
from brygga.web.i18n import Words
from brygga.web.shelves import signed

BY_ITSELF: Final = frozenset({Cause.SEEN, Cause.ORDER, Cause.SWEPT})
"""The shelf moved by itself; everything else is our doing, or the merchant's on our pages."""
REQUESTS: Final = {
    Cause.WRITTEN: "landed",
    Cause.RESET: "landed",
    Cause.REFUSED: "refused",
    Cause.SETTLED: "landed_late",
    Cause.CORRECTED: "landed_late",
    Cause.NOT_WRITTEN: "not_landed",
    Cause.DOUBTED: "unknown",
}
"""What became of our request, as far as a movement tells."""
LEVELS: Final = frozenset({Cause.BORN, Cause.RESET, Cause.STARTED})
"""Their quantity is a level, not a change."""
MOVES: Final = BY_ITSELF | {Cause.WRITTEN, Cause.SETTLED}
"""A shelf moved by the movement's quantity. What the merchant asks for on our pages moves one only when it is written."""


@dataclass(frozen=True, slots=True)
class MoveView:
    """`whose` is till, shop or us; `moved` what a shelf moved by; `till` and `shop` the numbers before and after, None for none."""

    at: datetime
    whose: str
    sentence: str
    moved: int | None
    change: str
    till: tuple[int | None, int | None]
    shop: tuple[int | None, int | None]
    request: str = ""
    sent: datetime | None = None
    doubtful: bool = False


def move_view(words: Words, move: Movement) -> MoveView:
    ours = move.cause not in BY_ITSELF
    moved = move.change if move.cause in MOVES else None
    return MoveView(
        at=move.at,
        whose="us" if ours else "till" if move.side is Side.ZETTLE else "shop",
        sentence=sentence(words, move),
        moved=moved,
        change="" if not moved else signed(words, moved),
        till=(move.zettle_before, move.zettle_after),
        shop=(move.shop_before, move.shop_after),
        request=request(words, move),
        sent=move.sent,
        doubtful=move.cause in {Cause.DOUBTED, Cause.REFUSED},
    )


def sentence(words: Words, move: Movement) -> str:
    """The most particular sentence that there is: for what made the shelf move, else for the cause with side and direction."""
    key = next((key for key in _keys(move) if words.has(key)), "moved.other")
    number = words.number(abs(move.change))
    said = words.fill(key, {"n": number, "reference": move.reference})
    found_late = move.cause is Cause.SWEPT and key.startswith("reason.")
    return f"{said}. {words.fill('moved.found_late', {})}" if found_late else said


def request(words: Words, move: Movement) -> str:
    """What we sent and what became of it; "" for what is no request of ours."""
    key = REQUESTS.get(move.cause)
    if key is None:
        return ""
    quantity = words.number(move.change) if move.cause in LEVELS else signed(words, move.change)
    return words.fill(f"request.{key}", {"n": quantity, "took": took(words, move)})


def took(words: Words, move: Movement) -> str:
    """How long the answer took, "" where it did not come at once."""
    if move.sent is None or move.cause not in {Cause.WRITTEN, Cause.RESET}:
        return ""
    tenths = round((move.at - move.sent).total_seconds() * 10)
    return words.fill("request.took", {"s": words.number(Decimal(tenths) / 10)}) if tenths > 0 else ""


def _keys(move: Movement) -> Iterator[str]:
    direction = "down" if move.change < 0 else "up"
    if move.reason is not None:
        yield f"reason.{move.reason.value}.{move.side.value}"
    yield f"moved.{move.cause.value}.{move.side.value}.{direction}"
    yield f"moved.{move.cause.value}.{move.side.value}"
    yield f"moved.{move.cause.value}"
