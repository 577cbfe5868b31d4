"""An installation of several processes on an operator's own PostgreSQL, while everything dies.

    python -m tests.simulation.scaled [--seconds 40] [--merchants 3] [--serves 2] [--workers 3]
        [--kills 8] [--serve-kills 2] [--deaf 3] [--restarts 0] [--pooler transaction] [--seed 1]

Several `serve` processes behind one address, several workers, and a primary PostgreSQL with a
standby, reached directly or through PgBouncer. People sell, order, count and edit at several
merchants' meanwhile. Workers and web processes are killed with SIGKILL, sessions that LISTEN are
ended, the pooler and the server are restarted, and in the middle the primary dies and the standby
takes over. When all is quiet, each variant must show the same number on both sides, the true one;
no two workers may have spoken to one merchant's platforms at a time; and every worker listens.
"""

# ruff: noqa: T201 - it tells what it found
import argparse
import asyncio
import contextlib
import random
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx2

from brygga.cli import demo_stack, merchant
from brygga.cli.browser import BrowserClient
from brygga.cli.merchant import Choice
from brygga.database import connections, rights, turns
from brygga.database.engine import Database
from brygga.database.migrating import upgrade
from brygga.database.sealing import Sealer
from brygga.system import SystemClock
from brygga.wiring import sealer
from brygga_sandbox import bigcommerce
from brygga_sandbox.bigcommerce import hooks
from brygga_sandbox.clock import RealClock
from brygga_sandbox.sandbox import Connector, Plan, Sandbox
from brygga_sandbox.server import SandboxServer
from brygga_sandbox.zettle import pusher
from tests.pooler import ASKS, BINARY, Pooler
from tests.postgres import NAME, Postgres, free_port, own_postgres
from tests.simulation.front import Front, Serves, Sightings, of_organization, of_store
from tests.simulation.realtime import CALL_S, Crew, People, furnish, records

AGAIN_S = (3.0, 6.0, 12.0, 24.0, 48.0, 96.0)
"""After so many seconds a platform sends a webhook again that was not taken; theirs are minutes."""
FAULTS = ("timeout_after", "cut_after", "cut_before", "5xx_after")
SHARE = 0.02
POOLED = BINARY is not None
"""PgBouncer is installed."""
CALM_S = 240.0
SOON = timedelta(seconds=15)
"""Work that is due later than this is routine."""
LISTENING = f"""
    SELECT count(*) FROM pg_stat_activity WHERE application_name = '{rights.WORKER}'
        AND query LIKE 'LISTEN%'
"""
DEAFEN = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND query LIKE 'LISTEN%'
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """`pooler`: "transaction", "session" or "" (none)."""

    seconds: float = 40.0
    merchants: int = 3
    serves: int = 2
    workers: int = 3
    kills: int = 8
    serve_kills: int = 2
    deaf: int = 3
    restarts: int = 0
    """How often the server is restarted, in order and as after a crash in turn."""
    takeover: bool = True
    pooler: str = "transaction" if POOLED else ""
    quota: int = 10_000
    faults: bool = True
    seed: int = 1


@dataclass
class Outcome:
    changes: int = 0
    done: Counter[str] = field(default_factory=Counter)
    """What was done to the installation, by name."""
    wrong: list[str] = field(default_factory=list)
    """What both sides do not agree on, or not with the truth."""
    twice: list[str] = field(default_factory=list)
    """Moments at which two workers spoke for one merchant."""
    refused: int = 0
    """Requests that a store's quota refused."""
    listening: tuple[int, int] = (0, 0)
    """Workers that listen in the end, and how many there are."""

    @property
    def is_well(self) -> bool:
        return not self.wrong and not self.twice and self.listening[0] == self.listening[1]

    def __str__(self) -> str:
        done = ", ".join(f"{count} x {name}" for name, count in sorted(self.done.items()))
        return "\n".join(
            [
                f"{self.changes} changes; {done}",
                f"{self.refused} requests over the quota",
                f"{self.listening[0]} of {self.listening[1]} workers listen",
                f"{len(self.wrong)} wrong, {len(self.twice)} at the same time",
                *self.wrong,
                *self.twice[:10],
            ]
        )


# ---- The installation ----------------------------------------------------------------------------


