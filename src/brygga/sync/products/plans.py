"""Plans as the pages show them: computed when their inputs have changed, and kept in the database,
which paginates them.

A large library's plan takes a second to compute. The page then shows the last one, and a new one is
computed in the background.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from brygga.core.mapping import Mapped, desired
from brygga.core.model import Connection, Product
from brygga.core.terms import terms_of
from brygga.database import connections, library, plan_inputs, plans
from brygga.database.engine import Database, DatabaseGone, PoolExhausted, Tx
from brygga.database.plans import Kept, StoredPlan
from brygga.database.values import from_json, to_json
from brygga.seams import Clock
from brygga.sync.products.preview import Action, Mapper, PlanInputs, Step, gather, previewed

log = structlog.get_logger(__name__)

SMALL: Final = 500
"""A plan of up to this many products is computed while the reader waits: it takes a tenth of a
second.
"""
SHARE: Final = 10
"""A plan that changes all the time is computed for at most a tenth of the time."""
FILTERS: Final[Mapping[str, Callable[[Step], bool]]] = {
    "create": lambda step: step.action is Action.CREATE,
    "link": lambda step: step.action is Action.LINK,
    "update": lambda step: step.action is Action.UPDATE,
    "leave": lambda step: step.action in {Action.LEAVE_OUT, Action.DELETE, Action.UNLINK},
    "nothing": lambda step: step.action is Action.NOTHING,
    "likely": lambda step: bool(step.likely),
    "undecided": lambda step: step.undecided,
    "warnings": lambda step: bool(step.notes),
}
"""Filters of the page, beside "" that shows all. Each filter counts its products."""
SUPPOSED: Final = "supposed"
"""Products that nobody has chosen yet. Their steps show what choosing them would do."""
CERTAIN: Final = "certain:"
"""Before a filter's name: its products without those that are still to be chosen."""


async def stamp_of(tx: Tx, connection: Connection) -> str:
    """Changes when any input of the plan changes: the library, the bindings, the choices, the
    terms.
    """
    return (
        f"{connection.choices} {terms_of(connection)} {await plan_inputs.stamp(tx, connection.id)}"
    )


def kept(step: Step) -> Kept:
    filters = tuple(key for key, fits in FILTERS.items() if fits(step))
    filters = (*filters, SUPPOSED) if step.supposed else filters
    return Kept(step.uuid, library.sort_key(step.name), filters, step.words, to_json(step))


def step_of(text: str) -> Step:
    return from_json(text, Step)


def counted(steps: Sequence[Kept]) -> dict[str, int]:
    certain = [one for one in steps if SUPPOSED not in one.filters]
    found = {"": len(steps), SUPPOSED: len(steps) - len(certain)}
    found |= {key: sum(key in one.filters for one in steps) for key in FILTERS}
    return found | {
        f"{CERTAIN}{key}": sum(key in one.filters for one in certain) for key in FILTERS
    }


@dataclass(slots=True)
class _Drawings:
    """The plan computations of one connection: one at a time, with a pause between them."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    task: "asyncio.Task[None] | None" = None
    next_at: float = 0.0
    terms: str = ""
    mapped: dict[str, tuple[str, Mapped]] = field(default_factory=dict)
    """Uuid -> the version of the product that was mapped, and the result."""


@dataclass(slots=True)
class Plans:
    """The plans of one process.

    `most` connections are remembered, so that only what has changed is mapped again.
    """

    small: int = SMALL
    most: int = 4
    _drawings: OrderedDict[int, _Drawings] = field(default_factory=OrderedDict)

    async def ready(
        self, database: Database, clock: Clock, connection: Connection, *, comparing: bool = False
    ) -> bool:
        """True: the kept plan is up to date. False: it is out of date, or there is none yet, and a
        newer one is being computed. While the store is being compared (`comparing`), that work
        computes the plan as its next step.
        """
        async with database.read() as tx:
            stamp, known = await stamp_of(tx, connection), await plans.stamp(tx, connection.id)
            size = await library.size(tx, connection.id)
        if known == stamp:
            return True
        if size <= self.small:
            await self.draw(database, clock, connection)
            return True
        if not comparing:
            self._draw_behind(database, clock, connection)
        return False

    async def draw(self, database: Database, clock: Clock, connection: Connection) -> None:
        """Computes the plan as if every product without a decision were chosen."""
        drawings = self._of(connection)
        async with drawings.lock:
            async with database.read() as tx:
                stamp = await stamp_of(tx, connection)
                if stamp == await plans.stamp(tx, connection.id):
                    return
                inputs = await gather(tx, connection)
            work = _Work(inputs, _mapper(connection, drawings))
            # Other requests continue meanwhile.
            steps = await asyncio.to_thread(work) if len(inputs.entries) > self.small else work()
            async with database.transaction() as tx:
                await plans.keep(
                    tx, connection.id, StoredPlan(stamp, counted(steps), steps), clock.now()
                )

    def _draw_behind(self, database: Database, clock: Clock, connection: Connection) -> None:
        drawings = self._of(connection)
        if drawings.task is None:
            drawings.task = asyncio.create_task(
                self._behind(drawings, database, clock, connection.id)
            )

    async def _behind(
        self, drawings: _Drawings, database: Database, clock: Clock, connection_id: int
    ) -> None:
        """Computes the plan after the pause: a page that says that the plan is being computed need
        not ask again.
        """
        try:
            await clock.sleep(max(0.0, drawings.next_at - clock.monotonic()))
            began = clock.monotonic()
            try:
                async with database.read() as tx:
                    connection = await connections.by_id(tx, connection_id)
                if connection is not None:
                    await self.draw(database, clock, connection)
            except (DatabaseGone, PoolExhausted, SQLAlchemyError) as failed:
                log.warning(
                    "plan not computed", connection=connection_id, why=str(failed).splitlines()[0]
                )
            ended = clock.monotonic()
            drawings.next_at = ended + (ended - began) * SHARE
        finally:
            drawings.task = None

    def _of(self, connection: Connection) -> _Drawings:
        found = self._drawings.setdefault(connection.id, _Drawings())
        self._drawings.move_to_end(connection.id)
        while len(self._drawings) > self.most:
            self._drawings.popitem(last=False)
        return found


@dataclass(frozen=True, slots=True)
class _Work:
    """What a thread does: everything except database access."""

    inputs: PlanInputs
    mapper: Mapper

    def __call__(self) -> list[Kept]:
        return [kept(step) for step in previewed(self.inputs, suppose=True, mapper=self.mapper)]


def _mapper(connection: Connection, drawings: _Drawings) -> Mapper:
    terms = terms_of(connection)
    if drawings.terms != str(terms):
        drawings.terms, drawings.mapped = str(terms), {}
    known = drawings.mapped

    def mapped(product: Product) -> Mapped:
        found = known.get(product.uuid)
        if found is None or found[0] != product.etag:
            found = known[product.uuid] = (product.etag, desired(product, terms))
        return found[1]

    return mapped
