"""How merchants, products and the queue are doing, as an operator's pages, tools and commands show
it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from brygga.core.model import Connection
from brygga.core.report import Line
from brygga.database import (
    bindings,
    connections,
    deliveries,
    ledgers,
    library_pages,
    operating,
    restoring,
    subscriptions,
    synclog,
    waiting_work,
)
from brygga.database.deliveries import Deliveries
from brygga.database.engine import Tx
from brygga.database.operating import Summary
from brygga.database.waiting_work import Parked
from brygga.web.i18n import Words
from brygga.web.lines import VALUES, spoken


@dataclass(frozen=True, slots=True)
class Budget:
    """The store's request budget as it was last seen. None: the store names no limit."""

    left: int | None
    quota: int | None

    @property
    def share(self) -> int | None:
        return round(100 * self.left / self.quota) if self.quota and self.left is not None else None


@dataclass(frozen=True, slots=True)
class Merchant:
    """One connection in the list. `late_s`: for how long the oldest of its work has been due."""

    connection: int
    organization: str
    store: str
    store_hash: str
    state: str
    stage: str
    cause: str
    late_s: float
    failing: int
    budget: Budget | None
    last_event: str


@dataclass(frozen=True, slots=True)
class FailedWork:
    kind: str
    subject: str
    since: str
    attempts: int
    next_try: str
    support_id: str


@dataclass(frozen=True, slots=True)
class Cause:
    """Work of one kind that failed by the same bug: its name, and the place in the code."""

    cause: str
    kind: str
    items: int
    merchants: int
    since: str
    support_id: str


@dataclass(frozen=True, slots=True)
class Restore:
    """The connection comes from a backup or another installation, and writes nothing yet.
    `questions`: numbers that its merchant is asked to check.
    """

    since: str
    compared: bool
    questions: int


@dataclass(frozen=True, slots=True)
class Status:
    """Times are ISO 8601 in UTC, "" where there is none yet."""

    connection: int
    organization: str
    store: str
    stage: str
    paused: str
    held_since: str
    """Since when an operator holds its work."""
    restore: Restore | None
    unreachable_since: str
    late_s: float
    budget: Budget | None
    last_event: str
    products: dict[str, int]
    bound: int
    waiting: dict[str, int]
    parked: int
    """How many work items failed by a bug of ours and are not done since; `failing` names them."""
    failing: list[FailedWork]
    causes: list[Cause]
    products_synced_at: str
    stock_synced_at: str
    webhooks: dict[str, dict[str, int]]
    """By platform and by outcome, in the last 24 hours."""
    webhooks_failing: list[str]
    """Platforms whose webhooks fail again and again."""
    webhooks_elsewhere: bool
    """Some webhooks still point to another address than our current one."""


@dataclass(frozen=True, slots=True)
class Stock:
    """The numbers of one variant: as last confirmed on each side, and what both will show. None:
    not a number.
    """

    variant: str
    zettle: int | None
    bigcommerce: int | None
    target: int | None
    separate: bool
    to_check: bool


@dataclass(frozen=True, slots=True)
class ProductState:
    product: str
    name: str
    state: str
    bigcommerce_id: int | None
    linked: bool
    failure: str
    synced_at: str
    next_try: str
    attempts: int
    support_id: str
    stock: list[Stock]


@dataclass(frozen=True, slots=True)
class Waiting:
    kind: str
    waiting: int
    due: int
    late_s: float
    failing: int


@dataclass(frozen=True, slots=True)
class Working:
    worker: str
    connection: int
    organization: str
    doing: str
    due: int
    until: str


@dataclass(frozen=True, slots=True)
class Queue:
    work: list[Waiting]
    failed: list[Cause]
    workers: list[Working]


