"""The whole service behind PgBouncer in transaction mode, with PostgreSQL's own address for what
needs a session (docs/scaling.md).
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from brygga.cli import check, demo_stack, merchant
from brygga.cli.browser import BrowserClient
from brygga.cli.checkup.findings import Verdict
from brygga.cli.checkup.pooler import pooler
from brygga.cli.demo_stack import Wish
from brygga.database.engine import Database
from tests.conftest import SEALER
from tests.pooler import ASKS, Pooler, needs_pooler
from tests.postgres import free_port

HELD = "SELECT count(*) FROM connections WHERE lease_holder IS NOT NULL"


@pytest.fixture
def pooled(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pooler]:
    folder = tmp_path_factory.mktemp("pooler")
    for above in (folder, *folder.parents):
        if above.owner() == Path.home().owner() and above.name.startswith(("pytest", "pooler")):
            above.chmod(0o755)
    parts = urlsplit(database_url)
    asked = parse_qs(parts.query)
    server = {"host": asked.get("host", [parts.hostname or "127.0.0.1"])[0], "user": "brygga"}
    if port := asked.get("port", [str(parts.port or "")])[0]:
        server["port"] = port
    made = Pooler(folder, parts.path.strip("/"), free_port(), server)
    made.start()
    yield made
    made.stop()
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute(f"ALTER ROLE brygga IN DATABASE {made.name} RESET ALL")


async def nobody_works(database_url: str) -> None:
    """Returns when no turn has held a lease for a second. One whose database goes away keeps its
    lease for a while, so that nobody repeats a request that may still be under way.
    """
    calm = 0
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as own:
        for _ in range(600):
            held = await (await own.execute(HELD)).fetchone()
            calm = 0 if held is not None and held[0] else calm + 1
            if calm >= 10:
                return
            await asyncio.sleep(0.1)
    raise AssertionError("a turn did not come to its end")


def asked_of_the_role(database_url: str, name: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as admin:
        for line in ASKS["transaction"]:
            admin.execute(line.format(name))


@needs_pooler
@pytest.mark.rule("S2", "S3", "P5")
async def test_the_service_works_behind_a_pooler_in_transaction_mode(
    database_url: str, pooled: Pooler
) -> None:
    asked_of_the_role(database_url, pooled.name)
    async with (
        demo_stack.open_stack(Wish(port_base=0, products=6), pooled.url, database_url) as home,
        demo_stack.browser_client() as http,
    ):
        await merchant.connect(BrowserClient(http), home.url)
        assert await check.comes_through(
            home, lambda: len(check.bound(home)) == len(check.till_products(home))
        )
        assert await check.sale(home)
        await nobody_works(database_url)
        pooled.stop()
        pooled.start()
        assert await check.order(home)
        assert await check.rename(home)


@needs_pooler
async def test_the_doctor_says_what_the_role_has_to_ask_for(
    database_url: str, pooled: Pooler
) -> None:
    database = Database.at(pooled.url, SEALER, direct_url=database_url)
    elsewhere = Database.at(pooled.url, SEALER, direct_url="postgresql://u@127.0.0.1:9/n")
    another = Database.at(
        pooled.url, SEALER, direct_url=database_url.replace(f"/{pooled.name}?", "/postgres?")
    )
    try:
        (lacking,) = await pooler(database)
        asked_of_the_role(database_url, pooled.name)
        pooled.stop()
        pooled.start()
        (well,) = await pooler(database)
        found = [(await pooler(one))[0] for one in (elsewhere, another)]
    finally:
        for one in (database, elsewhere, another):
            await one.close()

    assert "ALTER ROLE brygga SET statement_timeout" in lacking.mend
    assert Verdict.WELL is well.verdict
    assert "does not answer beside its pooler" in found[0].what
    assert "lead to two databases" in found[1].what
