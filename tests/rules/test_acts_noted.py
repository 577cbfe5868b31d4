"""The acts that open or close the way to a merchant's data leave an audit line each (C3, D1 to D4).

Signing in and out, exports and operators' acts: `tests/web/test_sessions.py`,
`tests/cli/test_operators_commands.py`.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from brygga.database import audit
from brygga.database.audit import Act, Actor, Entry
from tests.rules.stack import DemoStack
from tests.rules.test_connect import sign_in_as
from tests.rules.test_disconnect import disconnect
from tests.rules.test_erasing import left


async def entries(home: DemoStack, *acts: Act) -> list[Entry]:
    """The lines of the merchant's newest connection with these acts, oldest first."""
    number = (await home.connection()).id
    async with home.service.database.read() as tx:
        return [one for one in reversed(await audit.of(tx, number)) if one.act in acts]


async def of_nobody(home: DemoStack) -> list[Entry]:
    async with home.service.database.read() as tx:
        return list(await audit.of(tx, None))


@pytest.mark.rule("C3")
async def test_a_join_is_noted_once_with_the_store_and_where_from(home: DemoStack) -> None:
    await home.connect()

    (joined,) = await entries(home, Act.JOINED)

    assert (Actor.MERCHANT, {"store": home.sandbox.merchant.store_hash}) == (
        joined.actor,
        joined.facts,
    )
    assert joined.source
    assert joined.request_id


@pytest.mark.rule("D3")
async def test_an_uninstall_is_noted_when_the_store_confirms_it(home: DemoStack) -> None:
    await home.connect()
    sandbox, client = home.sandbox.bigcommerce, home.sandbox.plan.connector.bigcommerce_client_id
    before = await entries(home, Act.UNINSTALLED)
    await sandbox.uninstall(home.sandbox.merchant.store_hash, client)
    await home.calm()

    (noted,) = await entries(home, Act.UNINSTALLED)

    assert [] == before
    assert Actor.BIGCOMMERCE is noted.actor


@pytest.mark.rule("D3")
async def test_access_that_zettle_no_longer_gives_is_noted_once(home: DemoStack) -> None:
    uuid = home.add("Mugg", stock=5)
    await home.connect()
    home.till.remove_app(home.sandbox.plan.connector.zettle_client_id)
    await home.wait(60)
    home.shop.set_stock(3, product_id=home.id_of(uuid))
    await home.wait_hours(2)

    (noted,) = await entries(home, Act.ACCESS_REMOVED)

    assert (Actor.ZETTLE, {"code": "zettle_access_gone"}) == (noted.actor, noted.facts)


@pytest.mark.rule("D4")
async def test_an_erased_merchant_leaves_one_line_that_names_nobody(home: DemoStack) -> None:
    """Their own lines go too: these have addresses."""
    home.add("Sällsam mugg")
    await home.connect()
    await disconnect(home, "keep")
    await home.open("/apps/erase")
    await home.press("Erase everything", sure="yes")
    await home.wait(1300)

    (erased,) = [one for one in await of_nobody(home) if one.act is Act.ERASED]
    kept = [one for one in await of_nobody(home) if one.source]

    assert (Actor.SERVICE, "yes", "") == (erased.actor, erased.facts["asked"], erased.source)
    assert 64 == len(erased.facts["hash"])
    assert [] == kept
    assert {} == await left(home)


@pytest.mark.rule("D4")
async def test_who_never_joined_a_store_is_erased_after_the_time_too(home: DemoStack) -> None:
    """The time begins anew with each sign-in. Zettle's access is given back."""
    home.service.worker.settings = replace(home.service.settings, erase_after=timedelta(days=1))
    await sign_in_as(home, home.browser_session, 0)
    await home.wait_hours(16)
    await sign_in_as(home, home.browser(), 0)
    await home.wait_hours(16)
    before = await left(home)
    await home.wait_hours(16)

    (erased,) = [one for one in await of_nobody(home) if one.act is Act.ERASED]

    assert before
    assert {} == await left(home)
    assert "oauth" in " ".join(one.path for one in home.asked("DELETE", of="till"))
    assert erased.actor is Actor.SERVICE


@pytest.mark.rule("D4")
async def test_who_has_joined_and_not_finished_is_never_erased_by_time(home: DemoStack) -> None:
    home.service.worker.settings = replace(home.service.settings, erase_after=timedelta(days=1))
    await home.prepare()
    await home.wait_hours(64)

    assert (await home.connection()).shop is not None
    assert [] == [one for one in await of_nobody(home) if one.act is Act.ERASED]
