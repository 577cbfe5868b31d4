"""Which products belong in the store: P8, P9, A1 to A3, and the tri-state box of A5."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum, StrEnum


def belongs(*, exists: bool, decided: bool | None, whole_library: bool, known_at_setup: bool) -> bool:
    """True when the product is to be sold in BigCommerce.

    | in Zettle | somebody decided | mode | known when set-up was finished | belongs |
    |---|---|---|---|---|
    | deleted | any | any | any | no (P12) |
    | there | yes, assigned | any | any | yes (A1, A2, P8) |
    | there | yes, unassigned, or its box unticked in our form | any | any | no (A3, P9) |
    | there | no | whole library | any | yes (P8) |
    | there | no | by hand | no: added after it | yes (P8) |
    | there | no | by hand | yes | no (P8) |

    `decided` is the merchant's word for this product, None while there is none.
    """
    if not exists:
        return False
    if decided is not None:
        return decided
    return whole_library or not known_at_setup


class Box(Enum):
    """A channel's box in the assign dialog, as it stands or as the merchant left it."""

    TICKED = "ticked"
    EMPTY = "empty"
    MIXED = "mixed"


def box_of(assigned: Iterable[bool]) -> Box:
    """How the box stands for a selection: mixed when some are assigned and some are not. Nothing selected: empty."""
    states = set(assigned)
    if states == {True}:
        return Box.TICKED
    return Box.MIXED if len(states) == 2 else Box.EMPTY


@dataclass(frozen=True, slots=True)
class Reassignment:
    """Only what changes: products that are already as the box says are in neither."""

    assign: tuple[str, ...] = ()
    unassign: tuple[str, ...] = ()


def reassigned(selected: Collection[tuple[str, bool]], box: Box) -> Reassignment:
    """What the merchant's answer means for the selected products, as (Zettle uuid, assigned). A mixed box changes nothing (A5)."""
    match box:
        case Box.TICKED:
            return Reassignment(assign=tuple(uuid for uuid, assigned in selected if not assigned))
        case Box.EMPTY:
            return Reassignment(unassign=tuple(uuid for uuid, assigned in selected if assigned))
        case Box.MIXED:
            return Reassignment()


class Removal(StrEnum):
    """Why a product leaves BigCommerce, and with it whether there is time to undo (decision 14)."""

    UNASSIGNED = "unassigned"
    DELETED_IN_ZETTLE = "deleted_in_zettle"
    DISCONNECTED = "disconnected"


UNDO_S = 10


def undo_seconds(removal: Removal) -> int:
    """How long the delete waits. Until then nothing has changed: the product is on sale and its stock is synced."""
    return UNDO_S if removal is Removal.UNASSIGNED else 0