@dataclass
class Installation:
    wish: Wish
    sandbox: Sandbox
    primary: Postgres
    standby: Postgres | None
    pooler: Pooler | None
    workers: Crew
    serves: Serves
    database: Database
    done: Counter[str] = field(default_factory=Counter)

    def lives(self, pid: int) -> bool:
        return any(one.pid == pid and one.is_alive() for one in self.workers.active)

    @property
    def active(self) -> Postgres:
        return self.primary if self.primary.process else self.standby or self.primary

    def troubles(self) -> list[tuple[float, Callable[[], None]]]:
        """When each comes, and what it does. The standby takes over in the middle."""
        wish, dice = self.wish, self.workers.dice
        some = [
            (wish.kills, self.kill_worker),
            (wish.serve_kills, self.kill_serve),
            (wish.deaf, self.deafen),
            (wish.restarts, self.restart),
            (1 if self.pooler else 0, self.restart_pooler),
        ]
        planned = [
            (dice.uniform(0, wish.seconds), act) for count, act in some for _ in range(count)
        ]
        if self.standby is not None and wish.takeover:
            planned.append((wish.seconds / 2, self.take_over))
        return sorted(planned, key=lambda one: one[0])

    def kill_worker(self) -> None:
        self.workers.kill()
        self.workers.hire()
        self.done["worker killed"] += 1

    def kill_serve(self) -> None:
        self.serves.kill()
        self.serves.hire()
        self.done["web process killed"] += 1

    def deafen(self) -> None:
        with self.active.asked() as one:
            one.execute(DEAFEN)
        self.done["LISTEN ended"] += 1

    def restart(self) -> None:
        how = (signal.SIGINT, signal.SIGQUIT)[self.done["server restarted"] % 2]
        self.active.restart(how)
        self.done["server restarted"] += 1

    def restart_pooler(self) -> None:
        assert self.pooler is not None
        self.pooler.stop()
        self.pooler.start()
        self.done["pooler restarted"] += 1

    def take_over(self) -> None:
        """The primary dies for good. Nobody tells the service."""
        assert self.standby is not None
        self.primary.end()
        self.standby.promote()
        if self.pooler is not None:
            self.pooler.lead_to(host="127.0.0.1", port=str(self.standby.port))
        self.done["standby took over"] += 1

    def listening(self) -> int:
        with self.active.asked() as one:
            row = one.execute(LISTENING).fetchone()
        return int(row[0]) if row else 0


def address(*servers: Postgres | None) -> str:
    """Of whichever of these servers takes writes."""
    ports = [str(one.port) for one in servers if one is not None]
    return (
        f"postgresql://brygga@/{NAME}?host={','.join('127.0.0.1' for _ in ports)}"
        f"&port={','.join(ports)}&target_session_attrs=read-write&connect_timeout=5"
    )


@contextlib.asynccontextmanager
async def installed(wish: Wish) -> AsyncIterator[tuple[Installation, Sightings, str]]:
    """All processes, and merchants who are set up. PostgreSQL is started from the main thread."""
    async with contextlib.AsyncExitStack() as stack:
        primary = stack.enter_context(own_postgres())
        url, direct, pooler, standby = await _reached(stack, wish, primary)
        front = Front()
        door = await asyncio.start_server(front.connected, "127.0.0.1", 0)
        stack.callback(door.close)
        at = f"http://127.0.0.1:{door.sockets[0].getsockname()[1]}"
        sandbox = await _platforms(stack, wish, at)
        settings = replace(
            demo_stack.settings_for(sandbox, at),
            database_url=url,
            database_direct_url=direct if wish.pooler == "transaction" else None,
        )
        dice = random.Random(wish.seed)
        workers, serves = Crew(settings, dice), Serves(settings, dice)
        stack.callback(workers.end)
        stack.callback(serves.end)
        database = Database.at(direct, sealer(settings), 2)
        stack.push_async_callback(database.close)
        home = Installation(wish, sandbox, primary, standby, pooler, workers, serves, database)
        sightings = Sightings(home.lives)
        sightings.watch(sandbox.bigcommerce.app, of_store)
        sightings.watch(sandbox.zettle.app, of_organization(sandbox))
        front.serves = serves
        for crew, count in ((serves, wish.serves), (workers, wish.workers)):
            for _ in range(count):
                crew.hire()
        yield home, sightings, at


async def _reached(
    stack: contextlib.AsyncExitStack, wish: Wish, primary: Postgres
) -> tuple[str, str, Pooler | None, Postgres | None]:
    """A migrated database, its standby and its pooler."""
    own = Database.at(primary.url(), Sealer(("no secret is in it yet, only tables",)), 1)
    await upgrade(own)
    await own.close()
    with primary.asked() as one:
        for line in ASKS.get(wish.pooler, ()):
            one.execute(line.format(NAME))
    standby = primary.followed() if wish.takeover else None
    if standby is not None:
        stack.callback(standby.end)
    pooler = None
    if wish.pooler:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="brygga-pooler-")))
        server = {"host": "127.0.0.1", "port": str(primary.port), "user": "brygga"}
        pooler = Pooler(folder, NAME, free_port(), server, wish.pooler)
        pooler.start()
        stack.callback(pooler.stop)
    direct = address(primary, standby)
    return (pooler.url if pooler else direct), direct, pooler, standby


