"""What a failure means for the mark it met. The only place where this is decided.

Unreachable      tried again, later each time; said once, and once more when it is over
Unanswered       tried again soon: the handler then settles what became of it
Refused          done; the merchant reads why in the sync log; no retry until the data changes
NeedsMerchant    the connection pauses and the merchant is told; its marks wait
anything else    a bug of ours: the mark is parked under a support id, the operator gets the traceback
"""

import traceback
from collections.abc import Callable
from dataclasses import dataclass

from brygga.core.failures import Failure, NeedsMerchant, Refused, Unanswered, Unreachable
from brygga.core.report import Code, Line, Severity, Topic
from brygga.seams import Clock, Dice
from brygga.store import connections, library, marks, support, synclog
from brygga.store.marks import STOCK_LANE, Kind, Mark
from brygga.sync.pace import Pace
from brygga.sync.session import Session

Refusal = Callable[[Mark, Refused], Line | None]
"""The line that tells the merchant of a refusal; None when the handler has already said it."""

_WORKED_ON_WHEN_PAUSED = frozenset({Kind.LEAVE, Kind.SETUP})
_PRODUCTS = frozenset({Kind.PRODUCT, Kind.SHOP_PRODUCT, Kind.ADDITION, Kind.LINK})
_ABOUT_A_PRODUCT = frozenset(
    {Kind.STOCK, Kind.SETTLE, Kind.TRACKING, Kind.EXPLAIN, Kind.PRODUCT, Kind.ADDITION, Kind.LINK}
)


def topic(mark: Mark) -> Topic:
    if mark.kind in STOCK_LANE:
        return Topic.STOCK
    return Topic.PRODUCT if mark.kind in _PRODUCTS else Topic.CONNECTION


def subject(mark: Mark) -> str:
    """The Zettle product that a line about this mark is about."""
    return mark.subject if mark.kind in _ABOUT_A_PRODUCT else ""


def refusal_line(mark: Mark, refused: Refused) -> Line | None:
    """The line for a refusal that no handler has put into better words."""
    return Line(Code.REFUSED, topic(mark), Severity.ERROR, subject=subject(mark), params={"cause": refused.code})


@dataclass(frozen=True, slots=True)
class Judge:
    clock: Clock
    dice: Dice
    pace: Pace
    refusal: Refusal = refusal_line

    async def failed(self, session: Session, mark: Mark, failure: Failure) -> None:
        """The decision table of this module's docstring."""
        match failure:
            case Unreachable():
                await self._unreachable(session, mark, failure)
            case Unanswered():
                await session.again(mark, self._delay_s(mark, most_s=30))
            case Refused():
                await self._refused(session, mark, failure)
            case NeedsMerchant():
                await self._needs_merchant(session, mark, failure)
            case _:
                await self.park(session, mark, failure)

    async def _unreachable(self, session: Session, mark: Mark, failure: Unreachable) -> None:
        after_s = max(failure.after_s or 0.0, self._delay_s(mark, self.pace.retry_most_s))
        async with session.transaction() as tx:
            await session.again(mark, after_s, tx=tx)
            news = await connections.unreachable(tx, session.connection.id, self.clock.now())
        if news:
            session.log.warning("unreachable", code=failure.code, detail=failure.detail)

    async def recovered(self, session: Session) -> bool:
        """Ends an outage once nothing of the connection is being tried again. True when none is left."""
        async with session.transaction() as tx:
            if await marks.struggling(tx, session.connection.id):
                return False
            news = await connections.reachable(tx, session.connection.id)
        if news:
            session.log.info("recovered")
        return True

    async def _refused(self, session: Session, mark: Mark, failure: Refused) -> None:
        now = self.clock.now()
        async with session.transaction() as tx:
            if line := self.refusal(mark, failure):
                await synclog.add(tx, session.connection.id, line, now)
            if mark.kind is Kind.PRODUCT:
                await library.fail(tx, session.connection.id, mark.subject, failure.code, now)
            await session.finish(mark, tx=tx)
        kind = mark.kind.value
        session.log.info("refused", kind=kind, subject=mark.subject, code=failure.code, detail=failure.detail)

    async def _needs_merchant(self, session: Session, mark: Mark, failure: NeedsMerchant) -> None:
        async with session.transaction() as tx:
            news = await connections.pause(tx, session.connection.id, failure.code)
            if news:
                line = Line(Code.PAUSED, Topic.CONNECTION, Severity.ERROR, params={"cause": failure.code})
                await synclog.add(tx, session.connection.id, line, self.clock.now())
            # The mark stays due for the day when work goes on. What a paused connection may still do would be tried at once.
            if mark.kind in _WORKED_ON_WHEN_PAUSED:
                await session.again(mark, self._delay_s(mark, self.pace.retry_most_s), tx=tx)
        session.settled.add(mark.generation)
        if news:
            session.log.warning("paused for the merchant", code=failure.code, detail=failure.detail)

    async def park(self, session: Session, mark: Mark, bug: BaseException) -> None:
        """The work waits for an operator, or for its next mark; everything else goes on."""
        now, support_id = self.clock.now(), self.dice.token()[-12:]
        params = {"support_id": support_id}
        line = Line(Code.INTERNAL_ERROR, topic(mark), Severity.ERROR, subject=subject(mark), params=params)
        bundle = {
            "kind": mark.kind.value,
            "attempts": mark.attempts,
            "bug": type(bug).__name__,
            # Where, not what: an exception's message may hold a name or a payload.
            "at": [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(bug.__traceback__)[-8:]],
        }
        async with session.transaction() as tx:
            await marks.park(tx, mark, support_id, now)
            await support.put(tx, support.Case(support_id, mark.connection_id, now, subject(mark), bundle))
            await synclog.add(tx, mark.connection_id, line, now)
        session.settled.add(mark.generation)
        kind = mark.kind.value
        session.log.error("work parked", kind=kind, subject=mark.subject, support_id=support_id, exc_info=bug)

    def _delay_s(self, mark: Mark, most_s: float) -> float:
        """Doubles with each try, up to `most_s`, and is spread by a quarter, so that many do not come back at once."""
        grown = self.pace.retry_first_s * 2.0 ** min(mark.attempts, 20)
        return float(min(most_s, grown) * (0.75 + 0.5 * self.dice.random()))
