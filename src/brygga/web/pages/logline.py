"""One line of the sync log with what was sent and what came back, and the log as a file."""

import csv
import io
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from litestar import Response, get
from litestar.response import Stream

from brygga.database import bindings, exchanges, synclog
from brygga.database.engine import Tx
from brygga.database.exchanges import Exchange
from brygga.database.synclog import Filter, Logged
from brygga.web.i18n import Words
from brygga.web.lines import LineView
from brygga.web.log_filter import Asked, filter_of
from brygga.web.log_kinds import kinds_of
from brygga.web.pages.synclog import HOME, line_id, told_of
from brygga.web.stock_csv import BOM, file_name, harmless
from brygga.web.tracing import exported
from brygga.web.visit import Merchant, NotThere

BEFORE: Final = timedelta(minutes=5)
AFTER: Final = timedelta(seconds=30)
"""The calls of a line are made before it is written, and their turn may outlast it."""
AT_ONCE: Final = 1_000
COLUMNS: Final = ("time", "severity", "topic", "kind", "product", "line", "cause", "action")


@dataclass(frozen=True, slots=True)
class ExchangeView:
    """One call. `sent` and `answer` are indented JSON, "" for none."""

    at: datetime
    platform: str
    call: str
    status: int | None
    sent: str = ""
    answer: str = ""

    @property
    def is_good(self) -> bool:
        return self.status is not None and self.status < 300


@dataclass(frozen=True, slots=True)
class LogLineView:
    line: LineView
    name: str
    kind: str
    calls: tuple[ExchangeView, ...]
    kept_days: int = exchanges.KEPT.days
    is_kept: bool = True
    """False for a line older than the calls that are kept."""


@get(f"{HOME}/{{number:str}}")
async def show(merchant: Merchant, number: str) -> Response[str]:
    """Raises `NotThere` for a line that this merchant does not have."""
    id_, own = line_id(number), merchant.own.id
    if id_ is None:
        raise NotThere
    async with merchant.deps.database.read() as tx:
        logged = await synclog.one(tx, own, id_)
        if logged is None:
            raise NotThere
        told = await told_of(tx, merchant, [logged])
        ids = await _ids(tx, own, logged)
        between = (logged.at - BEFORE, logged.at + AFTER)
        made = await exchanges.about(tx, own, ids, between) if ids else ()
    kinds = kinds_of({logged.line.code.value})
    view = LogLineView(
        told.view(logged),
        told.names.get(logged.line.subject, "") or logged.line.params.get("name", ""),
        kinds[0].value if kinds else "",
        tuple(_exchange(one, ids) for one in made),
        is_kept=logged.at > merchant.deps.clock.now() - exchanges.KEPT,
    )
    return merchant.page("logline.html", view, section="apps")


async def _ids(tx: Tx, connection_id: int, logged: Logged) -> frozenset[str]:
    """How calls name the product of a line: both platforms' ids of it and of its variants."""
    subject = logged.line.subject
    if not subject:
        return frozenset()
    ids = {subject, *([logged.line.variant] if logged.line.variant else [])}
    binding = await bindings.get(tx, connection_id, subject)
    if binding is not None:
        variants = binding.synced.variants
        ids |= {str(binding.synced.product_id)} | set(variants)
        ids |= {str(id_) for id_ in variants.values()}
    return frozenset(ids)


def _exchange(one: Exchange, ids: frozenset[str]) -> ExchangeView:
    return ExchangeView(
        one.at,
        one.platform,
        f"{one.method} {one.path}",
        one.status,
        _text(about(one.sent, ids)),
        _text(about(one.answer, ids)),
    )


def about(value: Any, ids: frozenset[str]) -> Any:
    """Of a list of products or variants only those with one of these ids, where there are some: a
    call may be about many.
    """
    match value:
        case list():
            mine = [one for one in value if isinstance(one, dict) and _names(one, ids)]
            return mine or value
        case dict():
            return {
                key: about(one, ids) if isinstance(one, list) else one for key, one in value.items()
            }
        case _:
            return value


def _names(item: dict[str, Any], ids: frozenset[str]) -> bool:
    keys = ("id", "product_id", "variant_id", "productUuid", "variantUuid", "uuid")
    return any(str(item.get(key, "")) in ids for key in keys)


def _text(value: Any) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False, indent=2)


# ---- The log as a file ---------------------------------------------------------------------------


@get("/apps/bigcommerce/log.csv")
async def download(merchant: Merchant) -> Stream:
    asked = Asked.of(merchant.request.query_params)
    connection, now = merchant.own, merchant.deps.clock.now()
    async with merchant.deps.database.read() as tx:
        wanted = await filter_of(tx, connection.id, asked, now, connection.organization.country)
    await exported(merchant, "synclog")
    headers = {
        "content-disposition": file_name(merchant.words.fill("csv.synclog", {})),
        "cache-control": "no-store",
    }
    return Stream(_rows(merchant, wanted), media_type="text/csv; charset=utf-8", headers=headers)


async def _rows(merchant: Merchant, wanted: Filter) -> AsyncIterator[str]:
    """Newest first, a part at a time: no database connection is held while the reader is slow."""
    words = merchant.words
    yield BOM + _written(words, [[words.fill(f"csv.{column}", {}) for column in COLUMNS]])
    before, more = None, True
    while more:
        async with merchant.deps.database.read() as tx:
            lines = await synclog.page(tx, merchant.own.id, wanted, before=before, limit=AT_ONCE)
            told = await told_of(tx, merchant, lines)
        if lines:
            yield _written(words, [_row(words, told.view(one)) for one in lines])
            before = lines[-1].id
        more = len(lines) == AT_ONCE


def _row(words: Words, line: LineView) -> list[str]:
    kinds = kinds_of({line.code})
    return [
        line.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        words.fill(f"severity.{line.severity}", {}),
        words.fill(f"topic.{line.topic}", {}),
        words.fill(f"kind.{kinds[0].value}", {}) if kinds else "",
        *(harmless(text) for text in (line.name, line.sentence, line.cause, line.action)),
    ]


def _written(words: Words, rows: Sequence[Sequence[str]]) -> str:
    sheet = io.StringIO()
    csv.writer(sheet, delimiter=words.delimiter).writerows(rows)
    return sheet.getvalue()