async def _platforms(stack: contextlib.AsyncExitStack, wish: Wish, at: str) -> Sandbox:
    """Both sandboxes, for as many merchants, each with some goods."""
    stack.enter_context(patch.object(hooks, "RETRIES", AGAIN_S))
    stack.enter_context(patch.object(pusher, "SCHEDULE", AGAIN_S))
    plan = Plan(
        products=0, drawings=False, connector=Connector().at(at), merchants=wish.merchants,
        bigcommerce_switches=bigcommerce.Switches(random_read_lag=True),
    )  # fmt: skip
    server = SandboxServer(plan, RealClock(), 0)
    sandbox = await server.start()
    stack.push_async_callback(server.stop)
    for one in sandbox.merchants:
        furnish(sandbox, wish.quota, one)
    return sandbox


# ---- The day -------------------------------------------------------------------------------------


async def play(wish: Wish) -> Outcome:
    """Merchants set up, people and troubles come, then calm. From the main thread only."""
    async with installed(wish) as (home, sightings, at):
        assert await _until(lambda: _answers(at)), "no web process answers"
        await asyncio.gather(*(_connect(one, at) for one in home.sandbox.merchants))
        if not await _until(lambda: _is_quiet(home)):
            raise AssertionError("the first sync never ends")
        people = [
            People(home.sandbox, home.workers.dice, records(home.sandbox, one), one)
            for one in home.sandbox.merchants
        ]
        await _storm(home, people)
        outcome = Outcome(sum(one.changes for one in people), home.done)
        if not await _until(lambda: _is_right(home, people)):
            outcome.wrong = [line for one in people for line in one.wrong()] or ["work never ends"]
        outcome.twice, outcome.refused = sightings.twice, sightings.refused
        outcome.listening = (home.listening(), len(home.workers.active))
    return outcome


async def _answers(at: str) -> bool:
    async with demo_stack.browser_client() as http:
        with contextlib.suppress(httpx2.TransportError):
            return (await http.get(f"{at}/healthz")).status_code == 200
    return False


async def _connect(one: Any, at: str) -> None:
    choice = Choice(one.organization.owner.uuid, one.store_hash)
    async with demo_stack.browser_client() as http:
        browser = BrowserClient(http)
        await merchant.prepare(browser, at, prices=True, whole_library=True, choice=choice)
        await merchant.finish(browser)


async def _storm(home: Installation, people: Sequence[People]) -> None:
    wish, loop, dice = home.wish, asyncio.get_running_loop(), home.workers.dice
    if wish.faults:
        for platform in (home.sandbox.zettle, home.sandbox.bigcommerce):
            for kind in FAULTS:
                platform.faults.add(kind, probability=SHARE, params={"seconds": CALL_S + 1})
    began, troubles = loop.time(), home.troubles()
    working: list[asyncio.Task[None]] = []
    while loop.time() < began + wish.seconds:
        dice.choice(people).step()
        while troubles and loop.time() >= began + troubles[0][0]:
            await asyncio.gather(*working)
            working = [asyncio.create_task(asyncio.to_thread(troubles.pop(0)[1]))]
        await asyncio.sleep(dice.choice([0.02, dice.expovariate(8)]))
    await asyncio.gather(*working)
    for _, act in troubles:  # what a slow machine did not come to
        await asyncio.to_thread(act)
    for platform in (home.sandbox.zettle, home.sandbox.bigcommerce):
        platform.faults.clear()


async def _until(holds: Callable[[], Awaitable[bool]]) -> bool:
    loop = asyncio.get_running_loop()
    ends = loop.time() + CALM_S
    while loop.time() < ends:
        if await holds():
            return True
        await asyncio.sleep(0.5)
    return False


async def _is_quiet(home: Installation) -> bool:
    """Every merchant is set up, and nothing is due soon."""
    async with home.database.read() as tx:
        active = await connections.active(tx)
        due = [await turns.next_due(tx, one.id) for one in active]
    soon = SystemClock().now() + SOON
    return len(active) == home.wish.merchants and all(at is None or at > soon for at in due)


async def _is_right(home: Installation, people: Sequence[People]) -> bool:
    if any(one.wrong() for one in people) or home.listening() != len(home.workers.active):
        return False
    return await _is_quiet(home)


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation.scaled",
        description="Many processes on one PostgreSQL, while everything dies in turn.",
    )
    usual = Wish()
    parser.add_argument("--seconds", type=float, default=usual.seconds)
    for name in ("merchants", "serves", "workers", "kills", "serve-kills", "deaf", "restarts"):
        parser.add_argument(f"--{name}", type=int, default=getattr(usual, name.replace("-", "_")))
    parser.add_argument("--quota", type=int, default=usual.quota, help="requests in 30 s a store")
    parser.add_argument("--pooler", choices=["transaction", "session", ""], default=usual.pooler)
    parser.add_argument("--no-takeover", dest="takeover", action="store_false")
    parser.add_argument("--no-faults", dest="faults", action="store_false")
    parser.add_argument("--seed", type=int, default=usual.seed)
    outcome = asyncio.run(play(Wish(**vars(parser.parse_args(words)))))
    print(outcome)
    return 0 if outcome.is_well else 1


if __name__ == "__main__":
    sys.exit(main())
