"""Products of our own "Add product" form: their pictures, the product, then tracking and the
opening stock (rule P9).

Each step is saved before the next begins. Pictures, the product (its uuid is ours) and tracking can
be sent again without harm. The opening stock cannot: its identifier is saved before the call, and a
call without an answer is resolved by what Zettle shows of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from brygga.core.failures import Failure, Refused, Unanswered, Unreachable
from brygga.core.model import InventoryType, Product
from brygga.core.report import Code, Line, Severity, Topic
from brygga.core.stock import Side
from brygga.database import additions, assigning, library, reported_changes, synclog, work_items
from brygga.database.additions import Addition, State
from brygga.database.values import from_plain, to_plain
from brygga.database.work_items import Kind, WorkItem
from brygga.sync.stock import Till
from brygga.sync.stock.evidence import rows_of, unreadable
from brygga.sync.worker.session import Session
from brygga.zettle.codes import Code as TillCode
from brygga.zettle.values import Movement, NewProduct

RESOLVE_AFTER = timedelta(seconds=60)
"""A movement whose answer was lost may still be in progress in Zettle. Only after this time does
"nothing there" mean "not moved".
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the merchant asked for. `stock` is the opening level of each tracked variant, by its
    uuid.
    """

    product: NewProduct
    assigned: bool = True
    tracked: bool = False
    stock: Mapping[str, int] = field(default_factory=dict)

    def plain(self) -> Any:
        return to_plain(self)


@dataclass(frozen=True, slots=True)
class Adding:
    """The handler of the work items for added products."""

    till: Till = field(default_factory=Till)

    async def __call__(self, session: Session, items: Sequence[WorkItem]) -> None:
        for item in items:
            try:
                await self._add(session, item)
            except Failure as failure:
                await session.fail(item, failure)

    async def _add(self, session: Session, item: WorkItem) -> None:
        async with session.read() as tx:
            addition = await additions.get(tx, session.connection.id, item.subject)
        if addition is None or addition.state is not State.WAITING:
            await session.finish(item)
            return
        wanted = from_plain(addition.product, Wanted)
        if not addition.made:
            try:
                product = await self._made(session, wanted.product)
            except Refused as refused:
                await self._refused(session, item, wanted, refused)
                return
            await self._keep(session, wanted, product)
        if wanted.tracked:
            await self._track(session, addition, wanted)
        await self._finish(session, item, wanted)

    # ---- The product -----------------------------------------------------------------------------

    async def _made(self, session: Session, new: NewProduct) -> Product:
        return await session.zettle.create_product(
            replace(new, image_urls=await self._pictures(session, new.uuid))
        )

    async def _pictures(self, session: Session, uuid: str) -> tuple[str, ...]:
        """Zettle's addresses of the pictures. Each picture is uploaded once, unless an answer was
        lost.
        """
        connection_id = session.connection.id
        urls = []
        async with session.read() as tx:
            known = await additions.pictures(tx, connection_id, uuid)
        for one in known:
            url = one.url
            if not url:
                async with session.read() as tx:
                    picture = await additions.picture(tx, connection_id, uuid, one.place)
                assert picture is not None, "a waiting addition keeps its pictures"
                url = await session.zettle.upload_picture(picture.media_type, picture.content)
                async with session.transaction() as tx:
                    await additions.uploaded(tx, connection_id, uuid, one.place, url)
            urls.append(url)
        return tuple(urls)

    async def _keep(self, session: Session, wanted: Wanted, product: Product) -> None:
        """Saves the product in the mirror, with the merchant's decision, before Zettle's own event
        can be handled.
        """
        connection_id, now = session.connection.id, session.clock.now()
        async with session.transaction() as tx:
            await assigning.decide(
                tx, connection_id, product.uuid, assigned=wanted.assigned, now=now
            )
            await library.upsert_many(tx, connection_id, [product], now)
            await additions.made(tx, connection_id, product.uuid)
            await synclog.add(tx, connection_id, _line(Code.PRODUCT_ADDED, wanted), now)

    async def _refused(
        self, session: Session, item: WorkItem, wanted: Wanted, refused: Refused
    ) -> None:
        """The form is shown again, with all that was typed and the fields that Zettle named."""
        line = _line(Code.ADDITION_REFUSED, wanted, Severity.ERROR, cause=refused.code)
        async with session.transaction() as tx:
            await additions.refuse(
                tx, session.connection.id, item.subject, refused.code, refused.errors
            )
            await synclog.add(tx, session.connection.id, line, session.clock.now())
            await session.finish(item, tx=tx)

    # ---- Its stock -------------------------------------------------------------------------------

    async def _track(self, session: Session, addition: Addition, wanted: Wanted) -> None:
        try:
            await self._stock(session, addition, wanted)
        except Refused as refused:
            line = _line(Code.OPENING_STOCK_REFUSED, wanted, Severity.ERROR, cause=refused.code)
            async with session.transaction() as tx:
                await synclog.add(tx, session.connection.id, line, session.clock.now())

    async def _stock(self, session: Session, addition: Addition, wanted: Wanted) -> None:
        uuid = wanted.product.uuid
        await session.zettle.set_tracking([uuid], enabled=True)
        opening = {variant: number for variant, number in wanted.stock.items() if number > 0}
        if not opening:
            return
        # Zettle creates the inventories when tracking is first switched on for any product (zettle
        # facts 3.2).
        places = await self.till.inventories(session)
        if places is None or InventoryType.SUPPLIER not in places.others:
            raise Unreachable(TillCode.UNREACHABLE, "no inventory yet", after_s=5)
        if addition.movement and await self._moved(session, addition, wanted, places.store):
            return
        call = session.dice.uuid1()
        async with session.transaction() as tx:
            await additions.moving(tx, session.connection.id, uuid, call, session.clock.now())
        source = places.others[InventoryType.SUPPLIER]
        moves = [
            Movement(uuid, variant, source, places.store, number)
            for variant, number in sorted(opening.items())
        ]
        await session.zettle.move(call, moves)

    async def _moved(
        self, session: Session, addition: Addition, wanted: Wanted, store: str
    ) -> bool:
        """The outcome of an earlier call. False when it had no effect, so that it can be repeated.

        | Zettle sent our identifier back | rows of these variants | result |
        |---|---|---|
        | yes | any | the call took effect |
        | no, within the resolve time | any | is checked again later |
        | no | one with a quantity above zero | the call took effect (1) |
        | no | none | no effect: the first movement creates a row (zettle facts 3.4) |
        | no | all zero or below | unknown: not repeated, and the merchant is asked to check |

        (1) A call applies all or nothing, and nothing else brings stock to a product this young.
        """
        connection_id, now = session.connection.id, session.clock.now()
        async with session.read() as tx:
            received = await reported_changes.is_echoed(tx, connection_id, addition.movement)
        if received:
            return True
        if addition.moved_at is not None and now - addition.moved_at < RESOLVE_AFTER:
            raise Unanswered(TillCode.UNANSWERED, "the opening stock may still be at work")
        rows = await rows_of(session, store, addition.product_uuid)
        if rows is None:
            raise unreadable(Side.ZETTLE, addition.product_uuid)
        numbers = [row.balance or 0 for row in rows if row.variant_uuid in wanted.stock]
        if not numbers:
            return False
        if max(numbers) <= 0:
            async with session.transaction() as tx:
                line = _line(Code.OPENING_STOCK_UNSURE, wanted, Severity.WARNING)
                await synclog.add(tx, connection_id, line, now)
        return True

    # ---- The end ---------------------------------------------------------------------------------

    async def _finish(self, session: Session, item: WorkItem, wanted: Wanted) -> None:
        connection_id, now, uuid = session.connection.id, session.clock.now(), item.subject
        async with session.transaction() as tx:
            await library.set_tracking(tx, connection_id, {uuid: wanted.tracked})
            await additions.done(tx, connection_id, uuid)
            await work_items.add(tx, connection_id, Kind.PRODUCT, uuid, now)
            await session.finish(item, tx=tx)


def _line(code: Code, wanted: Wanted, severity: Severity = Severity.INFO, **params: str) -> Line:
    # A line about a product that Zettle never accepted has no product to link to.
    subject = "" if code is Code.ADDITION_REFUSED else wanted.product.uuid
    return Line(
        code, Topic.PRODUCT, severity, subject, params={"name": wanted.product.name, **params}
    )
