"""The table of docs/staying-connected.md and its tests are the same."""

import ast
from pathlib import Path

from tests.rules.staying import rows

TESTS = Path(__file__).parents[1] / "rules" / "test_staying_connected.py"


def written() -> dict[str, str]:
    """Every test, with the source of what it does."""
    tree = ast.parse(TESTS.read_text(encoding="utf-8"))
    return {
        node.name: ast.unparse(node)
        for node in tree.body
        if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


def test_every_row_has_its_test_and_every_test_its_row() -> None:
    assert sorted(written()) == sorted(row.test for row in rows())


def test_every_test_is_held_to_the_time_of_its_row() -> None:
    """It names the row, whose time it waits."""
    tests = written()

    assert [] == [row.id for row in rows() if f"'{row.id}'" not in tests[row.test]]


def test_rows_are_numbered_and_say_everything() -> None:
    found = rows()

    assert [f"K{number}" for number in range(1, len(found) + 1)] == [row.id for row in found]
    assert all(row.cause and row.notice and row.reads and row.within_s for row in found)
