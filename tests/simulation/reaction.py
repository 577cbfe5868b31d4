"""How fast the other side follows, in the simulation's calm: no faults, and reads of BigCommerce
that trail by `--lag` seconds (the storm's ordinary lag is 3).

    python -m tests.simulation.reaction [--days 20] [--first 0] [--lag 0 1 3]

Each day plays bursts of ten sales and orders of one unit of one variant, half a second to two
seconds apart. Then it cancels an order, once while our last write is less than a read lag old, and
once in the quiet. The time of a change ends when the other side's level includes it. It includes
the way of the webhook, 0.6 s at most.
"""

# ruff: noqa: T201 - it tells what it found
import argparse
import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from brygga.core.stock import Side
from brygga_sandbox.zettle import Line
from tests.simulation.beginning import begin
from tests.simulation.day import Day, Goods
from tests.simulation.disk import Disk
from tests.simulation.fault_plan import Faults
from tests.simulation.loop import run
from tests.simulation.session import _alone
from tests.simulation.storm import disk

BURSTS, BURST = 3, 10
GAPS_S = (0.5, 1.0, 2.0)
PAUSE_S = 60.0
"""Between two bursts: every event of the last one is closed."""
LOOK_S = 0.05
TIMEOUT_S = 60.0
ENOUGH = 60
"""Units before each burst, so that nothing runs out."""
FALLS, RISE_AFTER_OURS, RISE_IN_QUIET = (
    "sale or order, in a burst of ten",
    "cancelled order, within a read lag of our write",
    "cancelled order, in the quiet",
)


@dataclass
class Watch:
    """What happened on each side and has not reached the other one yet."""

    day: Day
    one: Goods
    seconds: dict[str, list[float]] = field(default_factory=dict)
    waiting: dict[Side, list[float]] = field(default_factory=lambda: {side: [] for side in Side})
    before: dict[Side, int] = field(default_factory=dict)
    own: dict[Side, int] = field(default_factory=lambda: dict.fromkeys(Side, 0))
    """What each side did by itself since the last quiet."""
    requests: int = 0

    def level(self, side: Side) -> int:
        found = (
            self.day.till_level(self.one) if side is Side.ZETTLE else self.day.shop_level(self.one)
        )
        assert found is not None
        return found

    def begin(self) -> None:
        self.before = {side: self.level(side) for side in Side}
        self.own = dict.fromkeys(Side, 0)

    def act(self, side: Side, change: int, act: Callable[[], object]) -> None:
        act()
        self.own[side] += change
        self.waiting[side].append(self.day.now)

    def look(self, kind: str) -> None:
        """Ends the changes that the other side's level includes. All of them have one sign."""
        for side in Side:
            other = side.other
            reached = abs(self.level(other) - self.before[other] - self.own[other])
            done = reached - (abs(self.own[side]) - len(self.waiting[side]))
            for began in self.waiting[side][:done]:
                self.seconds.setdefault(kind, []).append(self.day.now - began)
            del self.waiting[side][:done]

    async def until(self, end: float, kind: str) -> None:
        while self.day.now < end:
            await asyncio.sleep(LOOK_S)
            self.look(kind)

    async def through(self, kind: str) -> None:
        end = self.day.now + TIMEOUT_S
        while any(self.waiting.values()) and self.day.now < end:
            await self.until(self.day.now + LOOK_S, kind)
        assert not any(self.waiting.values()), f"{kind}: {self.waiting}"


def played(seed: int, own: Disk, lag_s: float) -> Watch:
    """One day: the seconds of each change, by its kind, and the requests."""
    with _alone():
        return run(_played(seed, own, lag_s), seed)


async def _played(seed: int, own: Disk, lag_s: float) -> Watch:
    day = await begin(seed, own, faults=Faults(frozenset(), random.Random(seed)))
    try:
        day.run_service()
        assert await day.quiet()
        watch = Watch(day, day.goods[0])
        day.sandbox.shop(watch.one.merchant).store.read_lag_s = lag_s
        await _restock(watch)
        watch.requests = -day.requests()
        for _ in range(BURSTS):
            await _burst(watch)
        watch.requests += day.requests()
        return watch
    finally:
        await day.close()


async def _restock(watch: Watch) -> None:
    watch.day.sandbox.till(watch.one.merchant).set_stock(watch.one.variant, ENOUGH * BURSTS)
    assert await watch.day.quiet()


async def _burst(watch: Watch) -> None:
    day, one = watch.day, watch.one
    found = day.item(one)
    assert found is not None
    till, shop = day.sandbox.till(one.merchant), day.sandbox.shop(one.merchant)
    line, orders = {"variant_id": found[1].id, "quantity": 1}, list[int]()
    watch.begin()
    for _ in range(BURST):
        if day.dice.random() < 0.5:
            watch.act(Side.SHOP, -1, lambda: orders.append(shop.place([line]).id))
        else:
            watch.act(Side.ZETTLE, -1, lambda: till.sell([Line(one.variant, 1)]))
        await watch.until(day.now + day.dice.choice(GAPS_S), FALLS)
    await watch.through(FALLS)
    orders += [] if len(orders) > 1 else [shop.place([line]).id for _ in range(2)]
    await asyncio.sleep(PAUSE_S)

    watch.begin()
    watch.act(Side.ZETTLE, -1, lambda: till.sell([Line(one.variant, 1)]))
    await watch.through("sale in the quiet")
    await asyncio.sleep(day.dice.uniform(0, 2))
    for kind in (RISE_AFTER_OURS, RISE_IN_QUIET):
        watch.begin()
        watch.act(Side.SHOP, 1, lambda: shop.cancel(orders.pop()))
        await watch.through(kind)
        await asyncio.sleep(PAUSE_S)


def share(found: Sequence[float], of: float) -> float:
    ordered = sorted(found)
    return ordered[min(len(ordered) - 1, int(len(ordered) * of))]


def table(days: Sequence[Watch]) -> str:
    found: dict[str, list[float]] = {}
    for day in days:
        for kind, some in day.seconds.items():
            found.setdefault(kind, []).extend(some)
    changes, requests = sum(map(len, found.values())), sum(day.requests for day in days)
    rows = [
        f"{kind:<52}{len(some):>8}"
        + "".join(f"{s:>7.1f}" for s in (share(some, 0.5), share(some, 0.99), max(some)))
        for kind, some in found.items()
    ]
    return "\n".join([*rows, f"{requests / changes:.1f} requests for a change"])


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.reaction")
    parser.add_argument("--days", type=int, default=20)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--lag", type=float, nargs="+", default=[0.0, 1.0, 3.0])
    chosen = parser.parse_args(words)
    seeds = range(chosen.first, chosen.first + chosen.days)
    print(f"{'seconds to the other side':<52}{'changes':>8}{'p50':>7}{'p99':>7}{'most':>7}")
    with disk() as own:
        for lag_s in chosen.lag:
            print(f"reads trail by {lag_s:g} s")
            print(table([played(seed, own, lag_s) for seed in seeds]), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
