"""What goes wrong, and how often.

Each fault is on for half of the seeds. A day on which everything fails would test little.
"""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx2

from brygga_sandbox.outbox import DeliveryFaults
from brygga_sandbox.sandbox import Sandbox

ANSWERS = (
    "429",
    "5xx_before",
    "5xx_after",
    "timeout_before",
    "timeout_after",
    "cut_before",
    "cut_after",
    "html",
)
WIRE = ("cut_after", "cut_before", "delivered late")
FOR_EVER = frozenset({"hooks lost", "subscription deleted"})
FOR_EVER_SHARE = 1 / 8
PEOPLE = (
    "shop edits",
    "other tool",
    "tracking",
    "separate",
    "assign",
    "deletions",
    "product edits",
    "variants",
    "leaving",
)
KINDS = (
    *ANSWERS,
    "delivered late",
    "token_expired",
    "hooks late",
    "hooks doubled",
    "hooks shuffled",
    "hooks very late",
    "subscription deleted",
    "forged hook",
    "stale reads",
    "crash",
    "stall",
    "two workers",
    "quota shared",
    "low stock",
    "hooks lost",
    "name clash",
)
CLOCK_OFFSETS = True
"""Whether there are days at all on which BigCommerce's clock is apart from ours."""
CLOCK = "clock apart"
CLOCK_OFFSET_S = 3.0


def ahead_of_us(seed: int) -> float:
    """How many seconds BigCommerce's clock is ahead of ours all day (below 0: behind); 0.0 on every
    second day.

    It has dice of its own, so that a day is the same in all else, whether there are such days or
    not.
    """
    dice = random.Random(f"{seed} clock")
    return (
        dice.uniform(-CLOCK_OFFSET_S, CLOCK_OFFSET_S)
        if CLOCK_OFFSETS and dice.random() < 0.5
        else 0.0
    )


HANDS = "hands"
HANDS_AT_WORK = True
"""Whether there are days at all on which merchants change variants and counting in BigCommerce."""


def hands_at_work(seed: int) -> bool:
    """On one day in three, by dice of their own."""
    return HANDS_AT_WORK and random.Random(f"{seed} hands").random() < 1 / 3


@dataclass
class Faults:
    """One day's faults: which there are, and how often each struck."""

    on: frozenset[str]
    dice: random.Random
    struck: Counter[str] = field(default_factory=Counter)
    calm: bool = False
    clock_offset_s: float = 0.0
    """How far BigCommerce's clock is ahead of ours, in storm and calm."""
    sampled: frozenset[str] = frozenset()
    """What has dice of its own (`sampled`)."""
    stale_s: float = 8.0

    @classmethod
    def of(
        cls,
        dice: random.Random,
        clock_offset_s: float = 0.0,
        *,
        hands: bool = False,
        sampled: frozenset[str] = frozenset(),
        stale_s: float = 8.0,
    ) -> "Faults":
        """On one day in eight messages may be lost for ever: where an answer is lost too, nobody
        can know (docs/simulation.md).
        """
        on = {kind for kind in (*KINDS, *PEOPLE) if dice.random() < 0.5}
        kinds = frozenset(on if dice.random() < FOR_EVER_SHARE else on - FOR_EVER)
        kinds |= ({CLOCK} if clock_offset_s else set()) | ({HANDS} if hands else set())
        return cls(
            kinds | sampled, dice, clock_offset_s=clock_offset_s, sampled=sampled, stale_s=stale_s
        )

    def has(self, kind: str) -> bool:
        return kind in self.on and not self.calm

    def roll(self, kind: str, share: float) -> bool:
        """Whether it strikes now."""
        if not self.has(kind) or self.dice.random() >= share:
            return False
        self.struck[kind] += 1
        return True

    def begin(self, sandbox: Sandbox) -> None:
        """The storm rises."""
        for kind in sorted(self.on & (self.sampled | {CLOCK, HANDS}) - {"silent spell"}):
            self.struck[kind] += 1
        for kind in ANSWERS:
            if kind in self.on:
                for platform in (sandbox.zettle, sandbox.bigcommerce):
                    platform.faults.add(
                        kind, probability=0.015, params={"seconds": 60, "status": 503}
                    )
        if "stale reads" in self.on:
            sandbox.bigcommerce.faults.add(
                "stale_inventory", probability=0.2, params={"seconds": self.stale_s}
            )
        for box in (sandbox.zettle.outbox, sandbox.bigcommerce.outbox):
            late = (0.0, 5.0) if "hooks late" in self.on else (0.0, 0.6)
            box.delivery_faults = DeliveryFaults(
                loss=0.06 if "hooks lost" in self.on else 0.0,
                duplicate=0.2 if "hooks doubled" in self.on else 0.0,
                shuffle=0.3 if "hooks shuffled" in self.on else 0.0,
                shuffle_within=1800.0 if "hooks very late" in self.on else 20.0,
                delay=late,
            )

    def end(self, sandbox: Sandbox) -> None:
        """Faults off; what is late still comes."""
        self.calm = True
        for platform in (sandbox.zettle, sandbox.bigcommerce):
            for rule in platform.faults.rules:
                if rule.fired:
                    self.struck[rule.kind] += rule.fired
            platform.faults.clear()
            tally = platform.outbox.tally
            self.struck["hooks doubled"] += tally.doubled
            self.struck["hooks lost"] += tally.lost
            self.struck["hooks while down"] += tally.failed
            platform.outbox.delivery_faults = DeliveryFaults(delay=(0.0, 0.6))


class Net(httpx2.AsyncBaseTransport):
    """The way from a process to the platforms: an answer may take its time, and a request may
    arrive after its sender has given up.
    """

    def __init__(
        self, sandbox: Sandbox, fault_plan: Faults, dice: random.Random, late_s: float = 3.0
    ) -> None:
        """`late_s`: what is delivered late arrives after so long at most."""
        self.hosts = sandbox.transport()
        self.fault_plan = fault_plan
        self.dice = dice
        self.late_s = late_s
        self.late: set[asyncio.Task[Any]] = set()
        self.day: Any = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if self.day is not None:
            self.day.invariants.sees(request)
        await asyncio.sleep(self.dice.uniform(0.02, 0.15))
        if request.method != "GET" and self.fault_plan.roll("delivered late", 0.02):
            await request.aread()
            request.headers["X-Sandbox-Cut"] = "1"
            task = asyncio.get_running_loop().create_task(self._deliver(request))
            self.late.add(task)
            task.add_done_callback(self.late.discard)
            await asyncio.sleep(100)
            raise httpx2.ReadTimeout("no answer", request=request)
        # What is on its way arrives, whatever becomes of the sender.
        on_its_way = asyncio.get_running_loop().create_task(
            self.hosts.handle_async_request(request)
        )
        self.late.add(on_its_way)
        on_its_way.add_done_callback(self._over)
        response = await asyncio.shield(on_its_way)
        await response.aread()
        if self.day is not None:
            self.day.tell(f"{request.method} {request.url.path} {response.status_code}")
        await asyncio.sleep(self.dice.uniform(0.02, 0.15))
        return response

    def _over(self, task: "asyncio.Task[Any]") -> None:
        self.late.discard(task)
        if not task.cancelled():
            task.exception()

    async def _deliver(self, request: httpx2.Request) -> None:
        await asyncio.sleep(self.dice.uniform(0.5, self.late_s))
        try:
            await self.hosts.handle_async_request(request)
        except httpx2.HTTPError:
            return

    async def stop(self) -> None:
        for task in list(self.late):
            task.cancel()
        await asyncio.gather(*self.late, return_exceptions=True)
