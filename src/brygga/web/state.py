"""The state of a running connection in one sentence: is everything all right, and if not, who does
something.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from brygga.core.stock.latest import LastChange
from brygga.core.stock.ledger import Side
from brygga.web.i18n import Words


class Tone(StrEnum):
    """Each has a word in `locale/` under `tone.`: colour alone says nothing."""

    GOOD = "good"
    BUSY = "busy"
    """Something is on its way, and nobody need do anything."""
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Health:
    """What the sentence is made of. `needs` counts what only the merchant can do."""

    stopped: bool = False
    """All work waits for the merchant."""
    products_paused: bool = False
    silent: bool = False
    """A platform does not answer."""
    needs: int = 0
    wanted: int = 0
    made: int = 0
    """Of the `wanted` products, those that are in the store."""
    waiting: int = 0
    stock_waiting: int = 0
    synced: int = 0
    unequal: int = 0
    """Variants whose two numbers are not equal, and need not become so: each has its reason."""


@dataclass(frozen=True, slots=True)
class StateView:
    tone: str
    key: str
    params: tuple[tuple[str, str], ...] = ()


def state(words: Words, health: Health) -> StateView:
    """The first row that fits.

    | what is so | tone | sentence |
    |---|---|---|
    | all work waits for the merchant | bad | stopped |
    | the merchant can do something | warn | needs |
    | a platform does not answer | warn | silent |
    | the merchant paused product sync | warn | products_paused |
    | products are not in the store yet | busy | first |
    | products or stock are on their way | busy | waiting |
    | no product is synced | good | empty |
    | some numbers are not equal | good | matches_but |
    | else | good | matches |
    """
    return _stands_still(words, health) or _moves(words, health)


def _stands_still(words: Words, health: Health) -> StateView | None:
    if health.stopped:
        return StateView(Tone.BAD, "state_now.stopped")
    if health.needs:
        key = "state_now.needs_one" if health.needs == 1 else "state_now.needs"
        return StateView(Tone.WARN, key, (("n", words.number(health.needs)),))
    if health.silent:
        return StateView(Tone.WARN, "state_now.silent")
    if health.products_paused:
        return StateView(Tone.WARN, "state_now.products_paused")
    return None


def _moves(words: Words, health: Health) -> StateView:
    if health.made < health.wanted:
        made, wanted = words.number(health.made), words.number(health.wanted)
        return StateView(Tone.BUSY, "state_now.first", (("made", made), ("wanted", wanted)))
    if count := health.waiting + health.stock_waiting:
        key = "state_now.waiting_one" if count == 1 else "state_now.waiting"
        return StateView(Tone.BUSY, key, (("n", words.number(count)),))
    if health.unequal and health.synced:
        key = "state_now.matches_but_one" if health.unequal == 1 else "state_now.matches_but"
        return StateView(Tone.GOOD, key, (("n", words.number(health.unequal)),))
    return StateView(Tone.GOOD, "state_now.matches" if health.synced else "state_now.empty")


@dataclass(frozen=True, slots=True)
class LastView:
    """The last change of stock, as one sentence with its time."""

    key: str
    at: datetime
    took: str = ""


def last_view(words: Words, change: LastChange | None) -> LastView | None:
    if change is None:
        return None
    side = "till" if change.side is Side.ZETTLE else "shop"
    kind = "sale" if change.is_sale else "change"
    if change.took_s is None:
        return LastView(f"last.{side}.{kind}", change.at)
    return LastView(f"last.{side}.{kind}.done", change.at, took(words, change.took_s))


def took(words: Words, seconds: float) -> str:
    """0.8 s, 14 s or 3 min."""
    if seconds >= 120:
        return words.fill("took.minutes", {"n": words.number(round(seconds / 60))})
    number = Decimal(f"{seconds:.1f}") if seconds < 10 else Decimal(round(seconds))
    return words.fill("took.seconds", {"n": words.number(number)})
