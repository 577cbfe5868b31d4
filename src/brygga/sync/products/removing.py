"""Products that leave the store. The binding decides: what we created is deleted, and what was
linked is unlinked (decisions 11, 12).

A product that Zettle does not have any more is removed only on proof: Zettle announced it (an
event, or `deletedProducts`) and answers 404 for it. A 404 that nobody announced is checked again,
and a removal that follows counts as inferred. Too many of those stop, and the merchant is asked
(decision 9).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from brygga.core import guards
from brygga.core.assignment import Removal
from brygga.core.failures import Refused
from brygga.core.guards import Cause, Effect
from brygga.core.model import Origin
from brygga.core.report import Code, Line, Severity, Topic
from brygga.database import bindings, brakes, intents, kept_bindings, library, synclog
from brygga.database.bindings import Binding
from brygga.database.brakes import Question
from brygga.database.engine import Tx
from brygga.database.work_items import WorkItem
from brygga.sync.products.suffixing import gone
from brygga.sync.worker.session import Session

DELETED_AT_ONCE = 250
RETRY_S = 300.0
SPARED = "spared"
SPARED_FOR = timedelta(days=1)
"""The answer "no, leave them" holds as long as the products stay missing. When a product was there
again for a day, the merchant may be asked again.
"""


@dataclass(frozen=True, slots=True)
class ProductRemoval:
    """A product that does not belong in the store any more. `binding` is None when it is not in the
    store either.
    """

    item: WorkItem
    name: str
    binding: Binding | None
    removal: Removal
    cause: Cause


async def remove(session: Session, removals: Sequence[ProductRemoval]) -> None:
    """Removes everything that may be removed. Inferred removals that are too many wait for the
    merchant's answer.
    """
    allowed = await _allowed(session, removals)
    created = [
        one for one in allowed if one.binding and one.binding.synced.origin is Origin.CREATED
    ]
    rest = [one for one in allowed if one not in created]

    await _forget(session, rest)
    for place in range(0, len(created), DELETED_AT_ONCE):
        await _delete(session, created[place : place + DELETED_AT_ONCE])


async def _allowed(session: Session, removals: Sequence[ProductRemoval]) -> list[ProductRemoval]:
    inferred = [one for one in removals if one.cause is Cause.INFERRED and one.binding]
    sure = [one for one in removals if one not in inferred]
    if not inferred:
        return sure
    async with session.transaction() as tx:
        wanted = await _not_spared(tx, session, inferred)
        return [*sure, *(wanted if await _may_all_go(tx, session, wanted) else ())]


async def _not_spared(
    tx: Tx, session: Session, inferred: Sequence[ProductRemoval]
) -> list[ProductRemoval]:
    """Without the products that the merchant decided to keep when asked."""
    connection_id, now = session.connection.id, session.clock.now()
    stay = set(await brakes.noted_since(tx, connection_id, SPARED, now - SPARED_FOR))
    spared = [one for one in inferred if one.item.subject in stay]
    await brakes.note(tx, connection_id, SPARED, [one.item.subject for one in spared], now)
    await session.finish(*(one.item for one in spared), tx=tx)
    return [one for one in inferred if one not in spared]


async def _may_all_go(tx: Tx, session: Session, inferred: Sequence[ProductRemoval]) -> bool:
    """False when there are too many for one hour. The merchant is asked, and their work items are
    finished until the answer.
    """
    connection_id, now = session.connection.id, session.clock.now()
    subjects = [one.item.subject for one in inferred]
    recent = await brakes.noted_since(tx, connection_id, Effect.REMOVED.value, now - guards.WINDOW)
    catalogue = len(await bindings.product_ids(tx, connection_id))
    verdict = guards.verdict(
        Cause.INFERRED, len(subjects), recent=len(set(recent) - set(subjects)), catalogue=catalogue
    )
    if not verdict.asks:
        await brakes.note(tx, connection_id, Effect.REMOVED.value, subjects, now)
        return True
    if await brakes.ask(tx, connection_id, Question(Effect.REMOVED.value, tuple(subjects), now)):
        params = {
            "effect": Effect.REMOVED.value,
            "count": str(len(subjects)),
            "catalogue": str(catalogue),
        }
        line = Line(Code.MASS_EFFECT_STOPPED, Topic.PRODUCT, Severity.ERROR, params=params)
        await synclog.add(tx, connection_id, line, now)
    await session.finish(*(one.item for one in inferred), tx=tx)
    return False


async def _forget(session: Session, removals: Sequence[ProductRemoval]) -> None:
    """Linked products are unlinked, and products that are in neither system are deleted from our
    database.
    """
    if not removals:
        return
    uuids = [one.item.subject for one in removals]
    lines = [_line(Code.PRODUCT_UNLINKED, one) for one in removals if one.binding]
    async with session.transaction() as tx:
        await bindings.forget(tx, session.connection.id, uuids)
        await intents.end(tx, session.connection.id, uuids)
        await _leave_library(tx, session, removals)
        await synclog.add(tx, session.connection.id, lines, session.clock.now())
        await session.finish(*(one.item for one in removals), tx=tx)


async def _delete(session: Session, removals: Sequence[ProductRemoval]) -> None:
    """The binding is saved as "to delete" before the call and deleted after it: a failed call loses
    nothing (decision 11).
    """
    connection_id = session.connection.id
    uuids = [one.item.subject for one in removals]
    async with session.transaction() as tx:
        await kept_bindings.mark_to_delete(tx, connection_id, uuids)
    try:
        await session.shop.delete_products(
            [one.binding.synced.product_id for one in removals if one.binding]
        )
    except Refused as refused:
        if len(removals) > 1:
            half = len(removals) // 2
            await _delete(session, removals[:half])
            await _delete(session, removals[half:])
            return
        await _stays_to_delete(session, removals[0], refused)
        return
    async with session.transaction() as tx:
        await gone(
            tx, session, [one.binding.synced.product_id for one in removals if one.binding], uuids
        )
        await bindings.forget(tx, connection_id, uuids)
        await _leave_library(tx, session, removals)
        await synclog.add(
            tx,
            connection_id,
            [_line(Code.PRODUCT_DELETED, one) for one in removals],
            session.clock.now(),
        )
        await session.finish(*(one.item for one in removals), tx=tx)


async def _leave_library(tx: Tx, session: Session, removals: Sequence[ProductRemoval]) -> None:
    """A product that is gone from Zettle and from the store is deleted from our mirror too."""
    gone = [one.item.subject for one in removals if one.removal is Removal.DELETED_IN_ZETTLE]
    await library.remove(tx, session.connection.id, gone, session.clock.now())
    await library.purge(tx, session.connection.id, gone)


async def _stays_to_delete(session: Session, removal: ProductRemoval, refused: Refused) -> None:
    async with session.transaction() as tx:
        if removal.item.attempts == 0:
            line = _line(Code.DELETE_REFUSED, removal, Severity.ERROR, reason=refused.code)
            await synclog.add(tx, session.connection.id, line, session.clock.now())
        await session.again(removal.item, RETRY_S, tx=tx)


def _line(
    code: Code, removal: ProductRemoval, severity: Severity = Severity.INFO, **params: str
) -> Line:
    return Line(
        code, Topic.PRODUCT, severity, removal.item.subject, params={"name": removal.name, **params}
    )
