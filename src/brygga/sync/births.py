"""Where product work and stock work meet: what a shelf starts with, and what became of its birth.

Stock work provides these three; product work calls them around every create (docs/design.md, "Stock", Birth).
"""

from collections.abc import Collection, Mapping
from typing import Protocol

from brygga.store.database import Tx
from brygga.sync.session import Session

Levels = Mapping[str, int]
"""Zettle variant uuid -> the level that rides in the create."""


class Births(Protocol):
    async def first_levels(self, session: Session, uuids: Collection[str]) -> Mapping[str, Levels | None]:
        """By product: the level of each variant, saved in the table `births` before any create leaves; None where
        Zettle does not track the product, or a level is unknown."""
        ...

    async def born(self, tx: Tx, session: Session, uuid: str, variants: Mapping[str, int]) -> None:
        """The product is there: its variants (Zettle uuid -> BigCommerce variant id) carry the levels that were given."""
        ...

    async def all_born(self, session: Session, uuids: Collection[str]) -> None:
        """A batch of creates is over: their first looks are taken together."""
        ...

    async def not_born(self, tx: Tx, session: Session, uuid: str) -> None:
        """The product was certainly not made: its levels are forgotten."""
        ...


class NoStock:
    """No product is tracked: for stores whose stock is not synced at all."""

    async def first_levels(self, session: Session, uuids: Collection[str]) -> Mapping[str, Levels | None]:
        return dict.fromkeys(uuids)

    async def born(self, tx: Tx, session: Session, uuid: str, variants: Mapping[str, int]) -> None:
        return

    async def all_born(self, session: Session, uuids: Collection[str]) -> None:
        return

    async def not_born(self, tx: Tx, session: Session, uuid: str) -> None:
        return
