"""The documents can be found: each page is in an index, and each relative link leads to a file."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
DECISIONS = DOCS / "decisions"
GUIDE = DOCS / "guide"
"""Its pages are in its own indexes, which `scripts/guide.py` makes."""
PLATFORMS = tuple(DOCS / "platforms" / name for name in ("zettle.md", "bigcommerce.md"))
"""They may be missing as long as their folder is, and their own links are not looked at."""
TOP = tuple(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"))
PAGES = (*TOP, *(page for page in sorted(DOCS.rglob("*.md")) if page not in PLATFORMS))
NARROW = (
    *(page for page in (*PAGES, *PLATFORMS) if GUIDE not in page.parents),
    *sorted((ROOT / "packages" / "sandbox").rglob("*.md")),
)
"""All but the guide, which `scripts/guide.py` makes."""
SCRIPTS = (
    *(ROOT / name for name in ("run", "test", "site")),
    *sorted((ROOT / "scripts").glob("*.sh")),
)
WIDTH = 100
BLOCK = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^()\s]+)\)")
ELSEWHERE = re.compile(r"[a-z]+:")
"""What a link to another site begins with."""


def _linked(text: str) -> list[str]:
    """The relative targets of a text, without the part of the page that they name."""
    targets = [target.partition("#")[0] for target in LINK.findall(_prose(text))]
    return [target for target in targets if target and not ELSEWHERE.match(target)]


def _prose(text: str) -> str:
    """Without blocks of code, which may hold brackets of their own."""
    return BLOCK.sub("", text)


def _dead(page: Path) -> list[str]:
    there = _linked(page.read_text(encoding="utf-8"))
    return [target for target in there if not _is_there(page.parent / target)]


def _is_there(path: Path) -> bool:
    found = path.resolve()
    return found.exists() or (found in PLATFORMS and not found.parent.exists())


def _missing(index: Path, pages: Iterator[Path]) -> list[str]:
    """The pages that an index does not link to."""
    targets = _linked(index.read_text(encoding="utf-8"))
    listed = {(index.parent / target).resolve() for target in targets}
    return [page.name for page in sorted(pages) if page != index and page not in listed]


def _wide(text: str) -> list[int]:
    """Lines of prose that are too long; rows of tables and lines with a link may be longer."""
    lines = enumerate(_without_blocks(text).splitlines(), 1)
    return [number for number, line in lines if len(line) > WIDTH and not _may_be_wide(line)]


def _without_blocks(text: str) -> str:
    """The text with empty lines in the place of its blocks of code, which quote what a platform
    or a command says.
    """
    return BLOCK.sub(lambda block: "\n" * block[0].count("\n"), text)


def _may_be_wide(line: str) -> bool:
    return line.startswith(("|", "    ")) or LINK.search(line) is not None


def test_the_index_lists_every_page() -> None:
    elsewhere = {DECISIONS, ROOT, *GUIDE.glob("*/")}
    pages = (page for page in PAGES if page.parent not in elsewhere)

    assert [] == _missing(DOCS / "README.md", pages)


@pytest.mark.parametrize("language", ["sv", "en", "nb", "da", "fi", "de"])
def test_the_index_of_the_guide_lists_every_page_of_it(language: str) -> None:
    folder = GUIDE / language

    assert [] == _missing(folder / "README.md", folder.glob("*.md"))


def test_the_index_of_decisions_lists_every_decision() -> None:
    assert [] == _missing(DECISIONS / "README.md", DECISIONS.glob("*.md"))


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [page.name[:4] for page in sorted(DECISIONS.glob("[0-9]*.md"))]

    assert [f"{number:04}" for number in range(1, len(numbers) + 1)] == numbers


def _name(document: Path) -> str:
    return str(document.relative_to(ROOT))


@pytest.mark.parametrize("document", PAGES, ids=_name)
def test_every_relative_link_leads_to_a_file(document: Path) -> None:
    assert [] == _dead(document)


@pytest.mark.parametrize("document", NARROW, ids=_name)
def test_prose_ends_at_a_hundred_columns(document: Path) -> None:
    assert [] == _wide(document.read_text(encoding="utf-8"))


@pytest.mark.parametrize("script", SCRIPTS, ids=_name)
def test_a_script_ends_at_a_hundred_columns(script: Path) -> None:
    lines = script.read_text(encoding="utf-8").splitlines()

    assert [line for line in lines if len(line) > WIDTH] == []


def test_the_checks_would_catch_what_they_look_for(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[gone](gone.md#part) [here](page.md) [web](https://example.com) [up](#up)\n")

    assert ["gone.md"] == _dead(page)
    assert ["other.md"] == _missing(page, iter([page, tmp_path / "other.md"]))
    long = "b" * (WIDTH + 1)
    assert [2, 7] == _wide(f"{'a' * WIDTH}\n{long}\n| {long} |\n```\n{long}\n```\n{long}\n")
