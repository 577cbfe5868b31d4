"""What a failure means for the mark it met. The only place where this is decided.

Unreachable      tried again, later each time; the sync log names the side after a minute, and once more when it is over
Unanswered       tried again soon: the handler then settles what became of it; said as an outage when it lasts
Refused          done; the merchant reads why in the sync log; no retry until the data changes. Work that nobody would ask for again
                 (`UNASKED`) is treated as a bug of ours instead, with that line
NeedsMerchant    the connection pauses and the merchant is told; its marks wait. Not where the token that was refused has been
                 replaced since: then it is tried again with the new one
DatabaseBusy     tried again soon; a bug of ours when that does not help
anything else    a bug of ours: the mark is parked under a support id, the operator gets the traceback, and it is tried again with
                 growing pauses. It is said once, and once more when it is over
"""

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from brygga.bigcommerce.codes import Code as ShopCode
from brygga.core.failures import Failure, NeedsMerchant, Refused, Unanswered, Unreachable
from brygga.core.report import Code, Line, Severity, Topic
from brygga.database import connections, library, outages, support, synclog, tokens, work_items
from brygga.database.engine import DatabaseBusy, Tx
from brygga.database.tokens import Platform
from brygga.database.work_items import Kind, WorkItem
from brygga.seams import Clock, Dice
from brygga.sync.worker.pace import Pace
from brygga.sync.worker.session import Session
from brygga.sync.worker.subjects import subject, topic
from brygga.zettle.codes import Code as TillCode

Refusal = Callable[[WorkItem, Refused], Line | None]
"""The line that tells the merchant of a refusal; None when the handler has already said it."""

SIDES = {"zettle": "zettle", "bigcommerce": "shop"}
"""By the platform that a failure's code begins with, the side that the line names."""
LASTS = timedelta(minutes=1)
"""A side that cannot be read for longer is said."""
UNASKED = frozenset(
    {Kind.LEAVE, Kind.UNINSTALL, Kind.SETUP, Kind.ACCOUNT, Kind.LIBRARY, Kind.HOOKS, Kind.MARKER}
)
"""Nothing that changes would mark these again: given up once, a set-up or a leaving would wait for
ever.
"""
UNANSWERED_QUIETLY = 8
"""So many tries without an answer, some three minutes, are nobody's business but ours."""
BUSY_TRIES = 8
"""So often work that the database ended is tried again at once; a statement that always takes too
long is a bug.
"""


def refusal_line(item: WorkItem, refused: Refused) -> Line | None:
    """The line for a refusal that no handler has put into better words."""
    return Line(
        Code.REFUSED,
        topic(item),
        Severity.ERROR,
        subject=subject(item),
        params={"cause": refused.code},
    )


async def is_overtaken(tx: Tx, session: Session, failure: NeedsMerchant) -> bool:
    """Whether the merchant has given access anew, or is about to, since the token was refused.

    True holds until the transaction ends: what it writes cannot meet an approval half-way.
    """
    if failure.code == ShopCode.ACCESS_GONE and not failure.access:
        # No token was refused: the clients had none for the store. One may have come since they
        # were made.
        found = await connections.by_id(tx, session.connection.id)
        there = await tokens.get(tx, session.connection.id, Platform.BIGCOMMERCE)
        return found is not None and found.shop is not None and there is not None
    if not failure.access:
        return False
    return await tokens.is_replaced(tx, session.connection.id, failure.access, session.clock.now())


def silent_platform(code: str) -> str:
    """The platform that did not answer, by the code of the failure; "" where it is our own address
    that cannot be reached.
    """
    if code == TillCode.DESTINATION_UNREACHABLE:
        return ""
    return (Platform.ZETTLE if code.startswith("zettle_") else Platform.BIGCOMMERCE).value


