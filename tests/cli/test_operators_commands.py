"""What an operator types beside serve and worker: doctor, sync, log and bench, against a living
house.
"""

import argparse
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import pytest

from brygga.cli import bench, commands, demo_stack, doctor, log, merchant, retry, status, sync
from brygga.cli.browser import BrowserClient
from brygga.cli.checkup import platforms
from brygga.cli.checkup.database import database as examined
from brygga.cli.checkup.findings import Verdict
from brygga.cli.demo_stack import DemoStack, Wish
from brygga.cli.process import Runtime
from brygga.core.model import Stage
from brygga.core.report import Code, Line, Severity, Topic
from brygga.database import (
    connections,
    failed_work,
    library,
    support,
    synclog,
    waiting_work,
    work_items,
)
from brygga.database.engine import Database
from brygga.database.work_items import Kind
from brygga.system import SystemClock
from brygga.web.operating import acts
from brygga.web.operating.status import statuses
from brygga_sandbox.clock import RealClock
from brygga_sandbox.sandbox import Plan, Sandbox
from tests.conftest import NOON
from tests.database.merchants import connected, cup


@pytest.fixture
async def home(database_url: str) -> AsyncIterator[DemoStack]:
    async with demo_stack.open_stack(Wish(port_base=0, products=3), database_url) as opened:
        yield opened


def runtime_of(home: DemoStack) -> Runtime:
    return Runtime(home.service.settings)


# ---- doctor --------------------------------------------------------------------------------------


async def test_a_healthy_installation_is_well_but_for_its_local_address(
    home: DemoStack, capsys: pytest.CaptureFixture[str]
) -> None:
    """The demo's address is this machine's: no merchant and no platform could reach it."""
    code = await doctor._doctor(argparse.Namespace(json=True), runtime_of(home))
    found = json.loads(capsys.readouterr().out)

    assert (1, ["is this machine only"]) == (
        code,
        [one["what"].partition(" ")[2] for one in found if one["verdict"] == "wrong"],
    )
    well = " ".join(one["what"] for one in found if one["verdict"] == "well")
    assert "Zettle knows the app's credentials" in well
    assert "clock agrees" in well
    assert "PostgreSQL at" in well
    assert f"{home.url}/healthz answers" in well
    assert all(
        str(url) in well
        for url in (
            home.service.settings.hosts.zettle_pusher,
            home.service.settings.hosts.bigcommerce_api,
        )
    )


async def test_what_is_wrong_is_named_with_the_way_to_mend_it(home: DemoStack) -> None:
    good = home.service.settings
    wrong = replace(
        good,
        zettle_client_secret="other",
        hosts=replace(good.hosts, zettle_pusher="http://127.0.0.1:9"),
    )
    async with httpx2.AsyncClient() as http:
        found = [*await platforms.hosts(wrong, http), *await platforms.credentials(wrong, http)]

    named = {one.what.partition(" ")[0]: one.mend for one in found if one.verdict is Verdict.WRONG}
    assert {"http://127.0.0.1:9", "Zettle"} == named.keys()
    assert "BRYGGA_ZETTLE_PUSHER_URL" in named["http://127.0.0.1:9"]
    assert "BRYGGA_ZETTLE_CLIENT_ID" in named["Zettle"]


async def test_a_database_of_another_version_and_a_silent_one_are_told_apart(
    empty_database_url: str, home: DemoStack
) -> None:
    settings = home.service.settings
    (older,) = await examined(Runtime(replace(settings, database_url=empty_database_url)))
    (gone,) = await examined(
        Runtime(replace(settings, database_url="postgresql://u@127.0.0.1:9/n?connect_timeout=2"))
    )

    assert "brygga migrate" in older.mend
    assert "BRYGGA_DATABASE_URL" in gone.mend
    assert {Verdict.WRONG} == {older.verdict, gone.verdict}


@pytest.mark.parametrize(
    ("off", "verdict"), [(0, Verdict.WELL), (300, Verdict.WRONG), (-300, Verdict.WRONG)]
)
def test_a_clock_that_is_off_is_wrong(off: int, verdict: Verdict) -> None:
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    headers = {"date": format_datetime(now - timedelta(seconds=off), usegmt=True)}
    skew = platforms.skew_s(headers, now)

    assert skew == off
    assert verdict is platforms.clock([skew]).verdict


@pytest.mark.parametrize(
    "headers", [{}, {"date": "soon"}, {"date": "Fri, 31 Dec 9999 23:59:59 -1200"}]
)
def test_a_host_that_tells_no_time_or_an_absurd_one_is_no_measure(headers: dict[str, str]) -> None:
    assert platforms.skew_s(headers, datetime(2026, 3, 2, 12, tzinfo=UTC)) is None
    assert Verdict.LOOK is platforms.clock([]).verdict


# ---- What failed by a fault of ours --------------------------------------------------------------


