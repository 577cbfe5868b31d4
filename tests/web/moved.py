"""Movements of stock for the tests of the page that explains a number."""

import csv
import io
from datetime import timedelta
from typing import Any

from tests.conftest import NOON
from tests.web.conftest import Browser, World
from tests.web.separate_stock import shared

from brygga.core.model import Connection
from brygga.core.stock import Side
from brygga.core.stock.movement import Cause, Movement
from brygga.database import movements


def move(cause: Cause, change: int, after: tuple[int | None, int | None], **more: Any) -> Movement:
    """On Zettle's side, and from one more than after."""
    till, shop = after
    side = more.pop("side", Side.ZETTLE)
    of: tuple[str, str] = more.pop("of", ("p", "v"))
    before = (None if till is None else till - change, shop)
    return Movement(
        more.pop("at", NOON), *of, side, cause, change, before[0], till, before[1], shop, **more
    )


async def happened(world: World, connection: Connection, *moves: Movement) -> None:
    async with world.database.transaction() as tx:
        await movements.add(tx, connection.id, moves)


async def sold(world: World, count: int = 1) -> tuple[Connection, Browser, str, str]:
    """A product whose stock moved so often: the address of its page."""
    connection, browser, uuid = await shared(world, 7)
    of = (uuid, f"{uuid}-v")
    await happened(
        world,
        connection,
        *(
            move(Cause.SEEN, -1, (7, 7), of=of, at=NOON + timedelta(seconds=n))
            for n in range(count)
        ),
    )
    return connection, browser, uuid, f"/library/{uuid}/variants/{uuid}-v/stock"


def chain(*steps: tuple[Side, Cause, int, float]) -> list[tuple[int, Movement]]:
    """Newest first: (side, cause, change, second)."""
    made = [
        (number, move(cause, change, (5, 5), side=side, at=NOON + timedelta(seconds=second)))
        for number, (side, cause, change, second) in enumerate(steps, 1)
    ]
    return made[::-1]


SALE, ORDER = (Side.ZETTLE, Cause.SEEN), (Side.SHOP, Cause.ORDER)
TO_SHOP, TO_TILL = (Side.SHOP, Cause.WRITTEN), (Side.ZETTLE, Cause.WRITTEN)


async def rows_of(
    browser: Browser, path: str, delimiter: str, day: str = ""
) -> list[dict[str, str]]:
    answer = await browser.open(f"{path}.csv?day={day}")
    assert 200 == answer.status_code
    assert answer.content.startswith(b"\xef\xbb\xbf")
    text = answer.content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=delimiter))
