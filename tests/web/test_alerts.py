"""Each alert rule of deploy/monitoring fires by its fault and is silent without it; and every
figure that a rule or the dashboard names is there.
"""

import json
import os
import re
import resource
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa
import yaml
from tests.database.merchants import connected
from tests.web.conftest import World
from tests.web.promql import UNITS, Query, Series

from brygga.database import connections, deliveries, failed_work, rights, work_items
from brygga.database.deliveries import Outcome
from brygga.database.engine import DatabaseGone
from brygga.database.tokens import Platform
from brygga.database.work_items import Kind
from brygga.wire import Call, OpenGate, Wire
from brygga.wiring import observed_by

FILES = Path(__file__).parents[2] / "deploy" / "monitoring"
RULES: dict[str, dict[str, Any]] = {
    rule["alert"]: rule
    for rule in yaml.safe_load((FILES / "alerts.yml").read_text())["groups"][0]["rules"]
}
STEP_S = 60.0
Fault = Callable[["Watched", int], Awaitable[None]]


@dataclass
class Watched:
    """An installation and what a monitor scrapes of it, once a minute."""

    world: World
    patch: pytest.MonkeyPatch
    series: Series = field(default_factory=Series)
    is_up: bool = True

    async def minute(self, number: int) -> None:
        page = (await self.world.browser().open("/metrics")).content if self.is_up else b""
        self.series.scrape(number * STEP_S, page, up=self.is_up)
        self.world.clock.move(STEP_S)

    def firing(self) -> set[str]:
        """The rules that have held for as long as they ask."""
        last = self.series.points[-1][0]
        found = set()
        for name, rule in RULES.items():
            wait = rule.get("for", "0s")
            times = [at for at, _ in self.series.points if at >= last - _seconds(wait)]
            if last - times[0] >= _seconds(wait) and all(
                Query(rule["expr"], self.series, at).value() for at in times
            ):
                found.add(name)
        return found

    async def send(self, status: int) -> None:
        """A request to a platform that answers so."""
        transport = httpx2.MockTransport(lambda _: httpx2.Response(status))
        async with httpx2.AsyncClient(transport=transport) as http:
            wire = Wire(http, self.world.clock, observe=observed_by(self.world.deps.figures))
            call = Call("zettle", "GET", "https://products.example/", wanted=frozenset({status}))
            await wire.send(call, OpenGate())


def _seconds(text: str) -> float:
    return float(text[:-1]) * UNITS[text[-1]]


@pytest.fixture
async def watched(world: World, monkeypatch: pytest.MonkeyPatch) -> Watched:
    """Its one connection to the database counts as that of a worker."""
    async with world.database.read() as tx:
        await tx.run(sa.text("SELECT set_config('application_name', 'brygga worker', false)"))
    return Watched(world, monkeypatch)


async def usual(at: Watched, number: int) -> None:
    """A page, a webhook, a request, a write and a turn in each minute."""
    await at.world.browser().open("/help")
    await at.world.browser().http.post("/hooks/zettle/nobody", content=b"{}")
    await at.send(200)
    at.world.deps.figures.write("zettle", 2.0)
    at.world.deps.figures.turns.observe(0.3)
    at.world.deps.figures.ticks.observe(0.02)
    at.world.deps.figures.tidies.observe(0.2)
    at.world.deps.figures.late.observe(0.002)
    at.world.deps.figures.working(lambda: 12, lambda: 40)
    at.world.deps.figures.connecting(lambda: 5, lambda: 4, lambda: 5)


# ---- One fault for each rule ---------------------------------------------------------------------


def once(act: Callable[[Watched], Awaitable[None]]) -> Fault:
    async def fault(at: Watched, number: int) -> None:
        if number == 2:
            await act(at)

    return fault


async def is_down(at: Watched) -> None:
    at.is_up = False


async def no_worker(at: Watched) -> None:
    at.patch.setattr(rights, "WORKER", "nobody")