async def failed_set_up(database: Database) -> int:
    """A connection whose set-up waits for work that failed by a bug."""
    connection = await connected(database)
    async with database.transaction() as tx:
        await connections.set_stage(tx, connection.id, Stage.STORE_CONNECTED)
        for kind in (Kind.ACCOUNT, Kind.LIBRARY):
            await work_items.add(tx, connection.id, kind, "", NOON)
            (item,) = await work_items.due(tx, connection.id, NOON, [kind])
            later = SystemClock().now() + timedelta(hours=5)
            await failed_work.park(tx, item, f"id-{kind.value}", NOON, next_try=later)
    return connection.id


def asked_retry(**wish: object) -> argparse.Namespace:
    return argparse.Namespace(
        **{
            "connection": None,
            "all": False,
            "kind": None,
            "support_id": None,
            "cause": None,
            "json": False,
            **wish,
        }
    )


async def test_status_shows_failed_work_and_how_to_retry(
    database: Database, home: DemoStack, capsys: pytest.CaptureFixture[str]
) -> None:
    number = await failed_set_up(database)
    async with database.transaction() as tx:
        (found,) = await statuses(tx, (await connections.active(tx))[-1:], home.url, NOON)

    reported = status._reported([found])
    assert 2 == found.parked
    assert all(
        part in reported
        for part in ("2 FAILED", "id-account", "id-library", f"`brygga retry {number}`")
    )


async def test_doctor_names_failed_work(database: Database, home: DemoStack) -> None:
    number = await failed_set_up(database)
    (found,) = [one for one in await examined(runtime_of(home)) if "failed by" in one.what]

    assert Verdict.WRONG is found.verdict
    assert f"connection {number}: 2 failed" in found.what
    assert f"`brygga retry {number}`" in found.mend
    assert "--support-id id-account" in found.mend


@pytest.mark.parametrize(
    ("wish", "count"),
    [
        ({"connection": 1}, 2),
        ({"kind": "library"}, 1),
        ({"support_id": "id-account"}, 1),
        ({"all": True}, 2),
        ({"support_id": "other"}, 0),
    ],
)
async def test_retry_wakes_failed_work_also_before_set_up_is_finished(
    database: Database, capsys: pytest.CaptureFixture[str], wish: dict[str, object], count: int
) -> None:
    number = await failed_set_up(database)
    settings = demo_stack.settings_for(Sandbox(Plan(products=0), RealClock()), "http://127.0.0.1:1")
    code = await retry._retry(
        asked_retry(**wish), Runtime(replace(settings, database_url=database.url))
    )
    async with database.read() as tx:
        due = await work_items.due(tx, number, SystemClock().now())

    expected = (
        f"connection {number}: {count} tried again; a worker tries now"
        if count
        else "nothing has failed there"
    )
    assert (0, expected) == (code, capsys.readouterr().out.strip())
    assert bool(count) == bool(due)


