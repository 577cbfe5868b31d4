"""The brakes on mass effects (decision 9): effects that are only inferred, from a list, a sweep or
an absence, stop when they are too many.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

WINDOW = timedelta(hours=1)
"""Effects are counted over a rolling hour, not per pass. So many small passes cannot do what one
large pass may not do.
"""

FEW = 10
SHARE = 10
"""More than a tenth of the catalogue, and more than ten products."""


class Effect(StrEnum):
    REMOVED = "removed"
    ZEROED = "zeroed"


class Cause(StrEnum):
    """What caused an effect."""

    EVENT = "event"
    """Zettle announced it by event, or deletedProducts named it."""
    ETAG = "etag"
    """Zettle's product has a newer etag."""
    PERSON = "person"
    INFERRED = "inferred"
    """We inferred it from a list, a sweep or an absence."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`allowed` of the wanted effects may go on. With `asks` the others wait for the merchant's
    answer.
    """

    allowed: int
    asks: bool = False


def verdict(cause: Cause, wanted: int, *, recent: int, catalogue: int) -> Verdict:
    """All of the wanted effects, or none of them and a question.

    `recent` is the number of inferred effects of the same kind in this connection within `WINDOW`.
    `catalogue` is the number of synced products. Only inferred effects are counted and can stop.
    """
    if cause is not Cause.INFERRED:
        return Verdict(wanted)
    return (
        Verdict(0, asks=True)
        if wanted and too_many(recent + wanted, catalogue)
        else Verdict(wanted)
    )


def too_many(effects: int, catalogue: int) -> bool:
    return effects > FEW and effects * SHARE > catalogue
