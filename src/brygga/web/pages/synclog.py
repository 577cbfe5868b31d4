"""The sync log: the state of product sync and of stock sync, each on its own, and every line of
what happened (rule A4).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect

from brygga.core.connecting import missing_step
from brygga.core.model import Stage
from brygga.core.report import Code, Topic
from brygga.database import (
    bindings,
    gone,
    library,
    library_pages,
    synclog,
    waiting_work,
)
from brygga.database.engine import Tx
from brygga.database.library import Entry
from brygga.database.library_pages import State
from brygga.database.synclog import Logged
from brygga.database.work_items import STOCK_KINDS, Kind
from brygga.web.i18n import Words
from brygga.web.lines import LineView, spoken
from brygga.web.log_filter import ANYTHING, Asked, filter_of
from brygga.web.log_groups import SHOWN, Group, grouped, is_problem
from brygga.web.log_kinds import AGAIN, LogKind, kinds_of
from brygga.web.pages.apps import store_name
from brygga.web.readable import Units, units_of
from brygga.web.visit import Form, Merchant
from brygga.web.work import ask

SIZE: Final = 50
MOST_LINES: Final = 400
"""The lines of one page, whose entries may hold many each."""
HOME: Final = "/apps/bigcommerce/log"
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
class EntryView:
    """A line, or the newest of many lines with one cause. `lines` are the first of those."""

    line: LineView
    products: int = 0
    sentence: str = ""
    lines: tuple[LineView, ...] = ()
    more: int = 0
    every: str = ""
    """The query string that shows all lines of this code."""
    between: tuple[int, int] = (0, 0)
    """The ids of the oldest and the newest line."""


@dataclass(frozen=True, slots=True)
class SyncLogView:
    organization: str
    store: str
    topics: tuple[TopicView, ...]
    entries: tuple[EntryView, ...] = ()
    kinds: tuple[LogKind, ...] = ()
    asked: Asked = ANYTHING
    product_name: str = ""
    total: int = 0
    more_than_total: bool = False
    older: str = ""
    """The query string of the next page, or ""."""
    newest: str = ""
    """The query string of the first page when this is another one, or ""."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a page needs to put lines into words."""

    words: Words
    units: Units
    names: Mapping[str, str]
    linkable: Collection[str] = ()
    gone: Collection[str] = ()
    running: bool = True
    on_its_page: bool = False
    """Whether the lines stand on the page of their one product."""

    def view(self, logged: Logged) -> LineView:
        fixed = not self.running or logged.line.subject in self.gone
        return line_view(
            self.words,
            logged,
            self.linkable,
            fixed=fixed,
            units=self.units,
            name=self.names.get(logged.line.subject, ""),
            on_its_page=self.on_its_page,
        )


@get(HOME)
async def show(merchant: Merchant, before: str = "") -> Response[str] | Redirect:
    connection = merchant.own
    if missing_step(connection) is not None and connection.stage is not Stage.DISCONNECTED:
        return merchant.go("/apps/bigcommerce")
    asked = Asked.of(merchant.request.query_params)
    cursor = line_id(before)
    async with merchant.deps.database.read() as tx:
        wanted = await filter_of(
            tx, connection.id, asked, merchant.deps.clock.now(), connection.organization.country
        )
        lines = await synclog.page(tx, connection.id, wanted, before=cursor, limit=MOST_LINES + 1)
        total = await synclog.count(tx, connection.id, wanted)
        topics = await _topics(tx, connection.id)
        kinds = kinds_of(await synclog.codes(tx, connection.id))
        entry = await _named(tx, connection.id, asked.product)
        told = await told_of(tx, merchant, lines)
    groups, covered = grouped(lines[:MOST_LINES], lambda one: _groups(merchant.words, one), SIZE)
    last = lines[covered - 1].id if covered < len(lines) else 0
    view = SyncLogView(
        organization=connection.organization.name or "Zettle",
        store=store_name(connection),
        topics=topics,
        entries=tuple(_entry(told, group, asked) for group in groups),
        kinds=kinds,
        asked=asked,
        product_name=entry.name if entry else asked.product,
        total=min(total, synclog.MOST),
        more_than_total=total > synclog.MOST,
        older=asked.with_place(str(last)) if last else "",
        newest=asked.query or "all=1" if cursor is not None else "",
    )
    return merchant.page("synclog.html", view, section="apps")


