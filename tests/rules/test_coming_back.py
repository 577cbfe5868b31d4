"""Connecting again by hand: what was kept is assigned, said and counted before the merchant picks
(rule D4).
"""

import pytest

from brygga.core.model import Stage
from tests.rules.stack import DemoStack, words_of
from tests.rules.test_disconnect import disconnect

PLAN = "/apps/bigcommerce/plan"


async def kept_and_new(home: DemoStack) -> tuple[str, str]:
    """One product that an earlier connection left in the store, and one that is new since."""
    kept = home.add("Mugg", stock=5)
    await home.connect()
    await disconnect(home, "keep")
    return kept, home.add("Fat")


@pytest.mark.rule("D4", "C9")
async def test_kept_products_are_said_before_picking_by_hand(home: DemoStack) -> None:
    await kept_and_new(home)

    await home.prepare(whole_library=False)
    finish, library = await home.read("/apps/bigcommerce"), await home.read("/library")
    await home.open("/apps/bigcommerce")
    await home.press("Change the choices")
    products = words_of(await home.press("Continue", prices="yes"))

    assert "1 product is in the store since your last connection." in products
    assert "It is found again and assigned, whatever you choose here." in products
    assert "chosen by you – 1 product is assigned already, you choose among 1" in finish
    assert "1 will be updated , 1 to choose" in finish
    assert "Waiting (1)" in library
    assert "Not assigned (1)" in library


@pytest.mark.rule("D4", "C10")
async def test_after_finishing_by_hand_only_the_rest_is_to_choose(home: DemoStack) -> None:
    kept, new = await kept_and_new(home)
    await home.prepare(whole_library=False)
    await home.open("/apps/bigcommerce")

    page = words_of(await home.press("Finish set-up"))
    await home.calm()
    after = await home.read("/library")

    assert (
        "1 product from your last connection is synced by itself. Choose among the others." in page
    )
    assert "Not assigned (1)" in page
    assert "Synced (1)" in after
    assert "Not assigned (1)" in after
    assert [True, False] == [home.find(uuid) is not None for uuid in (kept, new)]


@pytest.mark.rule("D4")
async def test_a_silent_store_does_not_double_what_was_kept(home: DemoStack) -> None:
    """The store is out of reach when the set-up is finished: kept products are taken back all the
    same, before any product work.
    """
    kept, _ = await kept_and_new(home)
    await home.prepare()
    home.sandbox.bigcommerce.faults.add("5xx_before", path="*/catalog/trees*", next=1)

    await home.finish()
    await home.wait(300)

    assert Stage.RUNNING is (await home.connection()).stage
    assert ["Fat", "Mugg"] == home.in_shop()
    assert home.find(kept) is not None
