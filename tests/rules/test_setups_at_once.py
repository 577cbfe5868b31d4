"""Several merchants set up at once, with two workers and platforms that answer slowly: every set-up
comes to its end.
"""

import asyncio
from collections.abc import Sequence

import pytest

from brygga.cli import merchant
from brygga.cli.merchant import Choice
from brygga.core.model import Stage
from brygga.database import connections, waiting_work
from brygga_sandbox.merchants import Merchant
from tests.markers import merchants_products
from tests.rules.conftest import OpenStack
from tests.rules.stack import URL, DemoStack, another_worker

ANSWER_S = 0.3
PRODUCTS = 3


def slow_down(home: DemoStack) -> None:
    for platform in (home.sandbox.zettle, home.sandbox.bigcommerce):
        platform.faults.add("slow", params={"seconds": ANSWER_S})
    # As a library of several pages: the first reading still goes on when the store is connected.
    home.sandbox.zettle.faults.add("slow", path="/*/library", params={"seconds": 10 * ANSWER_S})


async def set_up(home: DemoStack, one: Merchant, wait_s: float) -> None:
    """As fast as a browser can, so that the store comes while the first work of the connection goes
    on.
    """
    await asyncio.sleep(wait_s)
    choice = Choice(one.organization.owner.uuid, one.store_hash)
    browser_session = home.browser()
    await merchant.prepare(browser_session, URL, prices=True, whole_library=True, choice=choice)
    await merchant.finish(browser_session)


async def failed(home: DemoStack) -> Sequence[str]:
    """What a bug of ours has put aside, by kind."""
    async with home.service.database.read() as tx:
        active = await connections.active(tx)
        return [each.kind.value for one in active for each in await waiting_work.parked(tx, one.id)]


@pytest.mark.parametrize("merchants", [4])
async def test_set_ups_at_once_finish_with_two_workers(
    open_stack: OpenStack, database_url: str, merchants: int
) -> None:
    """C10, C11: a store that comes in the middle of a turn is reached in that turn, and nothing is
    put aside.
    """
    home = await open_stack(products=PRODUCTS, merchants=merchants)
    slow_down(home)

    async with another_worker(home, database_url):
        await asyncio.gather(
            *(set_up(home, one, 0.17 * number) for number, one in enumerate(home.sandbox.merchants))
        )
        set_aside = await failed(home)
        await home.wait(60)
    async with home.service.database.read() as tx:
        active = await connections.active(tx)

    assert [] == set_aside
    assert [(Stage.RUNNING, "")] * merchants == [(one.stage, one.paused) for one in active]
    assert [PRODUCTS] * merchants == [
        len(merchants_products(home.sandbox.shop(one).state())) for one in home.sandbox.merchants
    ]
