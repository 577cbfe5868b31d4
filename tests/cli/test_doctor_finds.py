"""The doctor finds every mistake that is planted here, and says how to mend it."""

import argparse
import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from brygga.bigcommerce.oauth import SCOPES
from brygga.cli import demo_stack, doctor
from brygga.cli.checkup.addresses import addresses, answers
from brygga.cli.checkup.database import database as examined
from brygga.cli.checkup.database import may, stuck
from brygga.cli.checkup.findings import Finding, Verdict
from brygga.cli.checkup.machine import GIGA, Usage, disks
from brygga.cli.process import Runtime
from brygga.database import deliveries, rights, tokens, work_items
from brygga.database.deliveries import Outcome
from brygga.database.embedded import Server
from brygga.database.engine import Database
from brygga.database.rights import Rights
from brygga.database.service_health import ServiceHealth
from brygga.database.tokens import Platform, Token
from brygga.database.work_items import Kind
from brygga.settings import Settings
from brygga.system import SystemClock
from brygga.wire import open_client
from brygga.wiring import installation
from brygga_sandbox.clock import RealClock
from brygga_sandbox.sandbox import Plan, Sandbox
from tests.database.merchants import connected

KEY = "a test secret that is long enough"
CLERK = "clerk"


def settings_at(database_url: str, key: str = KEY) -> Settings:
    made = demo_stack.settings_for(Sandbox(Plan(products=0), RealClock()), "https://b.example")
    return replace(made, database_url=database_url, secret_keys=(key,))


async def wrong_in(database_url: str, key: str = KEY) -> Sequence[Finding]:
    found = await examined(Runtime(settings_at(database_url, key)))
    return [one for one in found if one.verdict is Verdict.WRONG]


# ---- The database --------------------------------------------------------------------------------


async def test_a_key_that_opens_nothing_is_found(database: Database, database_url: str) -> None:
    await connected(database)
    (found,) = await wrong_in(database_url, "another secret that is long enough")

    assert "cannot be opened with BRYGGA_SECRET_KEYS" in found.what
    assert "behind the first one" in found.mend
    assert [] == await wrong_in(database_url)


@pytest.mark.parametrize(
    ("url", "mend"),
    [
        ("postgresql://u@127.0.0.1:9/n?connect_timeout=2", "start PostgreSQL"),
        ("postgresql://u@nosuch.invalid/n?connect_timeout=2", "has no address"),
        ("{there}", "create the role and the database"),
    ],
    ids=["port closed", "unknown host", "unknown database"],
)
async def test_a_database_that_is_down_is_found(postgres: Server, url: str, mend: str) -> None:
    there = postgres.url.replace("/brygga?", "/nothing_here?")
    (found,) = await wrong_in(url.format(there=there))

    assert mend in found.mend


async def test_a_schema_of_a_newer_version_is_found(database_url: str) -> None:
    with psycopg.connect(database_url) as one:
        one.execute("UPDATE alembic_version SET version_num = '9999'")
    (found,) = await wrong_in(database_url)

    assert "9999, which this version does not know" in found.what
    assert "run that version" in found.mend


@pytest.fixture
async def clerk_url(database_url: str) -> AsyncIterator[str]:
    """The database as a role sees it that owns nothing in it."""
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute(f"DROP ROLE IF EXISTS {CLERK}")
        owner.execute(f"CREATE ROLE {CLERK} LOGIN")
        yield database_url.replace("brygga@", f"{CLERK}@")
        owner.execute(f"DROP OWNED BY {CLERK}")
        owner.execute(f"DROP ROLE {CLERK}")


async def test_a_right_that_the_role_lacks_is_found(database_url: str, clerk_url: str) -> None:
    before = [one.what for one in await wrong_in(clerk_url)]
    with psycopg.connect(database_url, autocommit=True) as owner:
        for granted in ("ALL ON SCHEMA public", "ALL ON ALL TABLES IN SCHEMA public"):
            owner.execute(f"GRANT {granted} TO {CLERK}")
    after = [one.what for one in await wrong_in(clerk_url)]

    assert any("may not create tables in schema public" in one for one in before)
    assert any("may not read and write" in one and "more tables" in one for one in before)
    assert [True] == ["does not own" in one for one in after]
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute(f"REVOKE ALL ON SCHEMA public FROM {CLERK}")


