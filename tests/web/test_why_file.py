"""What happened to the stock, as a file for a spreadsheet."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import NOON
from tests.web.conftest import World, product
from tests.web.moved import happened, move, rows_of, sold

from brygga.core.stock import Side
from brygga.core.stock.movement import Cause, Movement, Reason
from brygga.database import library
from brygga.web.moves import Folding, folded
from brygga.web.stock_csv import file_name, harmless


@pytest.mark.parametrize(
    ("language", "delimiter", "product"), [("en", ",", "Product"), ("sv", ";", "Produkt")]
)
async def test_the_file_opens_in_the_merchants_spreadsheet(
    world: World, language: str, delimiter: str, product: str
) -> None:
    _, browser, _, path = await sold(world, 3)
    await browser.open(f"/language/{language}")
    rows = await rows_of(browser, path, delimiter)

    assert ["Kanna"] * 3 == [row[product] for row in rows]
    assert [["-1", "8", "7", "7", "7"]] * 3 == [list(row.values())[6:11] for row in rows]
    assert sorted(row[next(iter(row))] for row in rows) == [row[next(iter(row))] for row in rows]


async def test_a_long_history_is_whole_in_the_file(world: World) -> None:
    _, browser, _, path = await sold(world, 2_345)

    assert 2_345 == len(await rows_of(browser, path, ","))


@pytest.mark.rule("S2", "S3")
async def test_the_file_has_one_line_for_each_event_as_the_page(world: World) -> None:
    connection, browser, uuid, path = await sold(world)
    more: Any = {"side": Side.SHOP, "of": (uuid, f"{uuid}-v"), "sent": NOON, "call": "c1"}
    await happened(
        world, connection, move(Cause.WRITTEN, -1, (7, 7), at=NOON + timedelta(seconds=1), **more)
    )
    (row,) = await rows_of(browser, path, ",")

    assert ["-1", "8", "7"] == [row[name] for name in ("Change", "Till before", "Till after")]
    assert ("We sent −1, received after 1\u00a0s.", "c1") == (row["Our request"], row["Request id"])


@pytest.mark.parametrize("count", [1, 150, 199, 400])
def test_a_file_made_in_pieces_has_the_events_of_the_page(count: int) -> None:
    """Also an order that was read in parts just where a piece ends."""
    moves: list[tuple[int, Movement]] = []
    for number in range(count):
        at = NOON + timedelta(minutes=5 * number)
        named: Any = {"side": Side.SHOP, "reason": Reason.ORDER, "reference": str(number)}
        for second, change in ((0, -1), (2, -2)):
            moves.append(
                (
                    len(moves) + 1,
                    move(Cause.ORDER, change, (5, 5), at=at + timedelta(seconds=second), **named),
                )
            )
        moves.append(
            (len(moves) + 1, move(Cause.WRITTEN, -3, (5, 5), at=at + timedelta(seconds=9)))
        )
    folding, made = Folding(), []
    for begin in range(0, len(moves), 100):
        for id_, one in moves[begin : begin + 100]:
            folding.add(id_, one)
        made += folding.taken(20)
    made += folding.taken(0)

    page = folded(moves[::-1])[::-1]
    assert count == len(page)
    assert [(one.id, one.move, one.writes) for one in page] == [
        (one.id, one.move, one.writes) for one in made
    ]


EVIL = ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "=cmd|' /C calc'!A0"]


@pytest.mark.parametrize("name", [*EVIL, 'Mugg "stor"; röd, blå', "<script>alert(1)</script>"])
async def test_a_name_is_text_to_a_spreadsheet_and_never_a_formula(world: World, name: str) -> None:
    connection, browser, uuid, path = await sold(world)
    async with world.database.transaction() as tx:
        await library.upsert_many(tx, connection.id, [replace(product(uuid, "x"), name=name)], NOON)
    (row,) = await rows_of(browser, path, ",")

    assert (f"'{name}" if name in EVIL else name) == row["Product"]


@given(st.text())
def test_no_cell_begins_a_formula(text: str) -> None:
    cell = harmless(text)

    assert cell.endswith(text)
    assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@given(st.text(max_size=200))
def test_a_files_name_breaks_no_header(name: str) -> None:
    header = file_name(name)

    assert re.fullmatch(
        r'attachment; filename="[\x20-\x21\x23-\x5b\x5d-\x7e]+\.csv"; '
        r"filename\*=UTF-8\'\'[!-~]+\.csv",
        header,
    )
