"""An operator sees that a merchant's webhooks fail, and what to do: `doctor`, `status` and the
metrics.
"""

import argparse
import json
from datetime import timedelta

import pytest

from brygga.cli import status
from brygga.cli.checkup.findings import Verdict
from brygga.cli.checkup.webhooks import webhooks
from brygga.cli.process import Runtime
from brygga.database import connections, deliveries, service_health, subscriptions
from brygga.database.deliveries import Deliveries, Outcome
from brygga.database.engine import Database
from brygga.database.subscriptions import Subscription
from brygga.database.tokens import Platform
from brygga.settings import read
from brygga.system import SystemClock
from tests.conftest import NOON
from tests.database.merchants import connected

Counts = dict[tuple[int, Platform, Outcome], int]
SHOP = Platform.BIGCOMMERCE


async def counted(database: Database, counts: Counts, hours_ago: float = 0.0) -> list[Deliveries]:
    async with database.transaction() as tx:
        await deliveries.add(tx, counts, NOON - timedelta(hours=hours_ago))
        return list(await deliveries.of_last_day(tx, NOON))


@pytest.mark.parametrize(
    ("refused", "accepted", "hours_ago", "alarm"),
    [
        (1, 0, 0, False),
        (2, 0, 20, True),
        (4, 100, 0, False),
        (5, 100, 0, True),
        (50, 1, 6, False),
        (9, 0, 30, False),
    ],
    ids=[
        "one alone",
        "never one accepted",
        "a few",
        "many of late",
        "over since hours",
        "two days old",
    ],
)
async def test_what_goes_on_is_an_alarm_and_what_is_over_is_none(
    database: Database, refused: int, accepted: int, hours_ago: float, alarm: bool
) -> None:
    one = await connected(database)
    counts = {(one.id, SHOP, Outcome.REFUSED): refused, (one.id, SHOP, Outcome.ACCEPTED): accepted}

    found = await counted(database, counts, hours_ago)
    async with database.read() as tx:
        seen = await service_health.read(tx, NOON)

    assert alarm is any(of.is_alarming for of in found)
    assert int(alarm) == seen.webhooks_failing


async def test_a_connection_that_has_ended_alarms_nobody(database: Database) -> None:
    one = await connected(database)
    await counted(database, {(one.id, SHOP, Outcome.REFUSED): 99})
    async with database.transaction() as tx:
        await connections.disconnect(tx, one.id, NOON)

    assert [] == await counted(database, {})


def test_the_doctor_says_what_is_wrong_and_how_to_mend_it() -> None:
    bad = Deliveries(
        3, SHOP, {Outcome.REFUSED: 7, Outcome.ASTRAY: 1, Outcome.ACCEPTED: 2}, recent=8
    )
    odd = Deliveries(4, SHOP, {Outcome.UNVERIFIED: 12}, recent=0)
    ended = Deliveries(5, Platform.ZETTLE, {Outcome.ENDED: 1, Outcome.ACCEPTED: 5}, recent=0)

    found = webhooks([bad, odd, ended], [6])

    assert [Verdict.WRONG, Verdict.WRONG, Verdict.LOOK, Verdict.LOOK] == [
        one.verdict for one in found
    ]
    assert [
        "connection 6: its webhooks point to another address",
        "connection 3, bigcommerce: 7 webhooks refused, 1 at a wrong address, 2 accepted",
        (
            "connection 4, bigcommerce: 12 webhooks bear our secret, and a signature that does not "
            "verify"
        ),
        (
            "connection 5, zettle: the platform had switched off or deleted 1 webhooks; they are "
            "renewed"
        ),
    ] == [one.what for one in found]
    assert all(one.mend for one in found)
    assert "brygga sync 3 --webhooks" in found[1].mend


async def test_status_tells_webhooks_by_connection(
    database: Database, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    one, now = await connected(database), SystemClock().now()
    async with database.transaction() as tx:
        await deliveries.add(
            tx,
            {
                (one.id, SHOP, Outcome.REFUSED): 6,
                (one.id, SHOP, Outcome.UNVERIFIED): 2,
                (one.id, Platform.ZETTLE, Outcome.ACCEPTED): 4,
            },
            now,
        )
        old = Subscription(
            SHOP, "7", "store/product/updated", "https://old.example/hooks/bigcommerce/k", "active"
        )
        await subscriptions.save(tx, one.id, old, now)
    names = (
        "ZETTLE_CLIENT_ID",
        "ZETTLE_CLIENT_SECRET",
        "BIGCOMMERCE_CLIENT_ID",
        "BIGCOMMERCE_CLIENT_SECRET",
    )
    settings = read(
        {
            **{f"BRYGGA_{name}": "value" for name in names},
            "BRYGGA_PUBLIC_URL": "https://brygga.example",
            "BRYGGA_SECRET_KEYS": "a test secret that is long enough",
            "BRYGGA_CONTACT_EMAIL": "help@example.com",
            "BRYGGA_DATABASE_URL": database_url,
        }
    )

    for as_json in (False, True):
        asked = argparse.Namespace(connection=None, state="", cause="", search="", json=as_json)
        await status._status(asked, Runtime(settings))
    reported, _, raw = capsys.readouterr().out.partition("[")
    (seen,) = json.loads("[" + raw)

    assert "WEBHOOKS FAIL: bigcommerce, webhooks point to another address" in reported
    assert (
        "webhooks in 24 hours: bigcommerce 6 refused, 2 unverified; zettle 4 accepted" in reported
    )
    assert (["bigcommerce"], True) == (seen["webhooks_failing"], seen["webhooks_elsewhere"])
