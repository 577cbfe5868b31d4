"""`brygga replay` before an upgrade: what a version would write otherwise than was written then,
told without asking a platform (docs/operating.md, "Upgrade").
"""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from brygga.cli import replay
from brygga.core import mapping
from brygga.core.mapping import Mapped
from brygga.core.model import Product
from brygga.core.stock import Ledger, Side, Timing, sending
from brygga.core.terms import Terms
from brygga.database import connections, kept_webhooks
from brygga.sync.connection.replaying import Writes, writes_again
from tests.rules.stack import DemoStack


async def replayed(home: DemoStack) -> tuple[Writes, int]:
    """What the command finds, and how many requests it sent."""
    before = len([*home.asked(), *home.asked(of="till")])
    now, number = home.service.worker.clock.now(), (await home.connection()).id
    since, until = now - timedelta(hours=24), now + timedelta(minutes=1)
    async with home.service.database.read() as tx:
        connection = await connections.by_id(tx, number)
        kept = await kept_webhooks.between(tx, number, since, until)
        assert connection is not None
        uuids = await replay.products_of(tx, number, kept)
        found = await writes_again(tx, connection, uuids, (since, until))
    return found, len([*home.asked(), *home.asked(of="till")]) - before


async def test_a_version_that_would_write_otherwise_is_found_without_a_request(
    home: DemoStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    mug, cup = home.add("Mugg", stock=10), home.add("Kopp", stock=5)
    await home.connect()
    for _ in range(2):
        home.till.sell(home.variant(mug), 2)
        home.shop.place([{"product_id": home.id_of(mug), "quantity": 1}])
        await home.wait(60)
    await home.save(cup, name="Finkopp")
    same, asked = await replayed(home)

    def loud(product: Product, terms: Terms) -> Mapped:
        found = mapping.desired(product, terms)
        assert found.product is not None
        name = found.product.name.upper()
        return replace(found, product=replace(found.product, name=name))

    def at_till_only(ledger: Ledger, side: Side, at: datetime, timing: Timing) -> int:
        return 0 if side is Side.SHOP else sending.sendable(ledger, side, at, timing)

    monkeypatch.setattr("brygga.sync.connection.replaying.desired", loud)
    monkeypatch.setattr("brygga.core.stock.rerun.sendable", at_till_only)
    other, _ = await replayed(home)
    told = replay.rewritten(other)

    assert (0, (), ()) == (asked, same.differing, same.unknown)
    assert same.same >= 3
    assert {"Mugg", "Finkopp"} == {one.name for one in other.differing}
    assert "name\n  then  Finkopp\n  now   FINKOPP" in told
    assert "then  -2 to zettle, -4 to bigcommerce\n  now   -2 to zettle\n" in told
