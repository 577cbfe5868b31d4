"""Engines that are wrong on purpose, a few lines each. A simulation that does not catch them is decoration.

Each is what somebody could have written, or what a later change could break. `MUTANTS` names them; `caught` looks for a seed that finds
one out.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa

from brygga import wiring
from brygga.core import stock
from brygga.core.stock import Ledger, Look, Shelf, Side, Timing, moves, settling
from brygga.core.stock.story import Cause
from brygga.store import leases, ledgers, marks
from brygga.store.database import Fence, Tx
from brygga.store.ledgers import Departed
from brygga.store.marks import Mark
from brygga.sync.creating import Creating
from brygga.sync.session import Lease
from brygga.sync.stock import booking, clocks, gather, sending
from brygga.sync.stock.pages import opened
from brygga.sync.stock.sending import Item, Sending
from brygga.web import hooks
from brygga.wiring import handlers
from brygga.zettle import events as till_events
from tests.simulation.disk import Disk, DiskDatabase
from tests.simulation.judging import OPEN, Verdict
from tests.simulation.naive import naive_handlers
from tests.simulation.process import MakeHandlers, Process
from tests.simulation.session import session

Broken = Callable[[], list[Any]]
"""The patches that make it."""


# ---- Remembering -----------------------------------------------------------------------------------------------------


def remember_after() -> list[Any]:
    """The flight is written down when it has landed, not before it leaves."""

    async def depart(self: Sending, side: Side, only: Any = None) -> list[Item]:
        now, call = self.session.clock.now(), self.session.dice.uuid1()
        async with opened(self.session, self.uuids) as pages:
            books = {v: b for v, b in pages.books.items() if only is None or v in only}
        left = []
        for variant, book in books.items():
            change = stock.sendable(book.ledger, side, now, self.timing)
            if change and self._may_leave(side, variant, counted=only is None):
                flight = stock.sent(book.ledger, side, change, call, now)[side].flight
                assert flight is not None
                left.append(Item(Departed(book.product_uuid, variant, side, flight)))
        return left

    async def end(self: Sending, side: Side, items: Sequence[Item], move: Any, cause: Any = None) -> None:
        async with opened(self.session, {item.product for item in items}) as pages:
            for item in items:
                book, flight = pages.books[item.variant], item.departed.flight
                if cause is Cause.WRITTEN and book.ledger[side].flight is None:
                    pages.put(book, move(stock.sent(book.ledger, side, item.quantity, flight.call, flight.sent)))

    async def unanswered(self: Sending, side: Side, items: Sequence[Item], left: datetime | None) -> None:
        return

    return [
        patch.object(Sending, "_depart", depart),
        patch.object(Sending, "_end", end),
        patch.object(Sending, "_unanswered", unanswered),
    ]


def landed_when_sent() -> list[Any]:
    """What was sent counts as known, whatever is answered."""

    def landed(ledger: Ledger, side: Side) -> Ledger:
        flight = ledger[side].flight
        assert flight is not None
        return stock.landed(ledger, side, flight.sent)

    return [
        patch.object(stock, "refused", landed),
        patch.object(stock, "unanswered", lambda ledger, side, at, left=None: landed(ledger, side)),
    ]


def repeat_blindly() -> list[Any]:
    """No answer is taken for a no."""
    return [patch.object(stock, "unanswered", lambda ledger, side, at, left=None: stock.refused(ledger, side))]


def hope() -> list[Any]:
    """No answer is taken for a yes."""
    return [patch.object(stock, "unanswered", lambda ledger, side, at, left=None: stock.landed(ledger, side, at))]


# ---- Seeing ----------------------------------------------------------------------------------------------------------


def ignore_lag() -> list[Any]:
    """Every read is taken for the truth of this moment."""
    return [patch.object(wiring, "Timing", lambda: Timing(lag_s=0.05))]


def ignore_echoes() -> list[Any]:
    """Nobody listens for our own identifiers."""

    async def nothing(tx: Tx, connection_id: int, calls: Any) -> Mapping[str, datetime]:
        return {}

    return [patch.object(ledgers, "echoes", nothing)]


def settle_by_level() -> list[Any]:
    """A level as after the write proves that it landed, one as before it that it did not."""

    def verdict(ledger: Ledger, side: Side, look: Look, timing: Timing, *, denied: bool) -> settling.Verdict:
        flight = ledger[side].flight
        assert flight is not None
        _, after = settling._expected(ledger, side, flight)
        return settling.Verdict.LANDED if look.level == after else settling.Verdict.NOT_LANDED

    return [patch.object(settling, "_verdict", verdict)]


def pair_by_place() -> list[Any]:
    """The rows of a list are taken to come in the order in which they were asked for."""

    def by_place(rows: Any) -> dict[str, Any]:
        found = list(rows)
        return dict(zip((row.variant_uuid for row in found), (row.balance for row in reversed(found)), strict=True))

    return [patch.object(gather, "balances", by_place)]


def deaf_to_strangers() -> list[Any]:
    """An event of Zettle's without an identifier is taken for our own."""
    real = hooks.till_marks

    def marked(event: Any) -> Any:
        own = isinstance(event, till_events.BalanceChanged) and not event.external_uuid
        return () if own else real(event)

    return [patch.object(hooks, "till_marks", marked)]


