"""One product's part of a batch: what was gathered about it, and how its outcome is reported."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from brygga.core.claims import Holder
from brygga.core.failures import Failure, Refused
from brygga.core.handover import Slot
from brygga.core.model import CatalogProduct, ObservedProduct, Product
from brygga.core.report import Code, Line, Severity, Topic
from brygga.database.bindings import Binding
from brygga.database.suffixes import Suffix
from brygga.database.work_items import WorkItem
from brygga.sync.worker.session import Session

PARALLEL = 4
"""Parallel calls to one store (bigcommerce facts 2.1). The budget limits their rate as well."""


@dataclass(slots=True)
class Job:
    """A product that belongs in the store. `desired` changes when a name, SKU or URL clashes."""

    item: WorkItem
    product: Product
    desired: CatalogProduct
    lines: list[Line]
    binding: Binding | None = None
    observed: ObservedProduct | None = None
    restored: bool = False
    """The product was bound and is missing in the store."""
    unassign_in_s: float | None = None
    """A decision to unassign can still be undone: the work item is needed again at that time
    (decision 14).
    """
    failure: Failure | None = None
    is_left: bool = False
    """The merchant paused product sync before the product was created: its work item stays as it
    is.
    """
    picture_in_s: float | None = None
    """A picture is not available at the moment. Everything else is done, and the product is handled
    once more.
    """
    gave_way: bool = False
    """A picture that took long was put off, so that other work is done first."""
    changed_fields: list[str] = field(default_factory=list)
    has_creates: bool = False
    """Variants of the product were created: their first level reads are made together with those of
    the whole batch.
    """
    unobtainable: set[str] = field(default_factory=set)
    """Addresses of pictures that we cannot fetch either: the store is not asked to fetch them."""

    mends: tuple[Suffix, ...] = ()
    """Nothing was saved in Zettle: only these values lose their suffix (decision 19)."""
    had: tuple[Suffix, ...] = ()
    """The suffixes that the product had before this work."""
    suffixed: dict[Slot, Suffix] = field(default_factory=dict)
    """The suffixes that the product has now."""
    holders: dict[Slot, Holder] = field(default_factory=dict)
    """Which products have the values that the create wanted. A slot without a variant stands for
    all slots of its field.
    """

    @property
    def uuid(self) -> str:
        return self.product.uuid

    def say(
        self, code: Code, severity: Severity = Severity.INFO, variant: str = "", **params: str
    ) -> None:
        named = {"name": self.product.name, **params}
        self.lines.append(Line(code, Topic.PRODUCT, severity, self.uuid, variant, named))


async def finished(session: Session, job: Job) -> None:
    """Reports a failed job: the worker decides by the failure's class what becomes of its work
    item.
    """
    assert job.failure is not None
    await session.fail(job.item, job.failure)


async def each(jobs: Sequence[Job], work: Callable[[Job], Awaitable[None]]) -> None:
    """Does the work for every job, a few at a time. A failure of one job concerns that job only;
    any other exception stops the batch.
    """
    gate = asyncio.Semaphore(PARALLEL)

    async def one(job: Job) -> None:
        async with gate:
            if job.failure is None and not job.is_left:
                await guarded(job, work)

    results = await asyncio.gather(*(one(job) for job in jobs), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result


async def guarded(job: Job, work: Callable[[Job], Awaitable[None]]) -> None:
    try:
        await work(job)
    except Failure as failure:
        job.failure = failure


def active(jobs: Iterable[Job]) -> list[Job]:
    return [job for job in jobs if job.failure is None and not job.is_left]


def clashing(refused: Refused) -> str:
    """The field whose value another product already has, by the refusal's code; "" for any other
    refusal.
    """
    return {"name_taken": "name", "sku_taken": "sku", "url_taken": "url"}.get(refused.code, "")
