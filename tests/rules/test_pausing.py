"""The first sync is paused by the merchant half-way: products wait, stock goes on, and nothing is
lost or made twice.
"""

import pytest

from brygga.cli import merchant
from brygga.core.report import Code
from tests.rules.stack import DemoStack

HOME = "/apps/bigcommerce"
MANY = 30


@pytest.mark.rule("C10", "P5", "S2")
async def test_the_first_sync_is_paused_and_continued(home: DemoStack) -> None:
    uuids = [home.add(f"Mugg {number}", stock=7) for number in range(MANY)]
    await home.prepare()
    await home.browser_session.open(HOME)
    await merchant.finish(home.browser_session)
    await home.until(lambda: len(home.merchants_products()) >= 3)
    under_way = await home.read(HOME)
    await home.press("Pause product sync")
    await home.wait(60)
    made = [uuid for uuid in uuids if home.find(uuid)]
    paused = await home.read(HOME)

    home.till.sell(home.variant(made[0]), 1)
    home.till.edit_product(made[1], name="Kopp")
    await home.calm()
    sold, name = home.levels(made[0]), home.shown(made[1])["name"]

    await home.open(HOME)
    await home.press("Continue product sync")
    await home.wait(120)

    assert 3 <= len(made) < MANY
    assert f"of {MANY} are in the store." in under_way
    assert "You have paused product sync" in paused
    assert [(6, 6)] == sold
    assert f"Mugg {uuids.index(made[1])}" == name
    assert MANY == len(home.in_shop())
    assert "Kopp" in home.in_shop()
    assert {Code.PRODUCTS_PAUSED, Code.PRODUCTS_RESUMED} <= set(await home.codes())
