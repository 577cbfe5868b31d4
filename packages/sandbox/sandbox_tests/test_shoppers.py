"""The sandbox's people: believable, reported truly, and the same for the same seed."""

import random
from collections import Counter
from typing import Any

import pytest

from brygga_sandbox.cashiers import NothingToDo
from brygga_sandbox.clock import ManualClock
from brygga_sandbox.sandbox import Plan, Sandbox
from brygga_sandbox.shoppers import HABITS, Shoppers


async def open_shop(sandbox: Sandbox, products: int = 12) -> None:
    """Some tracked goods in the shop, so that people can order before any link exists."""
    for number in range(products):
        await sandbox.shop().add_product(
            name=f"Vara {number}", inventory_tracking="product", inventory_level=20, price=100
        )
    variants = [{"sku": f"X{n}", "option_values": [{"option_display_name": "Färg",
    "label": f"F{n}"}], "inventory_level": 9}
                for n in range(3)]  # fmt: skip
    await sandbox.shop().add_product(
        name="Vara i färger", inventory_tracking="variant", variants=variants
    )


async def day(seed: int, steps: int, **people: Any) -> tuple[Sandbox, list[str]]:
    sandbox = Sandbox(Plan(seed=3, drawings=False), ManualClock())
    await open_shop(sandbox)
    shoppers = Shoppers(sandbox, random.Random(seed), **people)
    story = []
    for _ in range(steps):
        story.append(str(await shoppers.step()))
        await sandbox.clock.sleep(0)
    return sandbox, story


async def test_a_seed_tells_the_same_story_twice_and_ends_in_the_same_state() -> None:
    first, story = await day(11, 300)
    second, again = await day(11, 300)

    assert story == again
    assert first.shop().state() == second.shop().state()
    bodies = [
        [stored.body for stored in one.merchant.organization.products.values()]
        for one in (first, second)
    ]
    assert bodies[0] == bodies[1]
    assert story != (await day(12, 300))[1]


async def test_every_act_happens_in_a_long_day_and_most_succeed() -> None:
    sandbox = Sandbox(Plan(seed=3, drawings=False), ManualClock())
    await open_shop(sandbox)
    shoppers = Shoppers(sandbox, random.Random(1))
    actions = [await shoppers.step() for _ in range(1500)]
    done = Counter(action.what for action in actions if action.refused is None)

    assert done.keys() == HABITS.keys()
    assert sum(done.values()) > 0.9 * len(actions)
    assert done.most_common(2)[0][0] in {"sell", "order"}


async def test_a_sale_is_told_as_it_was_and_moves_the_stock() -> None:
    sandbox = Sandbox(Plan(seed=3), ManualClock())
    till = sandbox.till()
    before = {variant: till.balance(variant) for variant in till.organization.product_of}
    action = await Shoppers(sandbox, random.Random(4), {"sell": 1}).step()

    for variant, quantity in action.detail["lines"].items():
        tracked = till.organization.tracked(till.product_of(variant).uuid)
        assert till.balance(variant) == before[variant] - quantity * tracked
    assert len(till.organization.purchases) == 1


async def test_an_order_that_the_shop_refuses_is_told_as_refused() -> None:
    sandbox = Sandbox(Plan(seed=3), ManualClock())
    await sandbox.shop().add_product(name="Slut", inventory_tracking="product", inventory_level=0)
    action = await Shoppers(sandbox, random.Random(4), {"order": 1}).step()

    assert (action.who, action.what, action.refused) == ("shopper", "order", "Slut is out of stock")


async def test_the_other_tools_unanswered_call_is_told_as_such_and_may_have_happened() -> None:
    sandbox = Sandbox(Plan(seed=3), ManualClock())
    till = sandbox.till()
    sandbox.zettle.faults.add("cut_after", path="*/movements", next=1)
    before = {variant: till.balance(variant) for variant in till.organization.product_of}
    action = await Shoppers(sandbox, random.Random(4), {"tool counts till": 1}).step()

    assert (action.refused, action.detail["status"]) == (None, None)
    assert (
        till.balance(action.detail["variant"])
        == before[action.detail["variant"]] + action.detail["came"]
    )


async def test_the_other_tool_gets_a_new_token_when_the_old_one_has_aged() -> None:
    clock = ManualClock()
    sandbox = Sandbox(Plan(seed=3), clock)
    shoppers = Shoppers(sandbox, random.Random(4), {"tool counts till": 1})
    statuses = []
    for _ in range(3):
        statuses.append((await shoppers.step()).detail["status"])
        await clock.advance(7201)

    assert statuses == [204, 401, 204]


async def test_where_nobody_can_act_it_is_said() -> None:
    sandbox = Sandbox(Plan(seed=3, products=0), ManualClock())

    with pytest.raises(NothingToDo):
        await Shoppers(sandbox, random.Random(4), {"sell": 5, "rename": 1, "order": 1}).step()


async def test_an_unknown_habit_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no actor does juggle"):
        Shoppers(Sandbox(Plan(products=1), ManualClock()), random.Random(1), {"juggle": 1})
