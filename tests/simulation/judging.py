"""The final check of a day that has become quiet (invariants 10 to 14), and a last hour in which
each main function is tried once more.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from brygga.core.report import Code
from brygga.database import bindings, ledgers, synclog
from brygga.database.synclog import Filter
from brygga_sandbox.zettle import Line
from tests.simulation.asking import FORGOTTEN
from tests.simulation.day import Day, Goods, Mode

TOLD = {Code.STOCK_LUMPED, Code.STOCK_SPLIT_UP, Code.STOCK_NOT_COUNTED}
OPEN: Mapping[int, str] = {}
"""Seeds that end wrong today, and why (docs/simulation.md). Each is played as well, and must leave
this list when it ends right.
"""


@dataclass
class Verdict:
    """What one seed came to. `wrong` names numbers that are wrong and stand in no log; `reported`
    those that do.
    """

    seed: int
    changes: int = 0
    crashes: int = 0
    duplicates: int = 0
    checks: int = 0
    hidden: int = 0
    """How many of `checks` only the merchant can answer: a hand made the store forget the number
    between two looks of the service (`Goods.blinked`), and it asks whether the units are sold.
    """
    asked: list[str] = field(default_factory=list)
    """What asked, of the numbers to check (`asking.RULES`)."""
    wrong: list[str] = field(default_factory=list)
    reported: list[str] = field(default_factory=list)
    unknowable: list[str] = field(default_factory=list)
    """Those of `wrong` that nobody could have known (`Goods.blinked`)."""
    low: list[str] = field(default_factory=list)
    """Those of `wrong` that are too low, of a day on which messages were lost for ever: of an
    answer and an echo that are both lost no program can know."""
    broken: list[str] = field(default_factory=list)
    """Invariants other than the count."""
    for_ever: bool = False
    """Messages may have been lost for ever."""
    faults: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    story: list[str] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        return bool(self.wrong or self.broken or self.duplicates)

    @property
    def alarms(self) -> list[str]:
        """All that a right engine does not do: it asks the merchant to check only where messages
        were lost for ever.
        """
        asked = [f"{self.checks} numbers to check"] if self.checks and not self.for_ever else []
        return [*self.broken, *self.wrong, *asked]


async def judge(day: Day, verdict: Verdict) -> None:
    """11 and 12: what the stock records hold, and what the log says about it."""
    day.recounted()
    checked = await _read_log(day, verdict)
    await _paused(day)
    verdict.checks, verdict.hidden = len(checked), len(hidden(day, checked))
    verdict.asked = sorted({why for of, variant, why in day.asked if (of, variant) in checked})
    await _rebased(day)
    for one in day.goods:
        if one.lost and day.item(one) is not None:
            # A save before the deletion was heard of after it.
            one.mode, one.lost = Mode.SEPARATE if one.separate else Mode.SHARED, False
        if one.cut and day.item(one) is not None:
            one.mode, one.cut = Mode.SHARED, False  # likewise
        one.handled = False
        line = _wrong(day, one)
        if line:
            (
                verdict.reported if (one.connection, one.variant) in checked else verdict.wrong
            ).append(line)
            if (
                one.blinked
                and one.mode is Mode.SHARED
                and max(0, day.till_level(one)) == day.shop_level(one)
            ):
                verdict.unknowable.append(line)
            if _is_low(day, one):
                verdict.low.append(line)
    _fields(day)
    _gone(day)


def hidden(day: Day, checked: set[tuple[int, str]]) -> set[tuple[int, str]]:
    """Those of the numbers to check that a hand made the store forget unseen, and of which nothing
    else asked.
    """
    blinked = {(one.connection, one.variant) for one in day.goods if one.blinked}
    otherwise = {(of, variant) for of, variant, why in day.asked if why != FORGOTTEN}
    return (checked & blinked) - otherwise


async def _paused(day: Day) -> None:
    """Decisions 17, 18: the merchant is told of each product that is not counted as in Zettle, and
    the page knows.
    """
    for one in day.goods:
        if one.mode is not Mode.PAUSED:
            continue
        async with day.database.read() as tx:
            binding = await bindings.get(tx, one.connection, one.product)
            lines = await synclog.page(tx, one.connection, Filter(subject=one.product), limit=1000)
        if not TOLD & {logged.line.code for logged in lines}:
            day.invariants.fail(15, "stock is paused without a line", one.sku)
        if binding is None or not binding.counting:
            day.invariants.fail(15, "stock is paused and no page knows", one.sku)


async def _rebased(day: Day) -> None:
    """What is loose counts from now on: from what the stock records promise, since units that are
    missing below zero show in no level.
    """
    loose = [one for one in day.goods if one.loose and one.mode is not Mode.DEAD]
    for one in loose:
        async with day.database.read() as tx:
            ledger_rows = await ledgers.load(tx, one.connection, [one.product])
        ledger_row = ledger_rows.get(one.variant)
        till, shop = (
            (ledger_row.ledger.zettle.target, ledger_row.ledger.shop.target)
            if ledger_row
            else (None, None)
        )
        one.truth = day.till_level(one) if till is None else till
        one.online = (day.shop_level(one) or 0) if shop is None else shop
        one.loose, one.less, one.more = False, 0, 0


async def _read_log(day: Day, verdict: Verdict) -> set[tuple[int, str]]:
    """The variants that the merchant is asked to check."""
    checked: set[tuple[int, str]] = set()
    async with day.database.read() as tx:
        for connection in day.connections:
            for logged in await synclog.page(tx, connection, limit=100_000):
                said = logged.line
                if verdict.story:
                    day.story.append(
                        f"{'':10} log {connection} {said.code.value} {said.variant[:8]} "
                        f"{dict(said.params)}"
                    )
                if said.code in (
                    Code.STOCK_CHECK,
                    Code.STOCK_VANISHED,
                    Code.STOCK_ORDERS_UNCOUNTED,
                ):
                    checked.add((connection, said.variant))
                if said.code is Code.INTERNAL_ERROR:
                    day.invariants.fail(12, "a bug has parked work", said.params)
    return checked


async def found_by_sweep(day: Day) -> int:
    """How many movements nobody had told of, or nobody had listened to."""
    statement = sa.text("SELECT count(*) FROM movements WHERE cause = 'swept'")
    async with day.database.read() as tx:
        return int(await tx.scalar(statement))


def _wrong(day: Day, one: Goods) -> str:
    if one.mode is Mode.DEAD:
        return ""
    till, shop = day.till_level(one), day.shop_level(one)
    shown = (
        f"{one.sku} of {one.connection} ({one.mode.value}): till {till}, shop {shop}, truth "
        f"{one.truth}"
    )
    if one.mode in (Mode.AWAY, Mode.PAUSED):
        there = one.mode is Mode.AWAY and shop is not None
        return f"{shown}: still in the shop" if there else _till_alone(shown, till, one)
    if shop is None:
        return f"{shown}: not in the shop"
    if one.mode is Mode.SHARED:
        found = [
            _shared(shown, till, max(shop, 0), one.truth + of)
            for of in range(one.less, one.more + 1)
        ]
        return (
            ""
            if "" in found and shop >= min(0, one.truth + one.less)
            else f"{shown} ({one.less:+d}, {one.more:+d})"
        )
    online = max(0, shop) == max(0, one.online) and shop >= min(0, one.online)
    right = one.mode is Mode.UNTRACKED or (till == one.truth and online)
    return "" if right else f"{shown}, online {one.online}"


def _shared(shown: str, till: int, shop: int, truth: int) -> str:
    if truth < 0:
        # Sold twice: nothing of ours takes the till below zero. What is missing is remembered, and
        # paid by the next restock (decision 7).
        return "" if shop == 0 and truth <= till <= 0 else shown
    return "" if till == truth and shop == truth else shown


def _till_alone(shown: str, till: int, one: Goods) -> str:
    """The shop has no part in it."""
    among = range(one.less, one.more + 1) if one.cut or one.mode is Mode.PAUSED else (0,)
    return "" if any(not _off(shown, till, one.truth + of) for of in among) else shown


def _off(shown: str, level: int, truth: int) -> str:
    return "" if level == truth or (truth < 0 and truth <= level <= 0) else shown


def _is_low(day: Day, one: Goods) -> bool:
    """Both sides promise the same, and less than there is: nothing is sold that is not there."""
    till, shop = day.till_level(one), day.shop_level(one)
    return one.mode is Mode.SHARED and shop == max(0, till) and till < one.truth


def _fields(day: Day) -> None:
    """10: in Zettle's fields the shop shows what Zettle says, unless somebody edited it there since
    the last save (rule P6).
    """
    for one in day.goods:
        if one.mode in (Mode.DEAD, Mode.AWAY):
            continue
        till, found = day.sandbox.till(one.merchant).product(one.product), day.item(one)
        if found is None:
            continue
        name = found[0].get("name")
        if not str(name).startswith(till["name"]):
            day.invariants.fail(10, "the name differs", (till["name"], name))
        if one.product not in day.edited and found[0].get("description") != (
            till.get("description") or ""
        ):
            day.invariants.fail(10, "the description differs", found[0].get("description"))


def _gone(day: Day) -> None:
    """P12, D2: what was deleted in Zettle, or was to be removed, is gone; what was to be kept is
    there.
    """
    active = {(one.connection, one.sku) for one in day.goods if one.mode is not Mode.DEAD}
    for one in day.goods:
        if one.mode is not Mode.DEAD or (one.connection, one.sku) in active:
            continue  # the same variant was dropped and added again
        keep = day.left.get(one.connection)
        there = day.item(one) is not None
        if there and not keep:
            day.invariants.fail(10, "what was deleted is still in the shop", one.sku)


def leaks(day: Day) -> None:
    """6: no token stands in a line of the log."""
    said = "\n".join(day.logged)
    zettle = day.sandbox.zettle.core
    for secret in (*zettle.access_tokens, *zettle.refresh_tokens, *day.invariants.stores):
        if secret in said:
            day.invariants.fail(6, "a token was logged")


def final_check(day: Day) -> None:
    """One sale and one order of every goods: shared stock follows both, separate and untracked
    stock follows neither.

    What was sold twice is restocked: then the missing units show.
    """
    for one in day.goods:
        if one.mode is Mode.DEAD:
            continue
        till = day.sandbox.till(one.merchant)
        day.account("last sale", lambda one=one, till=till: till.sell([Line(one.variant, 1)]))
        if one.truth < 0 and one.mode is Mode.SHARED:
            restocked = day.till_level(one) - one.truth + 5
            day.account(
                "restock", lambda one=one, till=till, to=restocked: till.set_stock(one.variant, to)
            )
        found = day.item(one)
        if found is not None and (day.shop_level(one) or 0) > 0 and one.mode is not Mode.UNTRACKED:
            shop, line = day.sandbox.shop(one.merchant), {"variant_id": found[1].id, "quantity": 1}
            day.account("last order", lambda shop=shop, line=line: shop.place([line]))
