"""What a sale costs the database through the whole service: the webhook, the turn that writes, the
store's own webhooks about our write, and the turn that closes it.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from brygga_sandbox.bigcommerce import Config as ShopConfig
from tests.rules.conftest import OpenStack
from tests.rules.stack import READ_LAG_S, DemoStack
from tests.simulation.disk import DiskTx

TO_THE_WRITE = 13
TO_THE_END = 40
SAVED = "WITH intended AS"
"""How the statement begins that saves a pass over stock: with the write before it is sent, and with
its answer.
"""
BESIDE = (
    "SELECT m.connection_id, min(m.due_at)",
    "SELECT alert_messages.id",
    "SELECT min(greatest(m.due_at",
)
"""What a worker asks for as time goes by, with a sale or without, and what only the queue of these
tests asks.
"""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement, from when this was cleared."""
    asked: list[str] = []
    real = DiskTx._run

    def run(self: DiskTx, statement: Any, values: Mapping[str, Any] | None) -> Any:
        words = " ".join(str(statement).split())
        if not words.startswith(BESIDE):
            asked.append(words)
        return real(self, statement, values)

    monkeypatch.setattr(DiskTx, "_run", run)
    return asked


async def sold(open_stack: OpenStack) -> tuple[DemoStack, str]:
    """A product that was there for a while. The store's webhooks come within half a second."""
    home = await open_stack(bigcommerce_config=ShopConfig(read_lag_s=READ_LAG_S, hook_delay_s=0.5))
    uuid = home.add("Mugg", stock=10)
    await home.connect()
    await asyncio.sleep(120)
    await home.calm()
    return home, uuid


@pytest.mark.rule("S2")
async def test_a_sale_costs_few_statements_from_its_webhook_on(
    open_stack: OpenStack, asked: list[str]
) -> None:
    home, uuid = await sold(open_stack)

    asked.clear()
    home.till.sell(home.variant(uuid), 1)
    await asyncio.sleep(40)
    whole = list(asked)
    await home.calm()

    answered = [place for place, one in enumerate(whole, 1) if one.startswith(SAVED)][1]
    assert [(9, 9)] == home.levels(uuid)
    assert answered <= TO_THE_WRITE, whole[:answered]
    assert len(whole) <= TO_THE_END, whole


@pytest.mark.rule("S3")
@pytest.mark.parametrize("after_s", [0.0, 1.0])
async def test_an_edit_beside_our_write_is_found_though_its_event_may_pass_for_ours(
    open_stack: OpenStack, after_s: float
) -> None:
    """Before our own event has come, and after it."""
    home, uuid = await sold(open_stack)
    home.till.sell(home.variant(uuid), 1)
    await home.until(lambda: home.levels(uuid) == [(9, 9)])
    await asyncio.sleep(after_s)

    home.shop.set_stock(5, product_id=home.id_of(uuid))
    await home.until(lambda: home.levels(uuid) == [(5, 5)])
    await home.calm()

    assert [(5, 5)] == home.levels(uuid)