def test_a_standby_and_a_role_without_a_schema_are_found() -> None:
    standby = Rights("brygga", "public", True, True, (), ())
    homeless = Rights("brygga", "", False, False, (), ())

    assert ["primary" in one.mend for one in may(standby)] == [True]
    assert ["GRANT USAGE" in one.mend for one in may(homeless)] == [True]


async def test_a_scope_that_is_missing_is_found(database: Database, database_url: str) -> None:
    one, now = await connected(database), SystemClock().now()
    async with database.transaction() as tx:
        few = " ".join(sorted(SCOPES)[1:])
        await tokens.save(tx, one.id, Platform.BIGCOMMERCE, Token("t", now, scopes=few))
    (found,) = await wrong_in(database_url)

    assert f"connection {one.id} lacks scopes: {sorted(SCOPES)[0]}" == found.what


async def test_webhooks_that_are_refused_are_found(database: Database, database_url: str) -> None:
    one, now = await connected(database), SystemClock().now()
    async with database.transaction() as tx:
        await deliveries.add(tx, {(one.id, Platform.ZETTLE, Outcome.REFUSED): 9}, now)
    (found,) = await wrong_in(database_url)

    assert "9 webhooks refused" in found.what
    assert f"brygga sync {one.id} --webhooks" in found.mend


async def test_work_that_nobody_does_is_found(database: Database, database_url: str) -> None:
    one, now = await connected(database), SystemClock().now()
    async with database.transaction() as tx:
        await work_items.add(tx, one.id, Kind.STOCK, "cup", now - timedelta(minutes=10))
    (idle,) = await wrong_in(database_url)
    with psycopg.connect(database_url, application_name=rights.WORKER):
        (late,) = await wrong_in(database_url)

    assert "no worker is connected, and 1 work items are due" == idle.what
    assert "the queue is stuck: 1 work items are due, the oldest for 10 min" in late.what
    assert all(found.mend for found in (idle, late))


def test_a_queue_that_moves_is_well() -> None:
    calm = ServiceHealth({}, 0, 0, 3, 30.0, 5.0, 0, 0.0, 0, 0)

    assert [Verdict.WELL] == [one.verdict for one in stuck(calm, 2)]
    assert [Verdict.LOOK] == [one.verdict for one in stuck(replace(calm, waiting=0, late_s=0), 0)]


# ---- The public address --------------------------------------------------------------------------


@asynccontextmanager
async def program(answer: bytes, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Another program that answers anything with this."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls) as server:
        port = server.sockets[0].getsockname()[1]
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}"


def said(body: bytes, status: bytes = b"200 OK") -> bytes:
    head = b"HTTP/1.1 %s\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
    return head % (status, len(body)) + body


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (said(b"<h1>It works</h1>"), "not as Brygga"),
        (said(b"[]"), "not as Brygga"),
        (said(b'{"installation": "another"}'), "another installation"),
        (said(b"", b"502 Bad Gateway"), "answers 502"),
    ],
    ids=["a page", "json", "another Brygga", "a proxy without us"],
)
async def test_a_wrong_program_at_our_address_is_found(answer: bytes, what: str) -> None:
    async with program(answer) as url, open_client() as http:
        found = await answers(replace(settings_at(""), public_url=url), http)

    assert (Verdict.WRONG, True) == (found.verdict, what in found.what)
    assert found.mend


async def test_our_own_answer_is_well() -> None:
    settings = settings_at("")
    body = json.dumps({"installation": installation(settings)}).encode()
    async with program(said(body)) as url, open_client() as http:
        found = await answers(replace(settings, public_url=url), http)

    assert Verdict.WELL is found.verdict