def line_id(text: str) -> int | None:
    """A line's id in an address. None for what cannot be one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None


def _groups(words: Words, logged: Logged) -> bool:
    return is_problem(logged) and words.has(f"group.{logged.line.code.value}")


def _entry(told: Told, group: Group, asked: Asked) -> EntryView:
    line = told.view(group.lines[0])
    if not group.is_many:
        return EntryView(line)
    return EntryView(
        line,
        group.products,
        told.words.fill(f"group.{line.code}", {}),
        tuple(told.view(one) for one in group.lines[:SHOWN]),
        max(0, len(group.lines) - SHOWN),
        "" if asked.code else Asked(code=line.code, period=asked.period, on=asked.on).query,
        (group.lines[-1].id, group.lines[0].id),
    )


async def _topics(tx: Tx, connection_id: int) -> tuple[TopicView, TopicView]:
    """How product sync and stock sync are doing (A4)."""
    counts = await library_pages.counts(tx, connection_id)
    waiting = await waiting_work.counts(tx, connection_id)
    parked = [item for item in await waiting_work.parked(tx, connection_id) if item.waits]
    success = await synclog.last_success(tx, connection_id)
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
    return products, stock


async def _named(tx: Tx, connection_id: int, product: str) -> Entry | None:
    if not product:
        return None
    return await library.get(tx, connection_id, product) or await gone.find(
        tx, connection_id, product
    )


async def told_of(
    tx: Tx, merchant: Merchant, lines: Sequence[Logged], *, on_its_page: bool = False
) -> Told:
    """Nothing can be done about a line whose product is gone, or while no store is connected."""
    own = merchant.own
    uuids = {one.line.subject for one in lines if one.line.subject}
    return Told(
        merchant.words,
        units_of(own),
        await gone.names(tx, own.id, uuids),
        await partners(tx, own.id, lines),
        await gone.among(tx, own.id, uuids),
        merchant.running,
        on_its_page,
    )


async def partners(tx: Tx, connection_id: int, lines: Sequence[Logged]) -> frozenset[str]:
    """The products named in clashes that are the store's own, and so can be linked with."""
    named = {one.line.params.get("other_id", "") for one in lines if one.line.code is Code.CLASH}
    ids = {int(one) for one in named if one.isascii() and one.isdigit()}
    ours = await bindings.by_product_ids(tx, connection_id, ids) if ids else {}
    return frozenset(str(one) for one in ids - ours.keys())


def line_view(
    words: Words,
    logged: Logged,
    linkable: Collection[str] = (),
    *,
    fixed: bool = False,
    units: Units | None = None,
    name: str = "",
    on_its_page: bool = False,
) -> LineView:
    """`fixed`: nothing can be done about it any more, so no button is shown."""
    line = logged.line
    sentence, cause, action = spoken(
        words, line.code.value, line.params, units, name, on_its_page=on_its_page
    )
    partner = line.params.get("other_id", "") if line.code is Code.CLASH and line.subject else ""
    partner = partner if partner in linkable and not fixed else ""
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
        repairs=line.code in REPAIRABLE and line.subject != "" and not fixed,
        recounts=line.code in RECOUNTABLE and line.subject != "",
        again=line.code in AGAIN and line.subject != "" and not fixed,
        id=logged.id,
        code=line.code.value,
        topic=line.topic.value,
        name=name or line.params.get("name", ""),
    )


@post(f"{HOME}/retry")
async def retry(merchant: Merchant, form: Form) -> Redirect:
    """The work that one line, or many lines with one cause, is about is tried again now."""
    code, first, last = form.one("code"), line_id(form.one("first")), line_id(form.one("last"))
    if not merchant.running:
        return merchant.unchanged("/apps/bigcommerce")
    if code not in AGAIN or first is None or last is None:
        return merchant.go(HOME, "unchanged", "warn")
    own = merchant.own.id
    async with merchant.deps.database.transaction() as tx:
        found = await synclog.subjects(tx, own, Code(code), (first, last))
        gone_by_now = await gone.among(tx, own, found)
        uuids = [uuid for uuid in found if uuid not in gone_by_now]
        is_stock = code in _STOCK_AGAIN
        await ask(
            merchant.deps,
            tx,
            own,
            Kind.STOCK if is_stock else Kind.PRODUCT,
            uuids,
            force=not is_stock,
            bulk=len(uuids) > SIZE,
        )
    if not uuids:
        return merchant.go(HOME, "unchanged", "warn")
    if len(uuids) == 1:
        return merchant.go(HOME, "retrying_one")
    return merchant.go(HOME, "retrying", n=merchant.words.number(len(uuids)))


_STOCK_AGAIN: Final = frozenset({Code.STOCK_REFUSED, Code.STOCK_UNREADABLE})
