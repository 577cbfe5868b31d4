"""Webhooks reach us whatever signs them, and their end is seen from the other side too (S2, S3)."""

from collections import Counter
from typing import Any

import pytest

from brygga.database import deliveries
from brygga.database.deliveries import Outcome
from brygga.database.tokens import Platform
from brygga_sandbox.bigcommerce.switches import Switches
from tests.rules.conftest import OpenStack
from tests.rules.stack import DemoStack


async def counted(home: DemoStack) -> Counter[tuple[Platform, Outcome]]:
    web = home.service.web
    await web.state.tally.write(web.state.deps)
    async with home.service.database.read() as tx:
        found = await deliveries.of_last_day(tx, home.service.worker.clock.now())
    return Counter(
        {(one.platform, outcome): count for one in found for outcome, count in one.counts.items()}
    )


@pytest.mark.rule("S3")
@pytest.mark.parametrize("reading", ["client_secret", "decoded", "another", "v1a", "milliseconds"])
async def test_an_order_is_received_whatever_signs_the_webhooks(
    open_stack: OpenStack, reading: Any
) -> None:
    home = await open_stack(bigcommerce_switches=Switches(signature_key=reading))
    uuid = home.add("Mugg", stock=10)
    await home.connect()

    home.shop.place([{"product_id": home.id_of(uuid), "quantity": 2}])
    await home.wait(20)

    shop = Platform.BIGCOMMERCE
    found = await counted(home)
    assert [(8, 8)] == home.levels(uuid)
    assert 0 == found[shop, Outcome.REFUSED] + found[shop, Outcome.ASTRAY]
    right, odd = found[shop, Outcome.ACCEPTED], found[shop, Outcome.UNVERIFIED]
    assert (right > 0, odd > 0) == ((True, False) if reading == "client_secret" else (False, True))


@pytest.mark.rule("S2", "S3")
async def test_subscriptions_that_ended_are_renewed_counted_and_caught_up(
    home: DemoStack,
) -> None:
    uuid = home.add("Mugg", stock=10)
    await home.connect()
    hooks = home.sandbox.bigcommerce.hooks[home.sandbox.merchant.store_hash]
    for hook in list(hooks.all.values()):
        hooks.switch_off(hook)
    home.sandbox.merchant.organization.subscriptions.clear()
    home.till.sell(home.variant(uuid))
    home.shop.place([{"product_id": home.id_of(uuid), "quantity": 1}])

    await home.wait_hours(1)

    found = await counted(home)
    assert [(8, 8)] == home.levels(uuid)
    assert (1, len(hooks.all)) == (
        found[Platform.ZETTLE, Outcome.ENDED],
        found[Platform.BIGCOMMERCE, Outcome.ENDED],
    )
    assert all(hook.is_active for hook in hooks.all.values())
