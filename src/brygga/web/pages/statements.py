"""The nightly statements: the list with the chain's check, one statement with its reasons and
buttons, and each as a file.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect

from brygga.core.statements import Link, broken
from brygga.database import statements, work_items
from brygga.database.engine import Tx
from brygga.database.statements import AGAIN, Differing, Stored
from brygga.database.work_items import Kind
from brygga.web import statement_csv
from brygga.web.statement_view import view_of
from brygga.web.stock_csv import file_name
from brygga.web.tracing import exported
from brygga.web.visit import Merchant, NotThere
from brygga.web.work import ask

HERE: Final = "/apps/bigcommerce/statements"
SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class ListView:
    """`broken` is the number of the first statement that does not fit, or None."""

    statements: tuple[Stored, ...] = ()
    total: int = 0
    broken: int | None = None
    kept_days: int = 365
    waits: bool = False
    """Whether numbers are being compared now, or in a moment."""
    differing: tuple[Differing, ...] = ()
    """What differs now, and has for 15 minutes."""


@get(HERE)
async def show(merchant: Merchant) -> Response[str]:
    deps = merchant.deps
    async with deps.database.read() as tx:
        newest = await statements.newest(tx, merchant.own.id)
        chain = await statements.chain(tx, merchant.own.id)
        differing = await statements.differing(tx, merchant.own.id)
        waits = await _waits(tx, merchant)
    view = ListView(
        tuple(newest[:SHOWN]),
        len(newest),
        broken(chain),
        deps.settings.statements_kept.days,
        waits,
        tuple(differing),
    )
    return merchant.page("statements.html", view, section="apps")


async def _waits(tx: Tx, merchant: Merchant) -> bool:
    due = await work_items.due(tx, merchant.own.id, merchant.deps.clock.now(), [Kind.STATEMENT])
    return bool(due)


@get(f"{HERE}/{{number:int}}")
async def one(merchant: Merchant, number: int) -> Response[str]:
    link, plain = await _found(merchant, number)
    return merchant.page("statement.html", view_of(link, plain), section="apps")


@get(f"{HERE}/{{number:int}}/statement.json")
async def as_json(merchant: Merchant, number: int) -> Response[bytes]:
    """The canonical text, byte by byte: its SHA-256 is the statement's hash."""
    link, _ = await _found(merchant, number)
    await exported(merchant, "statement")
    name = file_name(f"brygga {number}").replace(".csv", ".json")
    headers = {"content-disposition": name, "cache-control": "no-store", "x-sha256": link.hash}
    return Response(link.text.encode(), media_type="application/json", headers=headers)


@get(f"{HERE}/{{number:int}}/statement.csv")
async def as_csv(merchant: Merchant, number: int) -> Response[str]:
    link, plain = await _found(merchant, number)
    await exported(merchant, "statement")
    headers = {
        "content-disposition": file_name(f"brygga {number}"),
        "cache-control": "no-store",
    }
    text = statement_csv.sheet(merchant.words, view_of(link, plain))
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


@post(HERE)
async def compare(merchant: Merchant) -> Redirect:
    """A statement is made now, beside those of the nights."""
    if not merchant.running:
        return merchant.unchanged(HERE)
    async with merchant.deps.database.transaction() as tx:
        await ask(merchant.deps, tx, merchant.own.id, Kind.STATEMENT, [""])
    return merchant.go(HERE, "statement_asked")


@post(f"{HERE}/read/{{uuid:str}}")
async def read_again(merchant: Merchant, uuid: str) -> Redirect:
    """Both sides of this product are read once more by the ordinary work, and compared again."""
    if not merchant.running:
        return merchant.unchanged(HERE)
    async with merchant.deps.database.transaction() as tx:
        if not await statements.is_listed(tx, merchant.own.id, uuid):
            raise NotThere
        await ask(merchant.deps, tx, merchant.own.id, Kind.STOCK, [uuid])
        await ask(merchant.deps, tx, merchant.own.id, Kind.STATEMENT, [AGAIN])
    return merchant.go(HERE, "statement_read")


async def _found(merchant: Merchant, number: int) -> tuple[Link, dict[str, Any]]:
    if not 0 < number < 2**31:
        raise NotThere
    async with merchant.deps.database.read() as tx:
        link = await statements.link(tx, merchant.own.id, number)
    if link is None:
        raise NotThere
    return link, json.loads(link.text)