async def status_of(
    tx: Tx,
    connection: Connection,
    received: Sequence[Deliveries],
    now: datetime,
    *,
    elsewhere: bool,
) -> Status:
    """`received` are its webhooks of the last day."""
    health, success = (
        await connections.health(tx, connection.id),
        await synclog.last_success(tx, connection.id),
    )
    totals = await bindings.totals(tx, connection.id)
    parked = await waiting_work.parked(tx, connection.id)
    (summary,) = (await operating.merchants(tx, now, one=connection.id)).rows
    restored = await restoring.state(tx, connection.id)
    return Status(
        connection=connection.id,
        organization=connection.organization.name or connection.organization.uuid,
        store=connection.shop.store_hash if connection.shop else "",
        stage=connection.stage.value,
        paused=connection.paused,
        held_since=said(health.held_at),
        restore=None
        if restored is None
        else Restore(said(restored.at), restored.compared_at is not None, restored.questions),
        unreachable_since=said(health.unreachable_since),
        late_s=late_s(summary.late_since, now),
        budget=budget_of(summary.budget),
        last_event=said(summary.last_event),
        products={
            state.value: count
            for state, count in (await library_pages.counts(tx, connection.id)).items()
            if count
        },
        bound=totals.created + totals.linked,
        waiting={
            kind.value: count
            for kind, count in (await waiting_work.counts(tx, connection.id)).items()
        },
        parked=len(parked),
        failing=[_failed(one) for one in parked],
        causes=await causes(tx, connection.id),
        products_synced_at=said(success.product),
        stock_synced_at=said(success.stock),
        webhooks={
            one.platform.value: {
                outcome.value: count for outcome, count in one.counts.items() if count
            }
            for one in received
        },
        webhooks_failing=[one.platform.value for one in received if one.is_alarming],
        webhooks_elsewhere=elsewhere,
    )


async def statuses(
    tx: Tx, wanted: Sequence[Connection], public_url: str, now: datetime
) -> list[Status]:
    received = await deliveries.of_last_day(tx, now)
    moved = set(await subscriptions.elsewhere(tx, public_url))
    return [
        await status_of(
            tx,
            one,
            [of for of in received if of.connection_id == one.id],
            now,
            elsewhere=one.id in moved,
        )
        for one in wanted
    ]


def merchant(one: Summary, now: datetime) -> Merchant:
    return Merchant(
        one.id,
        one.organization,
        one.store,
        one.store_hash,
        one.standing.value,
        one.stage,
        one.cause,
        late_s(one.late_since, now),
        one.failing,
        budget_of(one.budget),
        said(one.last_event),
    )


def budget_of(found: Mapping[str, int] | None) -> Budget | None:
    """None where the store was never asked."""
    return None if not found else Budget(found.get("left"), found.get("quota"))


async def causes(tx: Tx, connection_id: int | None = None) -> list[Cause]:
    return [
        Cause(one.cause, one.kind, one.items, one.merchants, said(one.since), one.support_id)
        for one in await operating.causes(tx, connection_id)
    ]


async def queue(tx: Tx, now: datetime, connection_id: int | None = None) -> list[Waiting]:
    return [
        Waiting(one.kind, one.waiting, one.due, late_s(one.late_since, now), one.failing)
        for one in await operating.queue(tx, now, connection_id)
    ]


async def workers(tx: Tx, now: datetime) -> list[Working]:
    return [
        Working(one.worker, one.connection, one.organization, one.doing, one.due, said(one.until))
        for one in await operating.working(tx, now)
    ]


async def products(
    tx: Tx, connection_id: int, rows: Sequence[library_pages.Row]
) -> list[ProductState]:
    """The state of these products, with their stock."""
    stock: dict[str, list[Stock]] = {}
    uuids = [row.entry.product_uuid for row in rows]
    for ledger in (await ledgers.load(tx, connection_id, uuids)).values():
        stock.setdefault(ledger.product_uuid, []).append(_stock(ledger))
    return [
        ProductState(
            row.entry.product_uuid,
            row.entry.name,
            row.state.value,
            row.product_id,
            row.linked,
            row.entry.failure,
            said(row.synced_at),
            said(row.due_at),
            row.attempts,
            row.support_id,
            sorted(stock.get(row.entry.product_uuid, []), key=lambda one: one.variant),
        )
        for row in rows
    ]


def _stock(row: ledgers.LedgerRow) -> Stock:
    till, shop = row.ledger.zettle, row.ledger.shop
    return Stock(
        row.variant_uuid,
        till.confirmed if isinstance(till.confirmed, int) else None,
        shop.confirmed if isinstance(shop.confirmed, int) else None,
        till.target,
        row.ledger.separate,
        row.check_since is not None,
    )


def _failed(one: Parked) -> FailedWork:
    return FailedWork(
        one.kind.value,
        one.subject,
        said(one.failing_since),
        one.attempts,
        said(one.next_try),
        one.support_id,
    )


def told(words: Words, line: Line) -> tuple[str, str, str]:
    """Sentence, cause and what to do, as the merchant reads them, without prices."""
    hidden = dict.fromkeys(VALUES, "…") if line.params.get("field") == "price" else {}
    shown = {name: hidden.get(name, value) for name, value in line.params.items()}
    return spoken(words, line.code.value, shown)


def late_s(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else round(max(0.0, (now - since).total_seconds()), 1)


def said(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""
