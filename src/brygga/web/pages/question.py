"""A mass effect that was stopped (decision 9): the products that it would affect, and the
merchant's answer.
"""

from dataclasses import dataclass

from litestar import Response, get

from brygga.core.guards import Effect
from brygga.core.stock import Side
from brygga.database import brakes, ledgers, library, zeroed
from brygga.web.checks import full_name
from brygga.web.troubles import KNOWN_QUESTIONS
from brygga.web.visit import Merchant, NotThere

SHOWN = 500


@dataclass(frozen=True, slots=True)
class StockLine:
    name: str
    till: int | None
    shop: int | None


@dataclass(frozen=True, slots=True)
class SubjectView:
    """One product of the question, and its numbers as they are now."""

    uuid: str
    name: str
    stock: tuple[StockLine, ...] = ()


@dataclass(frozen=True, slots=True)
class QuestionView:
    kind: str
    key: str
    count: int
    subjects: tuple[SubjectView, ...]

    @property
    def rest(self) -> int:
        return self.count - len(self.subjects)


@get("/apps/bigcommerce/answer/{kind:str}")
async def show(merchant: Merchant, kind: str) -> Response[str]:
    async with merchant.deps.database.read() as tx:
        question = await brakes.open_question(tx, merchant.own.id, kind)
        if question is None:
            raise NotThere
        over = await zeroed.over(tx, merchant.own.id) if kind == Effect.ZEROED.value else ()
        concerned = [uuid for uuid in question.subjects if uuid not in over]
        if not concerned:
            raise NotThere
        shown = concerned[:SHOWN]
        entries = await library.get_many(tx, merchant.own.id, shown)
        ledger_rows = await ledgers.load(tx, merchant.own.id, shown)
        records = await zeroed.all_of(tx, merchant.own.id) if kind == Effect.ZEROED.value else {}
    stock: dict[str, list[StockLine]] = {}
    for ledger_row in ledger_rows.values():
        entry = entries.get(ledger_row.product_uuid)
        name = full_name(entry.name, entry.product, ledger_row.variant_uuid) if entry else ""
        till, shop = (
            records.get((ledger_row.variant_uuid, Side.ZETTLE)),
            records.get((ledger_row.variant_uuid, Side.SHOP)),
        )
        line = StockLine(
            name,
            till.level if till else ledger_row.ledger.zettle.target,
            shop.level if shop else ledger_row.ledger.shop.target,
        )
        stock.setdefault(ledger_row.product_uuid, []).append(line)
    subjects = tuple(
        SubjectView(uuid, entries[uuid].name if uuid in entries else "", tuple(stock.get(uuid, ())))
        for uuid in shown
    )
    key = f"question.{kind if kind in KNOWN_QUESTIONS else 'other'}"
    return merchant.page(
        "question.html", QuestionView(kind, key, len(concerned), subjects), section="apps"
    )
