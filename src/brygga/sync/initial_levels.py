"""Where product work and stock work meet: what a shelf starts with, and what became of its birth.

Stock work provides these; product work calls them around every create (docs/design.md, "Stock",
Birth), and when it finds that a merchant's hands in the store made or unmade a variant (decisions
17, 18).
"""

from collections.abc import Collection, Mapping
from typing import Protocol

from brygga.core.failures import Unreachable
from brygga.core.stock import Orders
from brygga.database.engine import Tx
from brygga.sync.worker.session import Session
from brygga.zettle.codes import Code

Levels = Mapping[str, int]
"""Zettle variant uuid -> the level that rides in the create."""


class InitialLevels(Protocol):
    async def first_levels(
        self, session: Session, uuids: Collection[str]
    ) -> Mapping[str, Levels | None]:
        """By product: the level of each variant, saved in the table `initial_levels` before any create
        leaves; None where Zettle does not track the product, or a level is unknown. A product whose
        stock cannot be read just now is left out."""
        ...

    async def created(
        self, tx: Tx, session: Session, uuid: str, variants: Mapping[str, int]
    ) -> None:
        """The product is there: its variants (Zettle uuid -> BigCommerce variant id) carry the
        levels that were given.
        """
        ...

    async def all_created(self, session: Session, uuids: Collection[str]) -> None:
        """A batch of creates is over: their first looks are taken together."""
        ...

    async def kept(self, tx: Tx, session: Session, uuid: str, variants: Mapping[str, int]) -> None:
        """BigCommerce knows these by another id, and has their numbers still."""
        ...

    async def not_created(self, tx: Tx, session: Session, uuid: str) -> None:
        """The product was certainly not made: its levels are forgotten."""
        ...

    async def renewed(
        self, tx: Tx, session: Session, uuid: str, variants: Mapping[str, int], orders: Orders
    ) -> None:
        """The numbers that the store had of these variants are gone: the promised ones are written,
        less what `orders` took."""
        ...

    async def let_go(self, tx: Tx, session: Session, uuid: str, variants: Collection[str]) -> None:
        """The store has no number of these variants that could be shared: nothing is written to
        either side.
        """
        ...


def unread(uuid: str) -> Unreachable:
    """Why a product that `first_levels` left out is not made yet."""
    return Unreachable(Code.UNREACHABLE.value, f"the stock of {uuid} cannot be read")
