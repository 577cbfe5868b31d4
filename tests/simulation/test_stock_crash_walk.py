"""Stock survives a crash at every point: before and after each request and each commit, in turn,
until a run needs no second life. What ends and what begins next is one point (`Moments`).
"""

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from brygga_sandbox.zettle import Line
from tests.simulation.actors import Actors
from tests.simulation.beginning import begin
from tests.simulation.crashing import Moments
from tests.simulation.day import Day, Goods, Mode
from tests.simulation.disk import Disk
from tests.simulation.fault_plan import Faults
from tests.simulation.judging import Verdict, judge
from tests.simulation.loop import run
from tests.simulation.process import Fate, Process, Runtime

MOST = 400
PLENTY = 900
NAMES = ["".join(pair) for pair in itertools.product("ABCDEFGHIJKLMNOPQRSTUV", repeat=2)]
Story = Callable[[Day], Awaitable[None]]


@dataclass
class Walk:
    """One sandbox, in which a story happens again and again, with a crash one point later each
    time.
    """

    day: Day
    story: Story

    async def points(self) -> int:
        """How many points crashed. Every time the numbers must be right in the end."""
        await self._lived(Fate(), self._nothing)
        for at in range(1, MOST):
            died = await self._lived(Fate(at, moments=Moments()), self.story)
            await self._judged(at)
            if not died:
                return at - 1
        raise AssertionError(f"the story has more than {MOST} points: it never ends")

    async def _nothing(self, day: Day) -> None:
        """Only the first sync."""

    async def _lived(self, fate: Fate, story: Story) -> bool:
        """The story, in a life with that fate and, if it ends, another one."""
        first = self._started(fate)
        life = asyncio.create_task(first.live())
        over = asyncio.create_task(self._over(story))
        await asyncio.wait({life, over}, return_when=asyncio.FIRST_COMPLETED)
        if not fate.dead:
            await over
            await self._end(first, life)
            return False
        self.day.processes.remove(first)
        second = self._started(Fate())
        life = asyncio.create_task(second.live())
        await over
        await self._end(second, life)
        return True

    def _started(self, fate: Fate) -> Process:
        runtime = Runtime(self.day.sandbox, self.day.disk, self.day.net)
        made = Process(runtime, fate, random.Random(self.day.dice.getrandbits(64)))
        self.day.processes.append(made)
        return made

    async def _over(self, story: Story) -> None:
        await story(self.day)
        assert await self.day.quiet()

    async def _end(self, process: Process, life: "asyncio.Task[bool]") -> None:
        process.stop.set()
        await life
        self.day.processes.remove(process)

    async def _judged(self, at: int) -> None:
        verdict = Verdict(self.day.seed)
        await judge(self.day, verdict)
        self.day.check_step()
        assert ([], [], {}) == (verdict.wrong, verdict.reported, self.day.invariants.broken), (
            f"crashed at point {at}\n" + "\n".join(self.day.story[-200:])
        )


async def _walked(disk: Disk, story: Story) -> int:
    day = await begin(7, disk, faults=Faults(frozenset(), random.Random(1)), merchants=1)
    day.invariants.answers_lost = True
    for one in day.goods:
        day.account(
            "count", lambda one=one: day.sandbox.till(one.merchant).set_stock(one.variant, PLENTY)
        )
    try:
        return await Walk(day, story).points()
    finally:
        await day.close()


def walked(disk: Disk, story: Story) -> int:
    return run(_walked(disk, story), 1)


def shared(day: Day) -> Goods:
    return next(one for one in day.goods if one.mode is not Mode.DEAD)


def ordered(day: Day, one: Goods) -> None:
    found, shop = day.item(one), day.sandbox.shop(one.merchant)
    assert found is not None
    day.account("order", lambda: shop.place([{"variant_id": found[1].id, "quantity": 1}]))


def sold(day: Day, one: Goods) -> None:
    day.account("sell", lambda: day.sandbox.till(one.merchant).sell([Line(one.variant, 1)]))


@pytest.mark.slow
@pytest.mark.rule("S2", "S3")
def test_an_order_and_a_sale_survive_a_crash_at_every_point(disk: Disk) -> None:
    async def story(day: Day) -> None:
        ordered(day, shared(day))
        sold(day, shared(day))
        await asyncio.sleep(5)
        sold(day, shared(day))

    assert walked(disk, story) > 50


@pytest.mark.slow
@pytest.mark.rule("P8", "S1")
def test_a_first_import_survives_a_crash_at_every_point(disk: Disk) -> None:
    """A product comes to the till, with stock, and one of it is sold while it is on its way to the
    shop.
    """

    async def story(day: Day) -> None:
        known = shared(day)
        till, name = day.sandbox.till(known.merchant), f"Vara{NAMES[len(day.goods)]}"
        made = till.create_product(name, [{"sku": name, "price": 9900}])
        till.track(made["uuid"])
        till.set_stock(made["variants"][0]["uuid"], 9)
        one = Goods(
            known.merchant, known.connection, made["uuid"], made["variants"][0]["uuid"], name, 9
        )
        day.goods.append(one)
        await asyncio.sleep(1)
        sold(day, one)
        await asyncio.sleep(5)
        sold(day, one)

    assert walked(disk, story) > 50


@pytest.mark.slow
@pytest.mark.rule("S5", "S6")
def test_a_split_and_a_join_survive_a_crash_at_every_point(disk: Disk) -> None:
    async def story(day: Day) -> None:
        actors, one = Actors(day), shared(day)
        await actors.split(one)
        await asyncio.sleep(5)
        ordered(day, one)
        sold(day, one)
        await asyncio.sleep(5)
        await actors.join(one)

    assert walked(disk, story) > 50


@pytest.mark.slow
@pytest.mark.rule("S5", "S7")
def test_separate_stock_off_for_a_moment_survives_a_crash_at_every_point(
    disk: Disk,
) -> None:
    """Whether the off is seen, or only told, its end is the same: stock is shared, and the number
    is Zettle's.
    """

    async def story(day: Day) -> None:
        actors, one = Actors(day), shared(day)
        await actors.split(one)
        await asyncio.sleep(5)
        actors.track_off(one)
        actors.track_on(one)
        sold(day, one)
        day.account("count", lambda: day.sandbox.till(one.merchant).set_stock(one.variant, PLENTY))

    assert walked(disk, story) > 50


@pytest.mark.slow
@pytest.mark.rule("A2", "A3")
def test_an_unassignment_survives_a_crash_at_every_point(disk: Disk) -> None:
    """And the way back, with the stock that the till has then."""

    async def story(day: Day) -> None:
        actors, one = Actors(day), shared(day)
        await actors.unassign(one)
        await asyncio.sleep(15)
        assert await day.quiet()
        assert day.item(one) is None
        sold(day, one)
        await actors.assign(one)

    assert walked(disk, story) > 50
