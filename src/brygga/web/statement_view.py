"""A stored statement as a page and as a file show it: the sums, and each variant that is not equal
with its reason and what helps.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from brygga.core.statements import Link, Reason, broken


@dataclass(frozen=True, slots=True)
class Difference:
    """A variant that is not equal. `link` leads to what helps, "" where nothing is to be done."""

    product: str
    variant: str
    name: str
    sku: str
    zettle: int | None
    shop: int | None
    reason: str
    link: str = ""
    post: str = ""


@dataclass(frozen=True, slots=True)
class StatementView:
    number: int
    made_at: datetime
    hash: str
    previous: str
    equal: int
    different: int
    unknown: int
    separate: int
    rows_different: tuple[Difference, ...] = ()
    rows_unknown: tuple[Difference, ...] = ()
    fits: bool = True
    """Whether the text still has the hash that was stored with it."""

    @property
    def rest(self) -> int:
        """How many variants are counted and not listed."""
        return self.different + self.unknown - len(self.rows_different) - len(self.rows_unknown)


def view_of(link: Link, plain: dict[str, Any]) -> StatementView:
    return StatementView(
        number=link.number,
        made_at=datetime.fromisoformat(plain["made_at"]),
        hash=link.hash,
        previous=link.previous,
        equal=plain["equal"],
        different=plain["different"],
        unknown=plain["unknown"],
        separate=plain["separate"],
        rows_different=tuple(map(_difference, plain["rows_different"])),
        rows_unknown=tuple(map(_difference, plain["rows_unknown"])),
        fits=broken([link]) is None,
    )


def _difference(row: dict[str, Any]) -> Difference:
    product, variant, reason = row["product"], row["variant"], row["reason"]
    why = f"/library/{product}/variants/{variant}/stock"
    link, post_to = why, ""
    match reason:
        case Reason.ASKED.value:
            link = f"/library/{product}/stock/check"
        case Reason.HELD.value:
            link = "/apps/bigcommerce/answer/zeroed"
        case Reason.UNDER_WAY.value | Reason.UNEXPLAINED.value:
            post_to = f"/apps/bigcommerce/statements/read/{product}"
        case Reason.ZETTLE_UNREAD.value | Reason.SHOP_UNREAD.value:
            post_to = f"/apps/bigcommerce/statements/read/{product}"
        case Reason.COUNTED_OTHERWISE.value | Reason.NOT_COUNTED.value | Reason.NOT_THERE.value:
            link = f"/library/{product}"
        case _:
            pass
    return Difference(
        product, variant, row["name"], row["sku"], row["zettle"], row["shop"], reason, link, post_to
    )