def test_retry_wants_to_know_what(capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == commands.run(["retry"])
    assert "--all" in capsys.readouterr().err


# ---- sync ----------------------------------------------------------------------------------------


async def test_sync_reads_everything_again_or_one_product(database: Database) -> None:
    connection = await connected(database)
    async with database.transaction() as tx:
        await library.upsert_many(tx, connection.id, [cup()], NOON, assign_new=True)
        await acts.add_sync(tx, connection.id, "cup", NOON)
        one = await waiting_work.counts(tx, connection.id)
        await acts.add_sync(tx, connection.id, "", NOON)
        both = await waiting_work.counts(tx, connection.id)
        await acts.add_sync(tx, connection.id, "", NOON, webhooks=True)
        every = await waiting_work.counts(tx, connection.id)

    assert {Kind.PRODUCT: 1} == one
    assert {Kind.PRODUCT: 1, Kind.LIBRARY: 1, Kind.SWEEP: 1} == both
    assert {**both, Kind.HOOKS: 1} == every


@pytest.mark.parametrize(
    ("asked", "assigned", "paused", "why"),
    [
        ((99, ""), True, "", "no connection 99"),
        ((1, "plate"), True, "", "no product plate"),
        ((1, "cup"), False, "", "not assigned"),
        ((1, ""), True, "plan_limit", "paused (plan_limit)"),
    ],
)
async def test_what_cannot_be_synced_is_refused_with_the_reason(
    database: Database, asked: tuple[int, str], assigned: bool, paused: str, why: str
) -> None:
    connection, (number, product) = await connected(database), asked
    async with database.transaction() as tx:
        await library.upsert_many(tx, connection.id, [cup()], NOON, assign_new=assigned)
        if paused:
            await connections.pause(tx, connection.id, paused)
        with pytest.raises(acts.NotNow) as refused:
            await acts.add_sync(tx, connection.id if number == 1 else number, product, NOON)

        assert why in str(refused.value)
        assert {} == await waiting_work.counts(tx, connection.id)


async def test_sync_and_wait_returns_when_a_worker_has_done_it(
    home: DemoStack, capsys: pytest.CaptureFixture[str]
) -> None:
    async with demo_stack.browser_client() as http:
        await merchant.connect(BrowserClient(http), home.url)
    async with home.service.database.read() as tx:
        (connection,) = await connections.active(tx)

    asked = argparse.Namespace(
        connection=connection.id, product="", wait=True, webhooks=False, json=False
    )
    code = await sync._sync(asked, runtime_of(home))
    told = capsys.readouterr().out
    asked.json = True
    again = await sync._sync(asked, runtime_of(home))
    facts = json.loads(capsys.readouterr().out.splitlines()[-1])

    assert (0, True) == (code, told.endswith("asked for; waiting\ndone\n"))
    assert (0, True, connection.id) == (again, facts["done"], facts["connection"])


# ---- log -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "sentence"), [("en", "BigCommerce"), ("sv", "kunde inte")])
async def test_the_log_is_told_in_words_oldest_first_with_what_to_do(
    database: Database, language: str, sentence: str
) -> None:
    connection = await connected(database)
    lines = [
        Line(Code.CONNECTED, Topic.CONNECTION, params={"store": "Butiken"}),
        Line(
            Code.PRODUCT_REFUSED,
            Topic.PRODUCT,
            Severity.ERROR,
            "cup",
            params={"name": "Mugg", "reason": "input_refused"},
        ),
    ]
    async with database.transaction() as tx:
        for place, line in enumerate(lines):
            await synclog.add(tx, connection.id, line, NOON + timedelta(seconds=place))
        found = await synclog.page(tx, connection.id)

    first, second, advice = log.reported(found, language).splitlines()
    assert "Butiken" in first
    assert "! product" in second
    assert "Mugg" in second
    assert advice.strip()
    assert ["product_refused", "connected"] == [
        one["code"] for one in json.loads(log.as_json(found, language))
    ]


async def test_a_support_id_shows_its_report_and_an_unknown_one_says_so(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    connection = await connected(database)
    async with database.transaction() as tx:
        await support.save(tx, support.Case("ID1", connection.id, NOON, "cup", {"bug": "KeyError"}))
        case = await support.by_id(tx, "ID1")

    assert (0, 1) == (log._case(case, "ID1"), log._case(None, "ID2"))
    out, err = capsys.readouterr()
    assert ("cup", "KeyError") == (json.loads(out)["about"], json.loads(out)["bug"])
    assert "ID2" in err


# ---- bench, and the table ------------------------------------------------------------------------


async def test_bench_counts_requests(database_url: str) -> None:
    count = await bench.measure(5, database_url)

    assert 5 <= count.first_import < 40
    assert {"a sale in Zettle", "an order in the store", "a changed price"} == count.acts.keys()
    assert count.acts["a sale in Zettle"] >= 1
    assert f"{count.first_import} requests" in bench.reported(count)


@pytest.mark.parametrize(
    "arguments",
    [
        ["sync"],
        ["log"],
        ["bench", "0"],
        ["log", "1", "--lines", "0"],
        ["nothing"],
        ["serve", "--port", "70000"],
        ["status", "0"],
        ["plan", "9" * 20],
        ["demo", "--port-base", "65534"],
        ["demo", "--ready-file", "/no/such/folder/ready.json"],
        ["check", "--products", "50001"],
    ],
)
def test_a_command_asked_wrongly_says_how_it_is_asked(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        commands.run(arguments)

    assert 2 == end.value.code
    assert "usage: brygga" in capsys.readouterr().err


@pytest.mark.parametrize("command", sorted(commands.COMMANDS))
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        commands.run([command, "--help"])

    assert 0 == end.value.code
    assert f"usage: brygga {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("kind", "reported"),
    [
        (
            Kind.SETUP,
            (
                "; it is paused (scope_missing): a worker tries now what needs no merchant, and "
                "the "
                "rest waits"
            ),
        ),
        (Kind.ACCOUNT, ", but it is paused (scope_missing): the merchant has to help first"),
    ],
)
async def test_retry_says_what_a_paused_connection_still_does(
    database: Database, capsys: pytest.CaptureFixture[str], kind: Kind, reported: str
) -> None:
    one, now = await connected(database), SystemClock().now()
    async with database.transaction() as tx:
        await work_items.add(tx, one.id, kind, "", now)
        (item,) = await work_items.due(tx, one.id, now)
        await failed_work.park(tx, item, "id", now, next_try=now + timedelta(days=1))
        await connections.pause(tx, one.id, "scope_missing")
    settings = demo_stack.settings_for(Sandbox(Plan(products=0), RealClock()), "http://127.0.0.1:1")

    await retry._retry(
        asked_retry(connection=one.id), Runtime(replace(settings, database_url=database.url))
    )

    assert f"connection {one.id}: 1 tried again{reported}" == capsys.readouterr().out.strip()
