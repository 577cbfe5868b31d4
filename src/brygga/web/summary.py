"""The numbers of one connection that a page shows, counted over all of its products."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from brygga.database import bindings, left_out, library, library_pages, statements
from brygga.database.bindings import Totals
from brygga.database.engine import Database
from brygga.database.library_pages import State
from brygga.database.statements import Unequal
from brygga.web import progress
from brygga.web.carried import CODES
from brygga.web.progress import Progress


@dataclass(frozen=True, slots=True)
class Summary:
    counts: Mapping[State, int]
    totals: Totals
    vat: Sequence[tuple[Decimal | None, int]] = ()
    """How many synced products have each VAT rate (E1)."""
    left_out: int = 0
    """Products that lack something in BigCommerce, and are not ticked off."""
    progress: Progress = field(default_factory=Progress)
    unequal: Unequal = field(default_factory=Unequal)

    @property
    def failed(self) -> int:
        return self.counts[State.FAILED] + self.counts[State.UNREADABLE]


async def read(database: Database, connection_id: int, now: datetime) -> Summary:
    async with database.read() as tx:
        counts = await library_pages.counts(tx, connection_id)
        waiting = counts[State.WAITING]
        open_left_out, _ = await left_out.totals(tx, connection_id, CODES)
        return Summary(
            counts,
            await bindings.totals(tx, connection_id),
            await library.by_vat(tx, connection_id),
            open_left_out,
            await progress.read(tx, connection_id, waiting, now),
            await statements.unequal(tx, connection_id),
        )
