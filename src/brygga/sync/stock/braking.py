"""The brake of the stock sweep (decision 9): too many zeroed levels at once are stopped, and the
merchant's answer holds.

Three kinds of products wait. The sweep leaves out the whole product, because a movement of one
variant would cause a read of all:

- asked about: as long as the question is open, even if few of them are left;
- left alone: "No, leave them" holds for the records that were asked about. It ends when a record
  shows another number, or when the ordinary work (an event, an order, a count on a page) has read
  it or written to it;
- newly found: if they and those asked about are too many together.

If the newly found are few they go on, unless their product waits for one of the other reasons.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from brygga.core import guards
from brygga.core.guards import Cause, Effect
from brygga.core.report import Code, Line, Severity, Topic
from brygga.core.stock import Gap, Side
from brygga.database import brakes, synclog, zeroed
from brygga.database.brakes import Question
from brygga.database.engine import Tx
from brygga.database.zeroed import ZeroedLevel
from brygga.sync.stock.gather import World
from brygga.sync.worker.session import Session

ZEROED = Effect.ZEROED.value


async def braked(session: Session, world: World, catalogue: int) -> frozenset[str]:
    """Returns the products that this pass must leave as they are."""
    async with session.transaction() as tx:
        return await Brake(tx, session, world).run(catalogue)


@dataclass(frozen=True, slots=True)
class Brake:
    """The decision of one pass, in one transaction. It applies the answer, forgets what is over,
    and counts the rest.
    """

    tx: Tx
    session: Session
    world: World

    async def run(self, catalogue: int) -> frozenset[str]:
        question = await brakes.locked(self.tx, self.session.connection.id, ZEROED)
        before = await zeroed.all_of(self.tx, self.session.connection.id)
        standing = [one for one in before.values() if _stands(self.world, one)]
        standing, released = await self._answered(question, standing)

        asked = {one.product_uuid for one in standing if not one.is_left}
        left = {one.product_uuid for one in standing if one.is_left}
        places = {one.place for one in standing}
        fresh = [
            one
            for one in found(self.world)
            if one.place not in places and one.product_uuid not in released
        ]
        new = {one.product_uuid for one in fresh}
        if await self._are_too_many(asked, new, catalogue):
            standing, asked = [*standing, *fresh], asked | new
        else:
            await brakes.note(
                self.tx, self.session.connection.id, ZEROED, sorted(new - asked - left), self._now
            )
        if {one.place: one for one in standing} != before:
            await zeroed.save(self.tx, self.session.connection.id, standing)
        await self._ask(question, asked, catalogue)
        return frozenset(asked | left)

    @property
    def _now(self) -> datetime:
        return self.session.clock.now()

    async def _answered(
        self, question: Question | None, standing: list[ZeroedLevel]
    ) -> tuple[list[ZeroedLevel], Collection[str]]:
        """The records that still wait after the merchant's answer, and the products that it
        releases.
        """
        if question is None or not question.answer:
            return standing, ()
        await brakes.close(self.tx, self.session.connection.id, ZEROED)
        asked = {one.product_uuid for one in standing if not one.is_left}
        if question.answer == "go":
            await self._say(Code.ZEROES_ACCEPTED, count=str(len(asked)))
            return [one for one in standing if one.product_uuid not in asked], asked
        await self._say(Code.ZEROES_LEFT, count=str(len(asked)))
        return [replace(one, is_left=True) for one in standing], ()

    async def _are_too_many(
        self, asked: Collection[str], new: Collection[str], catalogue: int
    ) -> bool:
        since = self._now - guards.WINDOW
        recent = await brakes.noted_since(self.tx, self.session.connection.id, ZEROED, since)
        wanted = {*asked, *new}
        others = len(set(recent) - wanted)
        return guards.verdict(Cause.INFERRED, len(wanted), recent=others, catalogue=catalogue).asks

    async def _ask(self, question: Question | None, asked: Collection[str], catalogue: int) -> None:
        """Updates the question on the page: it names the products that wait now. Without any it is
        closed.
        """
        is_open = question is not None and not question.answer
        if asked:
            wanted = Question(ZEROED, tuple(sorted(asked)), self._now)
            await brakes.ask(self.tx, self.session.connection.id, wanted)
            await brakes.narrow(self.tx, self.session.connection.id, ZEROED, sorted(asked))
            if not is_open:
                params = {"effect": ZEROED, "count": str(len(asked)), "catalogue": str(catalogue)}
                await self._say(Code.MASS_EFFECT_STOPPED, Severity.WARNING, **params)
        elif is_open:
            await brakes.close(self.tx, self.session.connection.id, ZEROED)
            await self._say(Code.ZEROES_OVER)

    async def _say(self, code: Code, severity: Severity = Severity.INFO, **params: str) -> None:
        line = Line(code, Topic.STOCK, severity, params=params)
        await synclog.add(self.tx, self.session.connection.id, line, self._now)


def found(world: World) -> Iterable[ZeroedLevel]:
    """The zeroed levels: records that had stock and show none."""
    for variant, ledger_row in world.stored.ledger_rows.items():
        for side in Side:
            read, record = world.reads[side].get(variant), ledger_row.ledger[side]
            if read is None:
                continue
            before, level = record.confirmed, read.level
            if isinstance(level, int) and isinstance(before, int) and level <= 0 < before:
                of = ledger_row.product_uuid, variant, side
                yield ZeroedLevel(*of, before, level, record.seen)


def _stands(world: World, one: ZeroedLevel) -> bool:
    """Whether the record is as it was when the merchant was asked. A level that cannot be read this
    time counts as unchanged.
    """
    ledger_row = world.stored.ledger_rows.get(one.variant_uuid)
    if (
        ledger_row is None
        or one.variant_uuid not in world.stored.variants
        or ledger_row.product_uuid != one.product_uuid
    ):
        return False
    read = world.reads[one.side].get(one.variant_uuid)
    if read is None or not one.is_as_it_was(ledger_row.ledger):
        return False
    return read.level in (one.level, Gap.UNKNOWN) or (
        read.level is Gap.UNTRACKED and one.side is Side.SHOP
    )
