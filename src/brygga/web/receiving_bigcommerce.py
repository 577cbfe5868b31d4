"""Saves what BigCommerce's webhooks say (`web.streams`).

A message about a product that we do not know, or created a moment ago, brings work that is due a
few seconds later: it is about our own create, or about a product of the merchant's own. An order of
a product that we know never waits.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from brygga.bigcommerce import events as shop_events
from brygga.core.model import Stage
from brygga.core.stock import Hint, Side, Timing
from brygga.database import receiving
from brygga.database.engine import Tx
from brygga.database.receiving import Known, Question
from brygga.database.tokens import Platform
from brygga.database.work_items import Kind
from brygga.sync.stock.work import NEWBORN
from brygga.web.deps import WebDeps
from brygga.web.following import bigcommerce_items
from brygga.web.saving import Said, Wanted, keys, save, unseen
from brygga.web.streams import Message

LATER_S: Final = 5
"""Work that may wait is due at a common moment, this many seconds apart."""

About = shop_events.ProductChanged | shop_events.VariantChanged | shop_events.StockChanged


ShopMessage = Message[shop_events.ShopEvent]


def is_urgent(event: shop_events.ShopEvent) -> bool:
    """An order never waits for other messages."""
    return isinstance(event, shop_events.StockChanged) and event.by_order


async def record(deps: WebDeps, tx: Tx, connection_id: int, batch: Sequence[ShopMessage]) -> bool:
    """Saves these messages, each once. False when the connection is over."""
    now = deps.clock.now()
    about = {one.event.product_id for one in batch if isinstance(one.event, About)}
    asked = Question(Platform.BIGCOMMERCE, keys(batch), now - NEWBORN, about)
    known = await receiving.receive(tx, connection_id, asked, now)
    if known is None or known.stage is Stage.DISCONNECTED:
        return False
    fresh = unseen(batch, known)
    ours = [one for one in fresh if not _is_of_marker(one.event, known)]
    wanted = _wanted(fresh, known, now, deps.settings.stock)
    await save(deps, tx, connection_id, fresh, Said(Platform.BIGCOMMERCE, _hints(ours), wanted))
    return True


def _hints(messages: Sequence[ShopMessage]) -> list[tuple[str, Hint]]:
    return [
        (
            str(event.product_id),
            Hint(one.at, event.by_order, str(event.variant_id or ""), event.envelope.at),
        )
        for one in messages
        if isinstance(event := one.event, shop_events.StockChanged)
        and event.product_id
        and _is_of_now(event, one.at)
    ]


def _wanted(messages: Sequence[ShopMessage], known: Known, now: datetime, timing: Timing) -> Wanted:
    """The work that these messages ask for. What only our own write is known to have caused waits
    for the read that closes that write.
    """
    wanted: Wanted = defaultdict(list)
    echoes = {Kind.SHOP_STOCK: {*known.echoed}, Kind.SHOP_PRODUCT: {*known.repeated}}
    for one in messages:
        event = one.event
        if _is_of_marker(event, known):
            if _is_deleted(event):
                wanted[Kind.MARKER, "", None].append("")
            continue
        for changed in bigcommerce_items(event):
            due_at = _later(now) if _may_wait(event, known) else None
            if _is_echo(event, echoes.get(changed.kind, set())):
                due_at = _closing(event, known, now, timing)
            wanted[changed.kind, changed.detail, due_at] += changed.subjects
    return wanted


def _is_echo(event: shop_events.ShopEvent, echoes: set[int]) -> bool:
    """Whether this is the first event of its kind since we wrote the product's stock a moment ago.
    Each write of ours causes one about the stock and one about the product, and neither names its
    cause. The first may as well be of somebody else's change: our own is the second one then, and
    brings a look at once, which sees both.
    """
    match event:
        case shop_events.StockChanged(product_id=product_id, by_order=False):
            pass
        case shop_events.ProductChanged(product_id=product_id, change=shop_events.Change.UPDATED):
            pass
        case _:
            return False
    is_first = product_id in echoes
    echoes.discard(product_id)
    return is_first


def _closing(event: shop_events.ShopEvent, known: Known, now: datetime, timing: Timing) -> datetime:
    """When an event of our own write is looked at: with the read that closes the write where that
    read leaves late enough to show the event's change, else with one of its own.
    """
    assert isinstance(event, About)
    planned = known.closing.get(event.product_id)
    if planned is not None and planned >= now + timing.read_lag(Side.SHOP):
        return planned
    return timing.closing(now)


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
