"""An older backup, restored while tills and stores go on selling: no unit is lost or doubled
without a question (S2, S3).

`BRYGGA_RESTORES=20` plays twenty seeds.
"""

import asyncio
import os
import random
from collections import Counter

import pytest

from brygga.database import ledgers
from brygga.sync.stock import Counted, StockCommands
from tests.rules.stack import DemoStack, LoopTime
from tests.rules.test_restored import backed_up, waits_since_restore

SEEDS = int(os.environ.get("BRYGGA_RESTORES", "1"))
GOODS, BEGIN = 6, 60
EVERY_S = (1.0, 20.0)


class Storm:
    """People on both sides, and how many of each there must be."""

    def __init__(self, home: DemoStack, seed: int) -> None:
        self.home, self.dice = home, random.Random(seed)
        self.goods = [home.add(f"Vara{number}", stock=BEGIN) for number in range(GOODS)]
        self.truth = Counter(dict.fromkeys(self.goods, BEGIN))

    def act(self, uuid: str, *, at_till: bool, count: int = 0) -> None:
        home, count = self.home, count or self.dice.randint(1, 2)
        self.truth[uuid] -= count
        if at_till:
            home.till.sell(home.variant(uuid), count)
        else:
            home.shop.place([{"product_id": home.id_of(uuid), "quantity": count}])

    async def blow(self, acts: int) -> None:
        for _ in range(acts):
            self.act(self.dice.choice(self.goods), at_till=self.dice.random() < 0.5)
            await asyncio.sleep(self.dice.uniform(*EVERY_S))

    def blow_unseen(self) -> None:
        """While nobody works, half of the goods move, each on one side but the last: of that one
        both sides sell the same, and show the same number.
        """
        *apart, alike = self.goods[: GOODS // 2]
        for number, uuid in enumerate(apart):
            self.act(uuid, at_till=number % 2 == 0)
        count = self.dice.randint(1, 2)
        for at_till in (True, False):
            self.act(alike, at_till=at_till, count=count)

    def wrong(self) -> dict[str, list[tuple[int, int]]]:
        true = {uuid: [(self.truth[uuid],) * 2] for uuid in self.goods}
        found = {uuid: self.home.levels(uuid) for uuid in self.goods}
        return {uuid: levels for uuid, levels in found.items() if levels != true[uuid]}


async def asked(home: DemoStack) -> set[str]:
    number = (await home.connection()).id
    async with home.service.database.read() as tx:
        return {row.product_uuid for row in await ledgers.in_question(tx, number)}


async def answered(home: DemoStack, storm: Storm) -> None:
    """The merchant counts, and types the true number."""
    number, commands = (await home.connection()).id, StockCommands()
    async with home.service.database.transaction() as tx:
        for row in await ledgers.in_question(tx, number):
            seen = (row.ledger.zettle.target, row.ledger.shop.target)
            counted = Counted(seen, storm.truth[row.product_uuid])
            of = (row.product_uuid, row.variant_uuid)
            await commands.count(tx, number, of, counted, LoopTime().now())


@pytest.mark.rule("S2", "S3")
@pytest.mark.parametrize("seed", range(SEEDS))
async def test_a_backup_restored_in_a_storm_loses_and_doubles_nothing_unasked(
    home: DemoStack, seed: int
) -> None:
    storm = Storm(home, seed)
    await home.connect()
    backup = await backed_up(home)
    await storm.blow(20)
    await home.wait_hours(2)
    await storm.blow(10)
    await home.calm()
    assert {} == storm.wrong(), "before anything happened"

    await waits_since_restore(home, backup)
    storm.blow_unseen()
    home.start()
    await storm.blow(15)
    await asyncio.sleep(300)
    questions = await asked(home)
    await answered(home, storm)
    await home.wait(180)
    after = storm.wrong()
    await storm.blow(10)
    await home.wait(120)

    assert 0 < len(questions) < GOODS, "what both sides agreed on needs nobody"
    assert {} == after, "wrong after the answers, so something was wrong without a question"
    assert {} == storm.wrong(), "wrong at the end"
    assert GOODS == len(home.in_shop())
