"""The sync log: the state of product sync and of stock sync, each on its own, and every line of
what happened (rule A4).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from litestar import Response, get
from litestar.response import Redirect

from brygga.core.connecting import missing_step
from brygga.core.model import Stage
from brygga.core.report import Code, Severity, Topic
from brygga.database import bindings, gone, library, library_pages, synclog, work_items
from brygga.database.engine import Tx
from brygga.database.library import Entry
from brygga.database.library_pages import State
from brygga.database.synclog import Filter, Logged
from brygga.database.work_items import STOCK_KINDS
from brygga.web.i18n import Words
from brygga.web.lines import LineView, spoken
from brygga.web.pages.apps import store_name
from brygga.web.paging import query_of
from brygga.web.visit import Merchant

SIZE: Final = 50
REPAIRABLE: Final = frozenset({Code.DRIFT, Code.MISSING_IN_SHOP, Code.VARIANTS_MISSING})
RECOUNTABLE: Final = frozenset({Code.STOCK_SPLIT_UP, Code.STOCK_LUMPED, Code.STOCK_NOT_COUNTED})


@dataclass(frozen=True, slots=True)
class TopicView:
    """The state of one of the two syncs. `synced` is None where it is not counted."""

    key: str
    synced: int | None
    waiting: int
    failed: int
    last_success: datetime | None


@dataclass(frozen=True, slots=True)
class SyncLogView:
    organization: str
    store: str
    topics: tuple[TopicView, ...]
    lines: tuple[LineView, ...] = ()
    topic: str = ""
    severity: str = ""
    product: str = ""
    product_name: str = ""
    total: int = 0
    more_than_total: bool = False
    older: str = ""
    """The query string of the next page, or ""."""
    newest: str = ""
    """The query string of the first page when this is another one, or ""."""


@get("/apps/bigcommerce/log")
async def show(
    merchant: Merchant, topic: str = "", severity: str = "", product: str = "", before: str = ""
) -> Response[str] | Redirect:
    connection, deps = merchant.own, merchant.deps
    if missing_step(connection) is not None and connection.stage is not Stage.DISCONNECTED:
        return merchant.go("/apps/bigcommerce")
    wanted = Filter(
        Topic(topic) if topic in set(Topic) else None,
        (Severity(severity),) if severity in set(Severity) else (),
        product,
    )
    cursor = int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None
    async with deps.database.read() as tx:
        counts = await library_pages.counts(tx, connection.id)
        waiting = await work_items.counts(tx, connection.id)
        parked = [item for item in await work_items.parked(tx, connection.id) if item.waits]
        success = await synclog.last_success(tx, connection.id)
        lines = await synclog.page(tx, connection.id, wanted, before=cursor, limit=SIZE + 1)
        total = await synclog.count(tx, connection.id, wanted)
        entry = await _named(tx, connection.id, product)
        linkable = await partners(tx, connection.id, lines)
        lost = await gone.among(
            tx, connection.id, {one.line.subject for one in lines if one.line.subject}
        )
    products = TopicView(
        Topic.PRODUCT.value,
        counts[State.SYNCED],
        counts[State.WAITING] + counts[State.REMOVING] + counts[State.UNASSIGNING],
        counts[State.FAILED] + counts[State.UNREADABLE],
        success.product,
    )
    stock_waiting = sum(count for kind, count in waiting.items() if kind in STOCK_KINDS)
    stock_failed = sum(1 for item in parked if item.kind in STOCK_KINDS)
    stock = TopicView(Topic.STOCK.value, None, stock_waiting, stock_failed, success.stock)
    filters = query_of(topic=topic, severity=severity, product=product)
    more = len(lines) > SIZE
    view = SyncLogView(
        organization=connection.organization.name or "Zettle",
        store=store_name(connection),
        topics=(products, stock),
        lines=tuple(
            line_view(merchant.words, line, linkable, fixed=_is_fixed(merchant, line, lost))
            for line in lines[:SIZE]
        ),
        topic=topic,
        severity=severity,
        product=product,
        product_name=entry.name if entry else product,
        total=min(total, synclog.MOST),
        more_than_total=total > synclog.MOST,
        older=query_of(
            topic=topic, severity=severity, product=product, before=str(lines[SIZE - 1].id)
        )
        if more
        else "",
        newest=filters or "all=1" if cursor is not None else "",
    )
    return merchant.page("synclog.html", view, section="apps")


async def _named(tx: Tx, connection_id: int, product: str) -> Entry | None:
    if not product:
        return None
    return await library.get(tx, connection_id, product) or await gone.find(
        tx, connection_id, product
    )


def _is_fixed(merchant: Merchant, logged: Logged, lost: Collection[str]) -> bool:
    """Whether nothing can be done about the line any more: its product is gone, or the store is not
    connected.
    """
    return not merchant.running or logged.line.subject in lost


async def partners(tx: Tx, connection_id: int, lines: Sequence[Logged]) -> frozenset[str]:
    """The products named in clashes that are the store's own, and so can be linked with."""
    named = {one.line.params.get("other_id", "") for one in lines if one.line.code is Code.CLASH}
    ids = {int(one) for one in named if one.isascii() and one.isdigit()}
    ours = await bindings.by_product_ids(tx, connection_id, ids) if ids else {}
    return frozenset(str(one) for one in ids - ours.keys())


def line_view(
    words: Words, logged: Logged, linkable: Collection[str] = (), *, fixed: bool = False
) -> LineView:
    """`fixed`: nothing can be done about it any more, so no button is shown."""
    line = logged.line
    sentence, cause, action = spoken(words, line.code.value, line.params)
    partner = line.params.get("other_id", "") if line.code is Code.CLASH and line.subject else ""
    partner = partner if partner in linkable and not fixed else ""
    repairs = line.code in REPAIRABLE and line.subject != "" and not fixed
    numbered = line.topic is Topic.STOCK and line.subject and line.variant
    why = f"/library/{line.subject}/variants/{line.variant}/stock" if numbered else ""
    return LineView(
        logged.at,
        line.severity.value,
        sentence,
        cause,
        action,
        line.subject,
        partner,
        why,
        repairs,
        recounts=line.code in RECOUNTABLE and line.subject != "",
    )
