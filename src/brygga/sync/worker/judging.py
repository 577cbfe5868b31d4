"""What a failure means for the work item that met it. The only place where this is decided.

Unreachable      Retried, with growing delays. After a minute, the sync log names the platform. It
                 says so once more when the outage is over.
Unanswered       Retried soon: the handler then resolves whether the call took effect. Reported as
                 an outage when it lasts.
Refused          Finished. The merchant reads the reason in the sync log. No retry until the data
                 changes. Work that nobody would ask for again (`UNASKED`) is treated as a bug of
                 ours instead, with that line.
NeedsMerchant    The connection pauses, the merchant is informed, and its work items wait. Except
                 where the refused token has been replaced since: then the work is retried with
                 the new token.
DatabaseBusy     Retried soon. A bug of ours when that does not help.
anything else    A bug of ours. The work item is parked under a support id, and the operator gets
                 the traceback. It is retried with growing pauses. It is reported once, and once
                 more when it is over.
"""

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from brygga.bigcommerce.codes import Code as ShopCode
from brygga.core.failures import Failure, NeedsMerchant, Refused, Unanswered, Unreachable
from brygga.core.report import Code, Line, Severity, Topic
from brygga.database import (
    audit,
    connections,
    failed_work,
    finished_work,
    library,
    outages,
    support,
    synclog,
    tokens,
    waiting_work,
    work_items,
)
from brygga.database.audit import Act, Actor, Entry
from brygga.database.engine import DatabaseBusy, Tx
from brygga.database.tokens import Platform
from brygga.database.work_items import Kind, WorkItem
from brygga.seams import Clock, Dice
from brygga.sync.worker.pace import Pace
from brygga.sync.worker.session import Session
from brygga.sync.worker.subjects import subject, topic
from brygga.zettle.codes import Code as TillCode

Refusal = Callable[[WorkItem, Refused], Line | None]
"""The line that informs the merchant of a refusal. None when the handler has already reported it.
"""

SIDES = {"zettle": "zettle", "bigcommerce": "shop"}
"""Platform prefix of a failure's code -> the side that the sync log's line names."""
LASTS = timedelta(minutes=1)
"""An outage that lasts longer than this is reported to the merchant."""
UNASKED = frozenset(
    {Kind.LEAVE, Kind.UNINSTALL, Kind.SETUP, Kind.ACCOUNT, Kind.LIBRARY, Kind.HOOKS, Kind.MARKER}
)
"""No later change creates these work items again. If they were given up once, a set-up or a
disconnection would wait for ever.
"""
UNANSWERED_QUIETLY = 8
"""This many attempts without an answer, about three minutes, are not reported to the merchant."""
BUSY_TRIES = 8
"""Work that the database ended is retried at once this many times. A statement that always takes
too long is a bug.
"""


def refusal_line(item: WorkItem, refused: Refused) -> Line | None:
    """The line for a refusal that no handler has described better."""
    return Line(
        Code.REFUSED,
        topic(item),
        Severity.ERROR,
        subject=subject(item),
        params={"cause": refused.code},
    )


async def is_overtaken(tx: Tx, session: Session, failure: NeedsMerchant) -> bool:
    """Whether the merchant has given access again, or is about to, since the token was refused.

    The answer True holds until the transaction ends: what it writes cannot collide with an approval
    that is in progress.
    """
    if failure.code == ShopCode.ACCESS_GONE and not failure.access:
        # No token was refused: the clients had no token for the store. One may have arrived since
        # the clients were made.
        found = await connections.by_id(tx, session.connection.id)
        there = await tokens.get(tx, session.connection.id, Platform.BIGCOMMERCE)
        return found is not None and found.shop is not None and there is not None
    if not failure.access:
        return False
    return await tokens.is_replaced(tx, session.connection.id, failure.access, session.clock.now())


def silent_platform(code: str) -> str:
    """The platform that did not answer, by the code of the failure. "" when it is our own address
    that cannot be reached.
    """
    if code == TillCode.DESTINATION_UNREACHABLE:
        return ""
    return (Platform.ZETTLE if code.startswith("zettle_") else Platform.BIGCOMMERCE).value


@dataclass(frozen=True, slots=True)
class Judge:
    """Applies the decision table. `program` is the version of the program that runs here."""

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
        """A lost answer now and then is normal. When no answer comes for minutes, the merchant is
        informed as of any outage.
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
        """Ends an outage once no work of the connection is retried. True when none is left."""
        async with session.transaction() as tx:
            if await waiting_work.struggling(tx, session.connection.id):
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
        """A platform that cannot be read for a minute gets one line in the sync log (decision 15).
        A platform that is only busy can be read.
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
            await finished_work.done(tx, item)
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
                await self._note(tx, session.connection.id, failure.code)
            # The work item stays due until the connection is resumed. Work that a paused connection
            # may still do would be retried at once, so it gets a delay.
            if item.kind in work_items.WHILE_PAUSED:
                await session.again(item, self._delay_s(item, self.pace.retry_most_s), tx=tx)
        session.finished.add(item.generation)
        if news:
            session.log.warning("paused for the merchant", code=failure.code, detail=failure.detail)

    async def _note(self, tx: Tx, connection_id: int, code: str) -> None:
        """Access that a platform no longer gives leaves an audit line. Other pauses do not."""
        platform = Actor(silent_platform(code))
        if code in {TillCode.ACCESS_GONE, ShopCode.ACCESS_GONE}:
            entry = Entry(Act.ACCESS_REMOVED, platform, connection_id, facts={"code": code})
            await audit.add(tx, entry, self.clock.now())

    async def busy(self, session: Session, item: WorkItem, why: DatabaseBusy) -> None:
        """The database ended a transaction of this work. Nothing was written, and a retry may
        succeed.
        """
        if item.attempts >= BUSY_TRIES:
            await self.park(session, item, why)
            return
        await session.again(item, self._delay_s(item, most_s=30))
        session.log.warning("the database was busy", kind=item.kind.value, why=str(why))

    async def park(
        self, session: Session, item: WorkItem, bug: BaseException, line: Line | None = None
    ) -> None:
        """The work item waits for its next retry, for an operator, or until it is added again. All
        other work goes on.

        `line` replaces the general message "something is wrong with us" where there is a better
        one.
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
            kept = await failed_work.park(
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
        """The next pause is as long as the work has failed so far: at least an hour, at most a day.
        It is spread a little, but never exceeds the upper bound.
        """
        failing_s = (now - item.failing_since).total_seconds() if item.failing_since else 0.0
        pause_s = min(self.pace.park_most_s, max(self.pace.park_first_s, failing_s))
        return timedelta(seconds=pause_s * (0.9 + 0.1 * self.dice.random()))

    def _delay_s(self, item: WorkItem, most_s: float) -> float:
        """The delay doubles with each attempt, up to `most_s`. It is spread by a quarter, so that
        many work items do not come back at once.
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
        # Only the places, not the message: an exception's message may hold a name or a payload.
        "at": [
            f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(bug.__traceback__)[-8:]
        ],
    }
