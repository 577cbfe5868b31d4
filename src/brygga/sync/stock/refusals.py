"""What a refusal of a call means: which items are guilty, and what follows for them and the others.

Calls are all or nothing on both platforms (zettle facts 3.5, bigcommerce facts 5.2): a bad item is
found by its name in the refusal, or by halving the call.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from brygga.bigcommerce.codes import Code as ShopCode
from brygga.bigcommerce.refusals import named_items
from brygga.core import stock
from brygga.core.failures import Refused
from brygga.core.hands import has_options
from brygga.core.model import Tracking
from brygga.core.report import Code, Severity
from brygga.core.stock import Ledger, Side, Timing
from brygga.core.stock.movement import Cause
from brygga.database import markers, synclog
from brygga.database.bindings import Binding
from brygga.database.pending_writes import CallPart
from brygga.database.synclog import Filter
from brygga.database.work_items import Kind
from brygga.sync.shown import products_shown
from brygga.sync.stock import calls
from brygga.sync.stock.calls import Call, Move, Part
from brygga.sync.stock.unit_of_work import UnitOfWork
from brygga.sync.worker.session import Session
from brygga.zettle.codes import Code as TillCode

LINES_BACK = 200
"""How many of a product's newest lines are searched for the last line of each variant."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens to an item that is refused. Its quantity is in `to_push` again.

    Nothing is sent until its level is read (`rests`), or until the product work has found it
    (`sleeps`). `work` is the kind of work item that checks it. `line` is written for the merchant.
    `absolute`: an absolute level is written instead.
    """

    rests: bool = False
    sleeps: bool = False
    work: Kind | None = None
    line: Code | None = None
    absolute: bool = False


ABSOLUTE = Rule(absolute=True)
RULES: Mapping[str, Rule] = {
    ShopCode.NOT_ENOUGH_STOCK: Rule(rests=True),
    ShopCode.NEEDS_ABSOLUTE_FIRST: ABSOLUTE,
    # Counted at another level: somebody switched it (decisions 17, 18). A product that is not
    # counted at all needs an absolute level, and is counted again: the merchant wants its stock
    # shared.
    ShopCode.TRACKING_LEVEL: Rule(rests=True, work=Kind.SHOP_PRODUCT),
    ShopCode.ITEM_UNKNOWN: Rule(sleeps=True, work=Kind.SHOP_PRODUCT, line=Code.STOCK_ITEM_UNKNOWN),
    ShopCode.PRODUCT_GONE: Rule(sleeps=True, work=Kind.SHOP_PRODUCT, line=Code.STOCK_ITEM_UNKNOWN),
    TillCode.NOT_TRACKED: Rule(rests=True, work=Kind.TRACKING),
    TillCode.ITEM_UNKNOWN: Rule(sleeps=True, line=Code.STOCK_ITEM_UNKNOWN),
}
OTHERWISE = Rule(sleeps=True, line=Code.STOCK_REFUSED)
"""Also for every absolute level."""


# ---- One refused call ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Blame:
    """The guilty items of a refused call. `by_marker`: it was refused for the marker's item."""

    call: Call
    code: str
    guilty: Sequence[CallPart]
    by_marker: bool = False