def waiting(kind: Kind) -> Callable[[Watched], Awaitable[None]]:
    async def act(at: Watched) -> None:
        connection, now = await connected(at.world.database), at.world.clock.now()
        async with at.world.database.transaction() as tx:
            await work_items.add(
                tx, connection.id, kind, "cup", now, due_at=now - timedelta(minutes=10)
            )

    return act


async def fails(at: Watched) -> None:
    connection, now = await connected(at.world.database), at.world.clock.now()
    async with at.world.database.transaction() as tx:
        await work_items.add(tx, connection.id, Kind.PRODUCT, "cup", now)
        (item,) = await work_items.due(tx, connection.id, now)
        later = now + timedelta(hours=1)
        await failed_work.park(tx, item, "support-1", now, next_try=later)


async def a_page_breaks(at: Watched) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    at.patch.setattr("brygga.web.pages.help.view", broken)
    await at.world.browser().open("/help")


def slow(where: str, seconds: float, path: str) -> Fault:
    async def fault(at: Watched, number: int) -> None:
        def later(*_: object) -> None:
            at.world.clock.move(seconds)
            raise DatabaseGone("slow")

        with at.patch.context() as patch:
            patch.setattr(where, later)
            for _ in range(2):
                method = "POST" if "hooks" in path else "GET"
                await at.world.browser().http.request(method, path, content=b"{}")

    return fault


async def a_webhook_breaks(at: Watched) -> None:
    def gone(*_: object) -> None:
        raise DatabaseGone("gone")

    with at.patch.context() as patch:
        patch.setattr("brygga.web.addresses.Addresses.find", gone)
        await at.world.browser().http.post("/hooks/zettle/some", content=b"{}")


async def webhooks_fail(at: Watched) -> None:
    connection = await connected(at.world.database)
    async with at.world.database.transaction() as tx:
        refused = {(connection.id, Platform.ZETTLE, Outcome.REFUSED): 9}
        await deliveries.add(tx, refused, at.world.clock.now())


async def unreachable(at: Watched) -> None:
    connection = await connected(at.world.database)
    async with at.world.database.transaction() as tx:
        await connections.unreachable(tx, connection.id, at.world.clock.now())


def answers(status: int) -> Fault:
    async def fault(at: Watched, number: int) -> None:
        await at.send(status)

    return fault


async def many_pause(at: Watched) -> None:
    for number in range(4):
        one = await connected(at.world.database, f"org-{number}", f"store{number}")
        async with at.world.database.transaction() as tx:
            await connections.pause(tx, one.id, "zettle_access_gone")


def rows(statement: str, count: int) -> Callable[[Watched], Awaitable[None]]:
    async def act(at: Watched) -> None:
        connection = await connected(at.world.database)
        async with at.world.database.transaction() as tx:
            for number in range(count):
                now = at.world.clock.now()
                await tx.run(sa.text(statement), {"id": connection.id, "n": str(number), "at": now})

    return act


UNANSWERED = """
    INSERT INTO pending_writes (connection_id, call, variant_uuid, product_uuid, side, state,
        pending_write, at)
    VALUES (:id, :n, :n, 'cup', 'zettle', 'open', '{}', :at)
"""
CONTRADICTED = """
    INSERT INTO movements (connection_id, at, product_uuid, variant_uuid, side, cause, change)
    VALUES (:id, :at, 'cup', :n, 'shop', 'contradicted', 1)
"""


async def writes_late(at: Watched, number: int) -> None:
    at.world.deps.figures.write("bigcommerce", 50.0)


async def taken_over(at: Watched) -> None:
    at.world.deps.figures.lost.inc(3)


async def all_turns(at: Watched) -> None:
    at.world.deps.figures.working(lambda: 38, lambda: 40)


async def timer_late(at: Watched, number: int) -> None:
    """In two of three seconds."""
    for late_s in (0.002, 0.3, 0.4):
        at.world.deps.figures.late.observe(late_s)


async def no_connection_free(at: Watched) -> None:
    at.world.deps.figures.connecting(lambda: 5, lambda: 30, lambda: 5)


