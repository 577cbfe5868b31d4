"""Every read of Zettle's, answered with nothing: an answer without what must be in it is no answer
(decision 15).
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from brygga.core.failures import Unreachable
from brygga.zettle.api import Zettle
from brygga_sandbox.faults import HOLLOWS
from tests.wire.doubles import says
from tests.zettle.test_refusals import zettle

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
Read = Callable[[Zettle], Awaitable[Any]]
READS: dict[str, tuple[Read, frozenset[str]]] = {
    "user": (lambda room: room.user(), frozenset()),
    # Its own endpoint may be missing, and the account is put together from others (zettle facts
    # 1.6).
    "organization": (lambda room: room.organization(), frozenset()),
    "inventories": (lambda room: room.inventories(), frozenset({"empty_list"})),
    "stock": (lambda room: room.stock("i"), frozenset({"empty_list"})),
    "stock_of": (
        lambda room: room.stock_of("i", "p"),
        frozenset({"empty_list", "not_found", "not_tracked"}),
    ),
    "stock_of_many": (
        lambda room: room.stock_of_many("i", ["p", "q"]),
        frozenset({"empty_list", "not_tracked"}),
    ),
    "tracked": (lambda room: room.tracked(), frozenset({"empty_list"})),
    "tracking_status": (lambda room: room.tracking_status(["p"]), frozenset({"empty_list"})),
    "products": (lambda room: room.products(), frozenset({"empty_list"})),
    "library": (lambda room: room.library(), frozenset()),
    "product": (lambda room: room.product("p"), frozenset({"not_found"})),
    "purchases": (lambda room: room.purchases(NOON), frozenset()),
    "purchase": (lambda room: room.purchase("p"), frozenset({"not_found"})),
    "subscriptions": (lambda room: room.subscriptions(), frozenset({"empty_list"})),
}
"""Each read, and which of these answers mean something there."""
KINDS = [kind for kind in HOLLOWS if kind not in ("page", "cut")]


def nothing(kind: str) -> Any:
    status, body = HOLLOWS[kind]
    return says(status, body)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", READS)
async def test_a_read_that_is_answered_with_nothing_failed(name: str, kind: str) -> None:
    """(decision 15)"""
    read, meant = READS[name]
    if (
        kind in meant
        or (kind == "not_tracked" and not name.startswith("stock"))
        or (name, kind) == ("stock", "not_tracked")
    ):
        return
    room, _ = zettle(*(nothing(kind) for _ in range(4)))

    if (name, kind) == ("stock_of_many", "not_found"):
        answer = await room.stock_of_many("i", ["p", "q"])
        assert {*answer.refused} == {"p", "q"}
        assert not answer.whole, "nothing is known of them"
        return
    with pytest.raises(Unreachable):
        await read(room)


@pytest.mark.parametrize("kind", ["page", "cut"])
async def test_a_page_and_half_an_answer_are_nothing(kind: str) -> None:
    """(decision 15)"""
    body = (
        "<!doctype html><h1>Sorry</h1>"
        if kind == "page"
        else '[{"productUuid":"p","variantUuid":"v","balan'
    )
    room, _ = zettle(says(200, body))

    with pytest.raises(Unreachable):
        await room.stock("i")


async def test_an_empty_answer_vouches_for_no_product() -> None:
    """`[]` names nothing; with a row of another product it is whole (decision 15)."""
    row = {"variantUuid": "v", "productUuid": "p", "inventoryUuid": "i", "balance": 2}
    room, _ = zettle(says(200, []), says(200, [row]))

    empty, whole = (
        await room.stock_of_many("i", ["p", "q"]),
        await room.stock_of_many("i", ["p", "q"]),
    )

    assert not empty.whole
    assert {*whole.whole} == {"p", "q"}


async def test_a_status_that_names_nobody_says_nothing_of_anybody() -> None:
    """Absent is not off (decision 15)."""
    room, _ = zettle(says(200, []))

    assert {} == await room.tracking_status(["p"])