@dataclass(frozen=True, slots=True)
class Judge:
    """`program` is the version of the program that runs here."""

    clock: Clock
    dice: Dice
    pace: Pace
    refusal: Refusal = refusal_line
    program: str = ""

    async def failed(self, session: Session, item: WorkItem, failure: Failure) -> None:
        """The decision table of this module's docstring."""
        match failure:
            case Unreachable():
                await self._unreachable(session, item, failure)
            case Unanswered():
                await self._unanswered(session, item, failure)
            case Refused():
                await self._refused(session, item, failure)
            case NeedsMerchant():
                await self._needs_merchant(session, item, failure)
            case _:
                await self.park(session, item, failure)

    async def _unreachable(self, session: Session, item: WorkItem, failure: Unreachable) -> None:
        after_s = max(failure.after_s or 0.0, self._delay_s(item, self.pace.retry_most_s))
        async with session.transaction() as tx:
            await session.again(item, after_s, tx=tx, waits_for=silent_platform(failure.code))
            news = await connections.unreachable(tx, session.connection.id, self.clock.now())
            await self._tell_if_it_lasts(tx, session.connection.id, failure)
        if news:
            session.log.warning("unreachable", code=failure.code, detail=failure.detail)

    async def _unanswered(self, session: Session, item: WorkItem, failure: Unanswered) -> None:
        """Now and then an answer gets lost. Where none comes for minutes, the merchant is told as
        of any outage.
        """
        async with session.transaction() as tx:
            lasting = item.attempts >= UNANSWERED_QUIETLY
            waits_for = silent_platform(failure.code) if lasting else ""
            await session.again(item, self._delay_s(item, most_s=30), tx=tx, waits_for=waits_for)
            news = lasting and await connections.unreachable(
                tx, session.connection.id, self.clock.now()
            )
            if lasting:
                await self._tell_if_it_lasts(tx, session.connection.id, failure)
        if news:
            session.log.warning("no answers", code=failure.code, detail=failure.detail)

    async def recovered(self, session: Session) -> bool:
        """Ends an outage once nothing of the connection is being tried again. True when none is
        left.
        """
        async with session.transaction() as tx:
            if await work_items.struggling(tx, session.connection.id):
                return False
            news = await connections.reachable(tx, session.connection.id)
            for outage in await outages.end(tx, session.connection.id):
                if outage.is_reported:
                    line = Line(
                        Code.SIDE_READABLE,
                        Topic.CONNECTION,
                        params={"side": SIDES[outage.platform]},
                    )
                    await synclog.add(tx, session.connection.id, line, self.clock.now())
        if news:
            session.log.info("recovered")
        return True

    async def _tell_if_it_lasts(self, tx: Tx, connection_id: int, failure: Failure) -> None:
        """A side that cannot be read for a minute is one line of the sync log (decision 15). One
        that is only busy can be read.
        """
        platform, _, why = failure.code.partition("_")
        if platform not in SIDES or why == "busy":
            return
        now = self.clock.now()
        outage = await outages.note(tx, connection_id, platform, now)
        if outage.is_reported or now - outage.since < LASTS:
            return
        await outages.tell(tx, connection_id, platform, now)
        line = Line(
            Code.SIDE_UNREADABLE,
            Topic.CONNECTION,
            Severity.WARNING,
            params={"side": SIDES[platform]},
        )
        await synclog.add(tx, connection_id, line, now)

    async def _refused(self, session: Session, item: WorkItem, failure: Refused) -> None:
        now, line = self.clock.now(), self.refusal(item, failure)
        if item.kind in UNASKED:
            await self.park(session, item, failure, line)
            return
        async with session.transaction() as tx:
            if line:
                await synclog.add(tx, session.connection.id, line, now)
            if item.kind is Kind.PRODUCT:
                await library.fail(tx, session.connection.id, item.subject, failure.code, now)
            await work_items.done(tx, item)
        session.finished.add(item.generation)
        kind = item.kind.value
        session.log.info(
            "refused", kind=kind, subject=item.subject, code=failure.code, detail=failure.detail
        )

    async def _needs_merchant(
        self, session: Session, item: WorkItem, failure: NeedsMerchant
    ) -> None:
        async with session.transaction() as tx:
            if await is_overtaken(tx, session, failure):
                await session.again(item, self.pace.retry_first_s, tx=tx)
                return
            news = await connections.pause(tx, session.connection.id, failure.code)
            if news:
                line = Line(
                    Code.PAUSED, Topic.CONNECTION, Severity.ERROR, params={"cause": failure.code}
                )
                await synclog.add(tx, session.connection.id, line, self.clock.now())
            # The mark stays due for the day when work goes on. What a paused connection may still
            # do would be tried at once.
            if item.kind in work_items.WHILE_PAUSED:
                await session.again(item, self._delay_s(item, self.pace.retry_most_s), tx=tx)
        session.finished.add(item.generation)
        if news:
            session.log.warning("paused for the merchant", code=failure.code, detail=failure.detail)

    async def busy(self, session: Session, item: WorkItem, why: DatabaseBusy) -> None:
        """The database ended a transaction of this work: nothing was written, and another try may
        go through.
        """
        if item.attempts >= BUSY_TRIES:
            await self.park(session, item, why)
            return
        await session.again(item, self._delay_s(item, most_s=30))
        session.log.warning("the database was busy", kind=item.kind.value, why=str(why))

    async def park(
        self, session: Session, item: WorkItem, bug: BaseException, line: Line | None = None
    ) -> None:
        """The work waits for its next try, an operator, or its next mark; everything else goes on.

        `line` says it better than "something is wrong with us" can.
        """
        now, first = self.clock.now(), not item.support_id
        support_id = item.support_id or self.dice.token()[-12:]
        if line is None:
            params = {"support_id": support_id}
            line = Line(
                Code.INTERNAL_ERROR,
                topic(item),
                Severity.ERROR,
                subject=subject(item),
                params=params,
            )
        next_try = now + self._pause(item, now)
        async with session.transaction() as tx:
            kept = await work_items.park(
                tx, item, support_id, now, next_try=next_try, program=self.program
            )
            bundle = _bundle(item, bug, self.program)
            if kept and first:
                await support.save(
                    tx, support.Case(support_id, item.connection_id, now, subject(item), bundle)
                )
                await synclog.add(tx, item.connection_id, line, now)
            elif kept:
                await support.renew(tx, support_id, bundle)
        session.finished.add(item.generation)
        facts = {"kind": item.kind.value, "subject": item.subject, "support_id": support_id}
        if first:
            session.log.error("work parked", **facts, exc_info=bug)
        else:
            session.log.info(
                "parked work failed again", **facts, next_try=next_try.isoformat(timespec="seconds")
            )

    def _pause(self, item: WorkItem, now: datetime) -> timedelta:
        """As long again as it has failed for: an hour at first, a day at most. Spread a little, but
        never beyond the bound.
        """
        failing_s = (now - item.failing_since).total_seconds() if item.failing_since else 0.0
        pause_s = min(self.pace.park_most_s, max(self.pace.park_first_s, failing_s))
        return timedelta(seconds=pause_s * (0.9 + 0.1 * self.dice.random()))

    def _delay_s(self, item: WorkItem, most_s: float) -> float:
        """Doubles with each try, up to `most_s`, and is spread by a quarter, so that many do not
        come back at once.
        """
        grown = self.pace.retry_first_s * 2.0 ** min(item.attempts, 20)
        return float(min(most_s, grown) * (0.75 + 0.5 * self.dice.random()))


def _bundle(item: WorkItem, bug: BaseException, program: str) -> dict[str, Any]:
    """What an operator finds under the support id."""
    return {
        "kind": item.kind.value,
        "attempts": item.attempts,
        "bug": type(bug).__name__,
        **({"code": bug.code} if isinstance(bug, Failure) else {}),
        "program": program,
        # Where, not what: an exception's message may hold a name or a payload.
        "at": [
            f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(bug.__traceback__)[-8:]
        ],
    }