async def files_full(at: Watched) -> None:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    held = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - of this process, in memory
    resource.setrlimit(resource.RLIMIT_NOFILE, (held + held // 10 + 2, most))


FAULTS: dict[str, Fault] = {
    "BryggaDown": once(is_down),
    "BryggaNoWorker": once(no_worker),
    "BryggaStockLate": once(waiting(Kind.STOCK)),
    "BryggaWorkLate": once(waiting(Kind.PRODUCT)),
    "BryggaWorkFails": once(fails),
    "BryggaPagesFail": once(a_page_breaks),
    "BryggaPagesSlow": slow("brygga.web.pages.help.view", 4.0, "/help"),
    "BryggaWebhooksSlow": slow("brygga.web.addresses.Addresses.find", 9.0, "/hooks/zettle/some"),
    "BryggaWebhooksRefused": once(a_webhook_breaks),
    "BryggaWebhooksFailing": once(webhooks_fail),
    "BryggaPlatformUnreachable": once(unreachable),
    "BryggaPlatformErrors": answers(503),
    "BryggaPlatformLimits": answers(429),
    "BryggaAccessLost": once(many_pause),
    "BryggaWritesUnanswered": once(rows(UNANSWERED, 1)),
    "BryggaWritesContradicted": once(rows(CONTRADICTED, 4)),
    "BryggaWritesSlow": writes_late,
    "BryggaTakenOver": once(taken_over),
    "BryggaWorkersFull": once(all_turns),
    "BryggaWorkersBusy": timer_late,
    "BryggaConnectionsWait": once(no_connection_free),
    "BryggaFilesFull": once(files_full),
}


def test_each_rule_has_a_fault() -> None:
    assert list(RULES) == list(FAULTS)


@pytest.mark.parametrize("name", FAULTS)
async def test_a_rule_fires_by_its_fault_and_not_before(watched: Watched, name: str) -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    # A lowest value is the fault's only once the range holds nothing else.
    lowest = re.match(r"max\(min_over_time\(\w+\[(\w+)\]", RULES[name]["expr"])
    lasts_s = _seconds(RULES[name].get("for", "0s")) + (_seconds(lowest[1]) if lowest else 0)
    minutes = int(lasts_s / STEP_S) + 5
    try:
        for number in range(2):
            await watched.minute(number)
        before = watched.firing()
        for number in range(2, minutes):
            await FAULTS[name](watched, number)
            await watched.minute(number)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    assert name not in before
    assert name in watched.firing()


async def test_no_rule_fires_on_a_good_day(watched: Watched) -> None:
    for number in range(30):
        await usual(watched, number)
        await watched.minute(number)
        assert set() == watched.firing()


# ---- The files -----------------------------------------------------------------------------------


async def test_every_figure_that_is_named_is_there(watched: Watched) -> None:
    await usual(watched, 0)
    await watched.minute(0)
    there = {name for name, _ in watched.series.points[0][1]}
    board = json.loads((FILES / "grafana.json").read_text())
    asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    asked += [rule["expr"] for rule in RULES.values()]
    named = {name for text in asked for name in re.findall(r"\b(?:brygga|process)_\w+", text)}

    labelled = {"brygga_connections", "brygga_requests_refused_total"}  # no row on a quiet day
    assert labelled <= named
    assert set() == named - there - labelled


def test_the_dashboard_is_whole() -> None:
    board = json.loads((FILES / "grafana.json").read_text())
    ids = [panel["id"] for panel in board["panels"]]

    assert len(ids) == len(set(ids)) > 10
    assert all(panel["title"] and panel["targets"] for panel in board["panels"])


async def test_no_figure_says_when_it_was_created(watched: Watched) -> None:
    await usual(watched, 0)
    page = (await watched.world.browser().open("/metrics")).text

    assert "_created" not in page
    assert "process_resident_memory_bytes" in page
    assert 'brygga_page_seconds_count{route="/help",status="200"} 1.0' in page
