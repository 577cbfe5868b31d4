"""docs/security.md names tests that exist, and each part that is met names one that proves it."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`((?:[\w-]+/)*test_\w+\.py)?:?(test_\w+)?`")
STATES = {"met", "in part", "does not apply"}


def sections() -> list[list[str]]:
    table = PAGE.partition("\n## OWASP ASVS")[2]
    rows = [line for line in table.splitlines() if re.match(r"\| V\d", line)]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def named(text: str) -> list[tuple[str, str]]:
    """Files and functions. A function without a file is of the file before it."""
    found, last = [], ""
    for file, function in NAMED.findall(text):
        last = file or last
        if file or function:
            found.append((last, function))
    return found


@cache
def functions(file: str) -> frozenset[str]:
    """The tests of the one file with this name, with or without its folder. Empty: there is none,
    or several.
    """
    paths = [one for one in (ROOT / "tests").rglob(Path(file).name) if str(one).endswith(file)]
    if len(paths) != 1:
        return frozenset()
    tree = ast.parse(paths[0].read_text(encoding="utf-8"))
    return frozenset(
        one.name for one in tree.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def missing(text: str) -> list[str]:
    return [
        f"{file}:{function}"
        for file, function in named(text)
        if not functions(file) or (function and function not in functions(file))
    ]


def test_every_test_that_the_page_names_exists() -> None:
    assert len(named(PAGE)) > 60
    assert [] == missing(PAGE)


def test_every_section_has_a_state() -> None:
    assert len(sections()) > 45
    assert [] == [row[0] for row in sections() if len(row) != 3 or row[1] not in STATES]


@pytest.mark.parametrize("row", sections(), ids=lambda row: row[0])
def test_what_is_met_names_the_test_that_proves_it(row: list[str]) -> None:
    section, state, words = row

    assert words
    if state != "does not apply":
        assert [one for one in named(words) if one[1]], section


def test_every_chapter_of_the_standard_is_there() -> None:
    """ASVS 5.0 has chapters V1 to V17."""
    chapters = {int(number) for row in sections() for number in re.findall(r"V(\d+)", row[0])}

    assert set(range(1, 18)) == chapters


def test_the_check_would_find_a_test_that_is_gone() -> None:
    assert ["test_bodies.py:test_nothing_at_all"] == missing("`test_bodies.py:test_nothing_at_all`")
    assert ["test_no_such_file.py:"] == missing("`test_no_such_file.py`")