@pytest.mark.parametrize(
    ("url", "what", "mend"),
    [
        ("http://127.0.0.1:9", "nothing listens", "open the port"),
        ("http://nosuch.invalid", "name is unknown", "DNS"),
    ],
    ids=["port closed", "no such name"],
)
async def test_an_address_that_leads_nowhere_is_found(url: str, what: str, mend: str) -> None:
    async with open_client() as http:
        found = await answers(replace(settings_at(""), public_url=url), http)

    assert (True, True) == (what in found.what, mend in found.mend)


async def test_a_certificate_that_nobody_trusts_is_found(self_signed: ssl.SSLContext) -> None:
    async with program(said(b""), self_signed) as url, open_client() as http:
        found = await answers(replace(settings_at(""), public_url=url), http)

    assert "certificate is not valid" in found.what
    assert "public authority" in found.mend


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("http://localhost:8700", "this machine only"),
        ("http://shop.example", "not https"),
        ("https://shop.example:8443", "443 only"),
    ],
)
def test_an_address_that_platforms_cannot_use_is_found(url: str, what: str) -> None:
    found = addresses(replace(settings_at(""), public_url=url))

    assert [True] == [what in one.what for one in found if one.verdict is Verdict.WRONG]


# ---- The machine, and the settings ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("free", "verdict"),
    [(GIGA // 10, Verdict.WRONG), (GIGA, Verdict.LOOK), (50 * GIGA, Verdict.WELL)],
)
def test_a_disk_that_is_nearly_full_is_found(tmp_path: Path, free: int, verdict: Verdict) -> None:
    settings = replace(settings_at(""), database_url=None, data_dir=tmp_path / "not" / "yet")
    found = disks(settings, lambda _: Usage(100 * GIGA, 100 * GIGA - free, free))

    assert {verdict} == {one.verdict for one in found}
    assert str(tmp_path) in found[0].what
    assert len(found) == 2


def test_wrong_settings_are_findings(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRYGGA_PUBLIC_URL", "nonsense")
    monkeypatch.delenv("BRYGGA_SECRET_KEYS", raising=False)

    code = doctor.run(argparse.Namespace(json=True))
    found = json.loads(capsys.readouterr().out)

    assert (1, {"wrong"}) == (code, {one["verdict"] for one in found})
    assert any("BRYGGA_PUBLIC_URL is wrong" in one["what"] for one in found)
    assert any("BRYGGA_SECRET_KEYS is missing" in one["what"] for one in found)
    assert all(one["mend"] for one in found)


def test_a_folder_that_cannot_be_written_is_found(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The embedded database cannot start there; all else is examined all the same."""
    (tmp_path / "file").write_text("")
    for name, text in environment(tmp_path / "file" / "data").items():
        monkeypatch.setenv(name, text)

    code = doctor.run(argparse.Namespace(json=True))
    found = json.loads(capsys.readouterr().out)

    assert code == 1
    assert "BRYGGA_DATA_DIR" in found[0]["mend"]
    assert any("not answer" in one["what"] for one in found)


def environment(data: Path) -> dict[str, str]:
    """Settings that reach nobody."""
    apps = ("ZETTLE_CLIENT_ID", "ZETTLE_CLIENT_SECRET", "BIGCOMMERCE_CLIENT_ID")
    hosts = ("OAUTH", "PRODUCTS", "INVENTORY", "PUSHER", "PURCHASE", "SECURE", "IMAGE")
    values = {
        **dict.fromkeys((*apps, "BIGCOMMERCE_CLIENT_SECRET"), "value"),
        **{f"ZETTLE_{host}_URL": "http://127.0.0.1:9" for host in hosts},
        "BIGCOMMERCE_API_URL": "http://127.0.0.1:9",
        "BIGCOMMERCE_LOGIN_URL": "http://127.0.0.1:9",
        "PUBLIC_URL": "http://127.0.0.1:9",
        "SECRET_KEYS": KEY,
        "CONTACT_EMAIL": "help@example.com",
        "DATA_DIR": str(data),
    }
    return {f"BRYGGA_{name}": text for name, text in values.items()}
