"""A session: begin, storm, calm, and the verdict."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from brygga.core.report import Code
from brygga.store import synclog
from brygga.wiring import handlers
from tests.simulation.acts import Acts
from tests.simulation.day import Day, begin
from tests.simulation.disk import Disk
from tests.simulation.loop import run
from tests.simulation.process import MakeHandlers


@dataclass
class Verdict:
    """What one seed came to. `wrong` names what is wrong and stands in no log; `reported` what is wrong and does."""

    seed: int
    changes: int = 0
    crashes: int = 0
    duplicates: int = 0
    checks: int = 0
    wrong: list[str] = field(default_factory=list)
    reported: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    """Invariants other than the count."""
    faults: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    story: list[str] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        return bool(self.wrong or self.broken or self.duplicates)


async def storm(day: Day, changes: int) -> None:
    people = Acts(day)
    day.weather.begin(day.town)
    for _ in range(3 * changes):
        if day.changes >= changes:
            break
        await people.step()
        gap = day.dice.choice([0.0, 0.3, day.dice.expovariate(1 / 5), day.dice.expovariate(1 / 60)])
        await asyncio.sleep(gap)
        day.check_step()
    day.weather.end(day.town)


async def _session(seed: int, disk: Disk, make: MakeHandlers) -> Verdict:
    day = await begin(seed, disk, make)
    try:
        return await _played(day)
    finally:
        await day.close()


async def _played(day: Day) -> Verdict:
    verdict = Verdict(day.seed, story=day.story)
    day.run_service()
    if not await day.quiet():
        verdict.broken.append("the first sync never ends")
        return verdict
    await storm(day, day.dice.randint(22, 38))
    day.tell("---- calm")
    for why in ("the work never ends", "the sweep never ends"):
        if not await day.quiet():
            verdict.broken.append(why)
            break
        await day.sweep()
    else:
        if not await day.quiet():
            verdict.broken.append("the second sweep never ends")
    await judge(day, verdict)
    return verdict


async def judge(day: Day, verdict: Verdict) -> None:
    verdict.changes, verdict.crashes, verdict.faults = day.changes, day.crashes, day.weather.struck
    verdict.requests = day.requests()
    checked: set[tuple[int, str]] = set()
    async with day.database.read() as tx:
        for connection in day.connections:
            for logged in await synclog.page(tx, connection, limit=100_000):
                said = logged.line
                day.story.append(f"{'':10} log {connection} {said.code.value} {said.variant[:8]} {dict(said.params)}")
                if said.code is Code.STOCK_CHECK:
                    checked.add((connection, said.variant))
                if said.code is Code.INTERNAL_ERROR:
                    verdict.broken.append("a bug has parked work")
    verdict.checks = len(checked)
    for one in day.goods:
        till, shop = day.till_level(one), day.shop_level(one)
        if till == one.truth and (shop is None or shop == max(0, one.truth)):
            continue
        line = f"{one.sku} of {one.connection}: till {till}, shop {shop}, truth {one.truth}"
        (verdict.reported if (one.connection, one.variant) in checked else verdict.wrong).append(line)


def session(seed: int, disk: Disk, make: MakeHandlers = handlers) -> Verdict:
    """One seed, from the beginning."""
    return run(_session(seed, disk, make), seed)
