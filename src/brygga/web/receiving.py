"""Saves what BigCommerce's webhooks say.

One message is saved at once. Messages about one connection that come in a stream, as during an
import, are saved together, each stream by itself: one merchant never waits for another's. A message
is answered when the transaction that holds it has committed.

A message about a product that we do not know, or created a moment ago, brings work that is due a
few seconds later: it is about our own create, or about a product of the merchant's own. An order of
a product that we know never waits.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from brygga.bigcommerce import events as shop_events
from brygga.core.model import Stage
from brygga.core.stock import Hint
from brygga.database import inbox, kept_webhooks, receiving, work_items
from brygga.database.engine import Tx
from brygga.database.queue import first_of
from brygga.database.receiving import Known
from brygga.database.tokens import Platform
from brygga.database.work_items import STOCK_KINDS, Kind
from brygga.sync.stock.work import NEWBORN
from brygga.web import replaying
from brygga.web.deps import WebDeps
from brygga.web.following import bigcommerce_items

AT_ONCE: Final = 8
"""The number of transactions with messages at the same time. An import brings hundreds at once.
Those that wait hold no database connection, so that pages and work keep theirs.
"""
STREAM_S: Final = 1.0
"""A message within this time after another one of its connection is part of a stream."""
LINGER_S: Final = 0.2
"""How long a message of a stream waits for others, unless it names an order."""
LATER_S: Final = 5
"""Work that may wait is due at a common moment, this many seconds apart."""
MOST_LANES: Final = 5_000
"""More connections than these are forgotten where nothing waits."""

About = shop_events.ProductChanged | shop_events.VariantChanged | shop_events.StockChanged


@dataclass(slots=True, eq=False)
class _Message:
    event: shop_events.ShopEvent
    at: datetime
    body: bytes = b""
    is_saved: bool | None = None
    """False: the connection is over. None until it was saved."""


@dataclass(slots=True)
class _Lane:
    """The messages of one connection."""

    waiting: list[_Message] = field(default_factory=list)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    hurry: asyncio.Event = field(default_factory=asyncio.Event)
    saved_at: float = float("-inf")

    @property
    def is_busy(self) -> bool:
        return bool(self.waiting) or self.lock.locked()

    def taken(self, own: _Message) -> list[_Message]:
        """Everything that waits, with this one."""
        waiting, self.waiting = self.waiting, []
        self.hurry.clear()
        return waiting if own in waiting else [own, *waiting]


@dataclass(slots=True)
class Receiving:
    """For one process."""

    deps: WebDeps
    linger_s: float = LINGER_S
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _lanes: dict[int, _Lane] = field(default_factory=dict)

    async def save(
        self, connection_id: int, event: shop_events.ShopEvent, body: bytes = b""
    ) -> bool:
        """Returns when the message is on disk. False: its connection is over, nothing was saved.

        Whoever comes first saves everything that waits. If that fails, the others try by
        themselves.
        """
        lane = self._lane(connection_id)
        message = _Message(event, self.deps.clock.now(), body)
        lane.waiting.append(message)
        if isinstance(event, shop_events.StockChanged) and event.by_order:
            lane.hurry.set()
        async with lane.lock:
            if message.is_saved is None:
                await self._linger(lane)
                batch = lane.taken(message)
                async with self.slots, self.deps.database.transaction() as tx:
                    is_saved = await record(self.deps, tx, connection_id, batch)
                for one in batch:
                    one.is_saved = is_saved
                lane.saved_at = self.deps.clock.monotonic()
        return message.is_saved is True

    def _lane(self, connection_id: int) -> _Lane:
        if connection_id not in self._lanes and len(self._lanes) >= MOST_LANES:
            self._lanes = {id_: one for id_, one in self._lanes.items() if one.is_busy}
        return self._lanes.setdefault(connection_id, _Lane())

    async def _linger(self, lane: _Lane) -> None:
        clock = self.deps.clock
        if not lane.hurry.is_set() and clock.monotonic() - lane.saved_at < STREAM_S:
            await first_of(clock.sleep(self.linger_s), lane.hurry.wait())


async def record(deps: WebDeps, tx: Tx, connection_id: int, batch: Sequence[_Message]) -> bool:
    """Saves these messages, each once. False when the connection is over."""
    now = deps.clock.now()
    about = {one.event.product_id for one in batch if isinstance(one.event, About)}
    known = await receiving.known(tx, connection_id, about, now - NEWBORN)
    if known is None or known.stage is Stage.DISCONNECTED:
        return False
    keys = [one.event.envelope.key for one in batch]
    new = await inbox.accept_many(tx, connection_id, Platform.BIGCOMMERCE, keys, now)
    fresh: list[_Message] = []
    for one in batch:
        # A message without an id always counts as new: a doubled hint costs only one read.
        key = one.event.envelope.key
        if not key or key in new:
            new.discard(key)
            fresh.append(one)
    ours = [one for one in fresh if not _is_of_marker(one.event, known)]
    await _record_stock(deps, tx, connection_id, ours)
    await _ask(deps, tx, connection_id, _wanted(fresh, known), now)
    if deps.settings.keep_webhooks:
        kept = [
            replaying.kept(Platform.BIGCOMMERCE, one.body, one.event) for one in fresh if one.body
        ]
        await kept_webhooks.add(tx, connection_id, Platform.BIGCOMMERCE, kept, now)
    return True


async def _record_stock(
    deps: WebDeps, tx: Tx, connection_id: int, messages: Sequence[_Message]
) -> None:
    hints = [
        (
            event.product_id,
            Hint(one.at, event.by_order, str(event.variant_id or ""), event.envelope.at),
        )
        for one in messages
        if isinstance(event := one.event, shop_events.StockChanged)
        and event.product_id
        and _is_of_now(event, one.at)
    ]
    if hints and deps.stock is not None:
        await deps.stock.record_bigcommerce(tx, connection_id, hints)


Wanted = dict[tuple[Kind, str, bool], list[str]]
"""The subjects by kind, detail, and whether the work may wait."""


def _wanted(messages: Sequence[_Message], known: Known) -> Wanted:
    wanted: Wanted = defaultdict(list)
    for one in messages:
        if _is_of_marker(one.event, known):
            if _is_deleted(one.event):
                wanted[Kind.MARKER, "", False].append("")
            continue
        for changed in bigcommerce_items(one.event):
            of = (changed.kind, changed.detail, _may_wait(one.event, known))
            wanted[of] += changed.subjects
    return wanted


async def _ask(deps: WebDeps, tx: Tx, connection_id: int, wanted: Wanted, now: datetime) -> None:
    for (kind, detail, waits), subjects in sorted(wanted.items()):
        due_at = _later(now) if waits else None
        await work_items.add_many(
            tx, connection_id, kind, sorted(subjects), now, due_at=due_at, detail=detail
        )
    if due := [kind for kind, _, waits in wanted if not waits]:
        await deps.jobs.enqueue(tx, connection_id, urgent=any(kind in STOCK_KINDS for kind in due))


def _later(now: datetime) -> datetime:
    """A common moment, late enough that answered creates are saved."""
    earliest = now.timestamp() + LATER_S / 2
    return datetime.fromtimestamp(-(-earliest // LATER_S) * LATER_S, UTC)


def _may_wait(event: shop_events.ShopEvent, known: Known) -> bool:
    if not isinstance(event, About) or event.product_id in known.settled:
        return False
    is_order = isinstance(event, shop_events.StockChanged) and event.by_order
    return not (is_order and event.product_id in known.bound)


def _is_of_marker(event: shop_events.ShopEvent, known: Known) -> bool:
    """Whether the message is about our own hidden product (decision 16). Each of our stock writes
    causes some of these.

    If the product is deleted, it is made again. Any other change to it waits for the sweep.
    """
    return isinstance(event, About) and event.product_id in known.marker


def _is_deleted(event: Any) -> bool:
    return (
        not isinstance(event, shop_events.StockChanged)
        and event.change is shop_events.Change.DELETED
    )


def _is_of_now(event: shop_events.ShopEvent, now: datetime) -> bool:
    """False for a message older than the platform's last retry. Such a replay may be forgotten by
    the inbox: it causes a read, nothing more.
    """
    return event.envelope.at is None or event.envelope.at >= now - shop_events.OLDEST
