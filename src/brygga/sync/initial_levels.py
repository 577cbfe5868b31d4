"""Where product work and stock work meet: the initial levels of stock records, and the outcome of
their creates.

Stock work implements these methods. Product work calls them around every create (docs/design.md,
"Stock"), and when it finds that the merchant created or deleted a variant in the store
(decisions 17, 18).
"""

from collections.abc import Collection, Mapping
from typing import Protocol

from brygga.core.failures import Unreachable
from brygga.core.stock import Orders
from brygga.database.engine import Tx
from brygga.sync.worker.session import Session
from brygga.zettle.codes import Code

Levels = Mapping[str, int]
"""Zettle variant uuid -> the level that is sent with the create."""


class InitialLevels(Protocol):
    async def first_levels(
        self, session: Session, uuids: Collection[str]
    ) -> Mapping[str, Levels | None]:
        """By product: the level of each variant, saved in the table `initial_levels` before any
        create is sent. None where Zettle does not track the product, or a level is unknown. A
        product whose stock cannot be read now is left out.
        """
        ...

    async def created(
        self, tx: Tx, session: Session, products: Mapping[str, Mapping[str, int]]
    ) -> None:
        """These products exist: their variants (Zettle uuid -> BigCommerce variant id) have the
        levels that were sent.
        """
        ...

    async def all_created(self, session: Session, uuids: Collection[str]) -> None:
        """A batch of creates is over: the first level reads of these products are made together."""
        ...

    async def kept(self, tx: Tx, session: Session, uuid: str, variants: Mapping[str, int]) -> None:
        """BigCommerce knows these variants by another id, and still has their levels."""
        ...

    async def not_created(self, tx: Tx, session: Session, uuid: str) -> None:
        """The product was certainly not created: its initial levels are deleted."""
        ...

    async def renewed(
        self, tx: Tx, session: Session, uuid: str, variants: Mapping[str, int], orders: Orders
    ) -> None:
        """The store's levels of these variants are gone. The target levels are written, less what
        `orders` took.
        """
        ...

    async def let_go(self, tx: Tx, session: Session, uuid: str, variants: Collection[str]) -> None:
        """The store has no level of these variants that could be shared. Nothing is written to
        either side.
        """
        ...


def unread(uuid: str) -> Unreachable:
    """Why a product that `first_levels` left out is not created yet."""
    return Unreachable(Code.UNREACHABLE.value, f"the stock of {uuid} cannot be read")
