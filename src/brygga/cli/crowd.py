"""Many merchants set up at once, with several workers and slow platforms: do all of them finish?"""

import asyncio
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from brygga.cli import demo_stack, merchant
from brygga.cli.browser import BrowserClient, Lost
from brygga.cli.demo_stack import DemoStack, Wish
from brygga.cli.merchant import Choice
from brygga.core.model import Connection, Stage
from brygga.database import connections, turns, waiting_work
from brygga_sandbox.merchants import Merchant

PRODUCTS = 8
"""Products in each library: enough for a sync, few enough for many merchants."""
LIBRARY = 20
"""Reading a library takes as long as this many answers."""
QUIET_WITHIN_S = 300.0
"""The longest time that the work may take after the last button was pressed."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """The size of the test."""

    merchants: int = 20
    workers: int = 2
    answer_s: float = 0.3


@dataclass(frozen=True, slots=True)
class Outcome:
    """`finished`: set-up done, nothing parked, nothing due, every product in the store. `stuck`
    says why the others are not finished.
    """

    merchants: int
    workers: int
    finished: int
    seconds: float
    stuck: dict[str, str]

    @property
    def ok(self) -> bool:
        return self.finished == self.merchants

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


async def measure(crowd: Crowd, database_url: str) -> Outcome:
    """One sandbox, all merchants at once."""
    wish = Wish(port_base=0, products=PRODUCTS, merchants=crowd.merchants, workers=crowd.workers)
    async with demo_stack.open_stack(wish, database_url) as home:
        clock = home.service.worker.clock
        for platform in (home.sandbox.zettle, home.sandbox.bigcommerce):
            platform.faults.add("slow", params={"seconds": crowd.answer_s})
        # Simulates a library of many pages: its first read still runs when the store is connected.
        home.sandbox.zettle.faults.add(
            "slow", path="/*/library", params={"seconds": LIBRARY * crowd.answer_s}
        )
        began = clock.monotonic()
        lost = await asyncio.gather(*(_set_up(home, one) for one in home.sandbox.merchants))
        await _is_quiet_now(home)
        stuck = {
            one.name: why for one, why in zip(home.sandbox.merchants, lost, strict=True) if why
        }
        stuck = {**await _unfinished(home), **stuck}
        finished = crowd.merchants - len(stuck)

        return Outcome(
            crowd.merchants, crowd.workers, finished, round(clock.monotonic() - began, 1), stuck
        )


def reported(outcome: Outcome) -> str:
    head = (
        f"{outcome.finished} of {outcome.merchants} set-ups finish, {outcome.workers} workers, "
        f"{outcome.seconds} s"
    )
    return "\n".join([head, *(f"  {name}: {why}" for name, why in sorted(outcome.stuck.items()))])


async def _set_up(home: DemoStack, one: Merchant) -> str:
    """Why the merchant did not finish, or ""."""
    choice = Choice(one.organization.owner.uuid, one.store_hash)
    async with demo_stack.browser_client() as http:
        browser = BrowserClient(http)
        try:
            await merchant.prepare(
                browser, home.url, prices=True, whole_library=True, choice=choice
            )
            await merchant.finish(browser)
        except (Lost, merchant.NeverReady) as why:
            return str(why).splitlines()[0][:200]
    return ""


async def _is_quiet_now(home: DemoStack) -> None:
    """Returns when nothing is due soon and no lease is held, or after `QUIET_WITHIN_S`."""
    clock, calm = home.service.worker.clock, 0
    ends = clock.monotonic() + QUIET_WITHIN_S
    while calm < 3 and clock.monotonic() < ends:
        calm = calm + 1 if await demo_stack.is_quiet(home.service) else 0
        await clock.sleep(0.3)


async def _unfinished(home: DemoStack) -> dict[str, str]:
    """By merchant: what is not as it should be."""
    async with home.service.database.read() as tx:
        active = {each.organization.uuid: each for each in await connections.active(tx)}
        parked = {each.id: await waiting_work.parked(tx, each.id) for each in active.values()}
        due = {each.id: await turns.next_due(tx, each.id) for each in active.values()}
    now, found = home.service.worker.clock.now(), {}
    for one in home.sandbox.merchants:
        connection = active.get(one.organization.uuid)
        why = _why(connection, home, one)
        if connection is not None:
            kinds = Counter(each.kind.value for each in parked[connection.id])
            why += [f"parked: {', '.join(sorted(kinds))}"] if kinds else []
            at = due[connection.id]
            why += ["work is still due"] if at is not None and at <= now else []
        if why:
            found[one.name] = "; ".join(why)
    return found


def _why(connection: Connection | None, home: DemoStack, one: Merchant) -> list[str]:
    if connection is None:
        return ["never signed in"]
    there = len(home.sandbox.shop(one).state()["products"])
    why = [] if connection.stage is Stage.RUNNING else [f"stage {connection.stage.value}"]
    why += [] if there == PRODUCTS else [f"{there} of {PRODUCTS} products"]
    return why + ([f"paused: {connection.paused}"] if connection.paused else [])
