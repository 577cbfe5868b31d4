"""Asks the sandbox the same questions, in this process. It shows what a live run would do, and
proves that the questions distinguish the readings.
"""

import random

import httpx2

from brygga_sandbox import bigcommerce, zettle
from brygga_sandbox.certify.asking import Certificate, Question, certify
from brygga_sandbox.certify.bench import Bench, Place
from brygga_sandbox.certify.journal import Journal
from brygga_sandbox.certify.shop_edges import SHOP_EDGES
from brygga_sandbox.certify.shop_limits import SHOP_LIMITS
from brygga_sandbox.certify.shop_more import SHOP_MORE
from brygga_sandbox.certify.shop_questions import SHOP_QUESTIONS
from brygga_sandbox.certify.shop_rules import SHOP_RULES
from brygga_sandbox.certify.shop_stock import SHOP_STOCK
from brygga_sandbox.certify.till import TILL_QUESTIONS, TILL_RULES
from brygga_sandbox.certify.till_more import TILL_MORE
from brygga_sandbox.clock import ManualClock
from brygga_sandbox.sandbox import Plan, Sandbox

EVERYTHING: list[Question] = [
    question
    for some in (
        SHOP_RULES, SHOP_LIMITS, SHOP_QUESTIONS, SHOP_EDGES, SHOP_MORE, SHOP_STOCK, TILL_RULES,
        TILL_QUESTIONS, TILL_MORE,
    )
    for question in some.questions
]  # fmt: skip


def place_in(sandbox: Sandbox) -> Place:
    """The access for questions to a sandbox's first merchant, with the rights of the merchant's
    other tool.
    """
    host = sandbox.plan.zettle_url
    return Place(
        sandbox.api(),
        sandbox.store_token(),
        f"{host}/products",
        f"{host}/inventory",
        f"{host}/secure",
        sandbox.zettle_tokens().access,
        f"{host}/image/product/certify.png",
        sandbox.merchant.organization.uuid,
    )


def bench_at(sandbox: Sandbox, http: httpx2.AsyncClient, journal: Journal) -> Bench:
    """The questioner of a sandbox whose clock is moved by hand."""
    assert isinstance(sandbox.clock, ManualClock)
    return Bench(place_in(sandbox), http, random.Random(1), sandbox.clock.advance, journal)


async def rehearse(
    shop: bigcommerce.Switches | None = None,
    till: zettle.Switches | None = None,
    keys: frozenset[str] = frozenset(),
    journal: Journal | None = None,
) -> tuple[Certificate, Sandbox]:
    """Ask all questions, or those with these keys, of a sandbox with such switches. Returns the
    sandbox too, for inspection.
    """
    sandbox = Sandbox(
        Plan(products=3, drawings=False, bigcommerce_switches=shop, zettle_switches=till),
        ManualClock(),
    )
    async with httpx2.AsyncClient(transport=sandbox.transport()) as http:
        bench = bench_at(sandbox, http, journal or Journal())
        chosen = [one for one in EVERYTHING if not keys or one.key in keys]
        return await certify(bench, "the sandbox", chosen), sandbox