def both_follow() -> list[Any]:
    """Separate stock moves the other side too."""
    real = moves._moved

    def moved(ledger: Ledger, side: Side, shelf: Shelf, change: int, at: datetime) -> Ledger:
        found = real(ledger, side, shelf, change, at)
        other = found[side.other]
        if not ledger.separate or other.promised is None:
            return found
        return found.put(side.other, replace(other, owed=other.owed + change))

    return [patch.object(moves, "_moved", moved)]


def track_everything() -> list[Any]:
    """Tracking that was switched off is not noticed."""

    async def tracked(self: Any, book: Any, look: Look) -> bool:
        return True

    return [
        patch.object(booking.Booking, "_is_tracked", tracked),
        patch.object(stock, "stopped", lambda ledger: ledger),
    ]


# ---- Writing ---------------------------------------------------------------------------------------------------------


def absolute() -> list[Any]:
    """BigCommerce is told the new level, not the change."""
    real = Sending._call

    async def call(self: Sending, side: Side, items: Sequence[Item]) -> None:
        if side is Side.ZETTLE:
            await real(self, side, items)
            return
        place = gather.location(self.session)
        levels = [
            self.identities[item.variant].change(place, max(0, (item.departed.flight.base or 0) + item.quantity))
            for item in items
        ]
        await self.session.shop.set_levels(levels, "Zettle")

    return [patch.object(Sending, "_call", call)]


def forget_generations() -> list[Any]:
    """A mark is done although it was made again meanwhile."""
    statement = sa.text("DELETE FROM marks WHERE connection_id = :id AND kind = :kind AND subject = :subject")

    async def done(tx: Tx, mark: Mark) -> bool:
        values = {"id": mark.connection_id, "kind": mark.kind.value, "subject": mark.subject}
        return await tx.run(statement, values) > 0

    return [patch.object(marks, "done", done)]


def no_fence() -> list[Any]:
    """Whoever wants a connection works for it, whoever else does."""
    real = DiskDatabase.transaction

    def open_to_all(self: DiskDatabase, fence: Fence | None = None) -> Any:
        return real(self)

    taken = sa.text("SELECT lease_epoch FROM connections WHERE id = :id")

    return [
        patch.object(leases, "_TAKE", taken),
        patch.object(DiskDatabase, "transaction", open_to_all),
        patch.object(Lease, "check", lambda self, timeout_s: None),
    ]


def answer_first() -> list[Any]:
    """A webhook is answered whatever becomes of it."""
    real = Process.hear

    async def hear(self: Process, *message: Any) -> int:
        with suppress(Exception):
            await real(self, *message)
        return 200

    return [patch.object(Process, "hear", hear)]


def one_clock() -> list[Any]:
    """BigCommerce's clock is taken for ours."""

    def unmeasured(clocks: Any, side: Side, now: datetime) -> None:
        return None

    return [patch.object(module, "clock_of", unmeasured) for module in (clocks, sending)]


def create_again() -> list[Any]:
    """A create without an answer is sent once more, without a look."""

    async def settle(self: Creating, jobs: Any) -> None:
        return

    return [patch.object(Creating, "settle", settle)]


MUTANTS: Mapping[str, Broken] = {
    broken.__name__: broken
    for broken in (
        remember_after,
        landed_when_sent,
        repeat_blindly,
        hope,
        ignore_lag,
        ignore_echoes,
        settle_by_level,
        pair_by_place,
        deaf_to_strangers,
        both_follow,
        track_everything,
        absolute,
        forget_generations,
        no_fence,
        answer_first,
        one_clock,
        create_again,
    )
}


LATE: Mapping[str, int] = {"forget_generations": 670, "ignore_echoes": 80, "one_clock": 40, "settle_by_level": 15}
"""Where to begin for what has its chance seldom: from seed 0 on they are caught within 687, 86, 52 and 22."""


@dataclass(frozen=True, slots=True)
class Catch:
    """How many seeds it took, and what was found."""

    seeds: int
    verdict: Verdict

    @property
    def why(self) -> str:
        return self.verdict.alarms[0]


@contextmanager
def broken(name: str) -> Iterator[MakeHandlers]:
    """While it lasts the engine is that mutant; "" is the engine as it is."""
    with ExitStack() as stack:
        for one in MUTANTS[name]() if name in MUTANTS else ():
            stack.enter_context(one)
        yield naive_handlers if name == "naive" else handlers


def played(name: str, seed: int, disk: Disk) -> Verdict:
    """One session of the engine as it is, or of a mutant."""
    with broken(name) as make:
        return session(seed, disk, make)


def caught(name: str, disk: Disk, most: int = 50) -> Catch | None:
    """A seed in which the sound engine goes wrong too proves nothing, and is passed over."""
    seeds = (seed for seed in itertools.count(LATE.get(name, 0)) if seed not in OPEN)
    for count, seed in enumerate(itertools.islice(seeds, most), start=1):
        verdict = played(name, seed, disk)
        if verdict.alarms:
            return Catch(count, verdict)
    return None