@dataclass(slots=True)
class Refusals:
    """The refusals of one pass. `bound` are the bindings of its products."""

    session: Session
    timing: Timing
    bound: Mapping[str, Binding]
    uncounted: set[str] = field(default_factory=set)
    """Products that BigCommerce no longer counts."""

    async def blamed(self, call: Call, refusal: Refused) -> Blame:
        """Finds the guilty items. It may read the catalogue, so it is called outside the
        transaction.
        """
        named = named_items(refusal) if call.side is Side.SHOP else frozenset()
        if _names_marker(call, named):
            return Blame(call, refusal.code, (), by_marker=True)
        guilty = self._guilty(call, refusal.code, named)
        if refusal.code == ShopCode.TRACKING_LEVEL and not call.pending_write.is_absolute:
            self.uncounted |= await self._not_counted(guilty)
        return Blame(call, refusal.code, guilty)

    async def follow(self, unit: UnitOfWork, blame: Blame) -> list[Part]:
        """Handles the guilty items. Returns what is sent again, the last one first.

        If no item is guilty, each half is tried alone. If the marker's item is, the marker is
        repaired and the call is sent again.
        """
        call, absolute = blame.call, blame.call.pending_write.is_absolute
        parts = await self._send_again(unit, blame)
        calls.give_back(unit, call, landed=False)
        if blame.by_marker:
            await _read_marker(unit, call)
        for is_off in (False, True):
            items = [one for one in blame.guilty if (one.product_uuid in self.uncounted) is is_off]
            rule = ABSOLUTE if is_off else RULES.get(blame.code, OTHERWISE)
            if items:
                rule = OTHERWISE if absolute else rule
                parts += await self._blame(unit, call, items, (rule, blame.code))
        return parts

    def _guilty(
        self, call: Call, code: str, named: Collection[tuple[str, int]]
    ) -> Sequence[CallPart]:
        """The items that are named, else all of them where each half would be refused too."""
        guilty = [item for item in call.items if self._is_named(item, named)]
        is_of_all = (
            len(call.items) == 1
            or call.pending_write.is_absolute
            or code == TillCode.INVENTORIES_MISSING
        )
        return call.items if is_of_all and not guilty else guilty

    def _is_named(self, item: CallPart, named: Collection[tuple[str, int]]) -> bool:
        if not named:
            return False
        synced = self.bound[item.product_uuid].synced
        own = ("variant_id", synced.variants[item.variant_uuid]), ("product_id", synced.product_id)
        return any(one in named for one in own)

    async def _not_counted(self, items: Sequence[CallPart]) -> set[str]:
        """The products that BigCommerce does not count, or counts by their only variant, which
        makes no difference (decision 18).
        """
        ids = {item.product_uuid: self.bound[item.product_uuid].synced.product_id for item in items}
        shown = await products_shown(self.session, [*ids.values()])
        seen = {uuid: shown[id_] for uuid, id_ in ids.items() if id_ in shown}
        return {
            uuid
            for uuid, one in seen.items()
            if one.tracking is Tracking.NONE or not has_options(one)
        }

    async def _send_again(self, unit: UnitOfWork, blame: Blame) -> list[Part]:
        call = blame.call
        rest = [item for item in call.items if item not in blame.guilty]
        await calls.end(unit, call, rest, self.back(call))
        middle = 0 if blame.guilty or blame.by_marker else len(rest) // 2
        return [
            Part(call.side, {item.variant_uuid for item in piece}, call.pending_write.is_absolute)
            for piece in (rest[middle:], rest[:middle])
        ]

    def back(self, call: Call, rule: Rule | None = None) -> Move:
        """The move that puts the quantity of a part in `to_push` again."""
        now = self.session.clock.now()

        def move(ledger: Ledger) -> Ledger:
            if rule is not None and rule.rests:
                return stock.short(ledger, call.side, now, self.timing)
            to_push = stock.refused(ledger, call.side)
            sleeps = rule is not None and rule.sleeps
            return stock.suspended(to_push, call.side) if sleeps else to_push

        return move

    async def _blame(
        self, unit: UnitOfWork, call: Call, items: Sequence[CallPart], why: tuple[Rule, str]
    ) -> list[Part]:
        rule, code = why
        cause = None if call.pending_write.is_absolute else Cause.REFUSED
        await calls.end(unit, call, items, self.back(call, rule), cause)
        products = sorted({item.product_uuid for item in items})
        if rule.work is not None:
            of_shop = [str(self.bound[uuid].synced.product_id) for uuid in products]
            await unit.item(rule.work, *(products if rule.work is Kind.TRACKING else of_shop))
        if rule.line is not None:
            params = {"side": call.side.value} | ({"cause": code} if rule is OTHERWISE else {})
            await _say_once(unit, items, rule.line, params)
        if not rule.absolute:
            return []
        variants = {item.variant_uuid for item in items} | self._forgotten(unit, products)
        return [Part(call.side, variants, absolute=True)]

    def _forgotten(self, unit: UnitOfWork, products: Collection[str]) -> set[str]:
        """Where BigCommerce forgot one number, it forgot those of the product (bigcommerce facts
        5.4).
        """
        return {
            one.variant_uuid
            for one in unit.ledger_rows.values()
            if one.product_uuid in products
            and (one.product_uuid in self.uncounted or stock.is_held(one.ledger))
        }

    def say_counted(self, unit: UnitOfWork, call: Call) -> None:
        """Writes one line for a product that BigCommerce counts again."""
        for product in sorted(self.uncounted & {item.product_uuid for item in call.items}):
            self.uncounted.remove(product)
            ledger_rows = [one for one in unit.ledger_rows.values() if one.product_uuid == product]
            levels = [
                stock.first_level(one.ledger)
                for one in ledger_rows
                if not one.ledger.shop.is_suspended
            ]
            if ledger_rows:
                number = sum(level for level in levels if level is not None)
                unit.say(
                    Code.STOCK_SWITCHED_ON, ledger_rows[0], Severity.WARNING, number=str(number)
                )


def _names_marker(call: Call, named: Collection[tuple[str, int]]) -> bool:
    return (
        call.pending_write.slot is not None
        and ("variant_id", call.pending_write.slot.variant_id) in named
    )


async def _read_marker(unit: UnitOfWork, call: Call) -> None:
    """BigCommerce refused the marker's item: no call takes that slot any more, and the marker is
    repaired (`sync.stock.marker`).
    """
    assert call.pending_write.slot is not None
    await markers.drop(unit.tx, unit.connection_id, [call.pending_write.slot.variant_id])
    await unit.item(Kind.MARKER, "")


async def _say_once(
    unit: UnitOfWork, items: Sequence[CallPart], code: Code, params: Mapping[str, str]
) -> None:
    """Writes the line unless it is the variant's last line already. A refused item is tried again
    after each change event.
    """
    for item in items:
        newest = await synclog.page(
            unit.tx, unit.connection_id, Filter(subject=item.product_uuid), limit=LINES_BACK
        )
        last = next((one.line for one in newest if one.line.variant == item.variant_uuid), None)
        is_said = last is not None and last.code is code and params.items() <= last.params.items()
        if not is_said and item.variant_uuid in unit.ledger_rows:
            unit.say(code, unit.ledger_rows[item.variant_uuid], Severity.WARNING, **params)
