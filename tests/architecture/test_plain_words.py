"""Names, docstrings, comments, printed text, log events and documents use the field's words, not
those of an earlier vocabulary; names of tests are short enough to read.
"""

import ast
import functools
import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLACES = ("src", "packages", "tests", "bench", "scripts")
_OLD = """
    shelf shelves flight flights tale tales maybes untold reconsidered slack birth births remade
    asleep unborn leaver leavers outlook outworn vitals household deed deeds town towns toy whim
    whims sky coda
"""
OLD = frozenset(_OLD.split())
"""Words with one meaning only, for which another word stands now (docs/glossary.md)."""
_OLD_NAMES = """
    adopted adopts booking booked book books born customs depart departed departs dirty desk drain
    drained draining drains emptied grace hear heard hears lane lanes living owe owed owes
    patience settle settling street tills visitor visitors woken
"""
OLD_NAMES = OLD | frozenset(_OLD_NAMES.split())
"""Words that a sentence may need, but that no name has: an earlier vocabulary gave them a meaning
of its own.
"""
ORDINARY = {
    "account": "a merchant's account at a platform",
    "adopt": "the command that takes over another connector's products",
    "ahead": "of a clock or a list",
    "again": "once more",
    "apart": "told apart: known from each other",
    "arrive": "of a message or a file; a request is sent and answered",
    "believed": "of a statement whose source may be wrong",
    "chain": "of statements, each with the hash of the one before",
    "custom": "BigCommerce's custom fields",
    "doubt": "in doubt: nobody can know what became of a write",
    "drawn": "of a page or a picture, and of chance",
    "fresh": "received for the first time, or read just now",
    "hint": "a platform says that something changed",
    "hold": "write hold: no write until a read is clear",
    "known": "in our own memory",
    "lag": "read lag",
    "look": "at a list or a page",
    "mark": "of a chart, a set-up step or pytest",
    "opened": "of a page, a socket or a connection of the database",
    "pages": "what a browser shows, or part of a list",
    "promised": "by the rules, or to a shopper",
    "seal": "to encrypt for the disk",
    "settled": "decided: a watched prediction or an open question",
    "shop": "the merchant's BigCommerce store",
    "silent": "of a platform that does not answer",
    "stopped": "of tracking or a process",
    "story": "of a test: several acts in a row",
    "till": "Zettle, where products are made and sold",
    "weather": "the address of the sandbox that sets the faults of webhooks",
}
"""Words of that vocabulary that have an ordinary meaning today, and which."""
LONGEST_NAME = 75
"""Columns of a test's name, with its `test_`."""
KEPT = {
    "src/brygga/database/migrations/versions": "a migration names tables as they were then",
    "tests/database/test_carried_over.py": "rows as an earlier version wrote them",
    "tests/database/test_upgrade.py": "the same",
    "tests/architecture/test_plain_words.py": "this list",
    "packages/sandbox/src/brygga_sandbox/library": "names of goods",
    "docs/rules.md": "the promise, in the words in which it was given",
    "docs/guide": "for merchants, made from the pages' own words",
    "CHANGELOG.md": "names what was renamed",
}
_KEPT = re.compile(
    r"[Bb]irth[-_]only|[Dd]emo stack"
    r"|[\w./:-]*[.-]town[.-][\w.-]*|\w*7town\w*|\w+1town\w*|town-\w[\w-]*"
)
"""Terms of today, and the made-up hosts and keys of the sandbox."""
_LETTERS = re.compile(
    rf"(?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z]))(?i:{'|'.join(sorted(OLD_NAMES))})(?![a-z])"
)
"""An old word at the beginning of a name or after what ends a word in it (`WORDS`)."""
WORDS = re.compile(r"_+|\d+|(?<=[a-z])(?=[A-Z])")


def _may_have(text: str) -> bool:
    lower = text.lower()
    return any(word in lower for word in OLD_NAMES) and bool(_LETTERS.search(text))


def _is_kept(path: Path) -> bool:
    return str(path.relative_to(ROOT)).startswith(tuple(KEPT))


@functools.cache
def _sources() -> Sequence[tuple[Path, str]]:
    """The files whose text has the letters of an old word: no other can have one."""
    return [
        (path, text)
        for place in PLACES
        for path in sorted((ROOT / place).rglob("*.py"))
        if not _is_kept(path)
        if _may_have(text := path.read_text(encoding="utf-8"))
    ]


@functools.cache
def _trees() -> Sequence[tuple[Path, ast.Module]]:
    return [(path, ast.parse(text)) for path, text in _sources()]


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def _texts(tree: ast.AST) -> Iterator[str]:
    """Docstrings, and every other text: what is printed, logged, or shown when a check fails."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _comments(source: str) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


def _old_names(tree: ast.AST) -> set[str]:
    return {
        name
        for name in _names(tree)
        if any(word.lower() in OLD_NAMES for word in WORDS.split(_KEPT.sub("", name)))
    }


def _old_words(texts: Iterator[str]) -> set[str]:
    """What is quoted, as `a name`, is left out: another check is for names."""
    return {
        word
        for text in texts
        for word in re.findall(r"[A-Za-z]+", re.sub(r"`[^`]*`", "", _KEPT.sub("", text)))
        if word.lower() in OLD
    }


def test_no_name_has_an_old_word() -> None:
    found = {path: names for path, tree in _trees() if (names := _old_names(tree))}

    assert found == {}


def test_no_docstring_and_no_printed_or_logged_text_has_an_old_word() -> None:
    found = {path: words for path, tree in _trees() if (words := _old_words(_texts(tree)))}

    assert found == {}


def test_no_comment_has_an_old_word() -> None:
    found = {path: words for path, text in _sources() if (words := _old_words(_comments(text)))}

    assert found == {}


def test_no_document_has_an_old_word() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "packages").rglob("*.md")]
    found = {
        page: words
        for page in pages
        if not _is_kept(page) and (words := _old_words(iter([page.read_text(encoding="utf-8")])))
    }

    assert found == {}


def test_no_word_is_both_old_and_ordinary() -> None:
    assert OLD_NAMES & set(ORDINARY) == set()


def test_a_tests_name_can_be_read_at_a_glance() -> None:
    named = re.compile(r"^\s*(?:async )?def (test_\w+)", re.MULTILINE)
    files = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "packages").rglob("*.py")]
    names = {name for path in files for name in named.findall(path.read_text(encoding="utf-8"))}

    assert len(names) > 2000
    assert {name for name in names if len(name) > LONGEST_NAME} == set()


def test_the_checks_would_see_an_old_word() -> None:
    tree = ast.parse(
        'def open_town(shelf, drains):\n    "A deed of the `town`."\n    print("A tale")'
    )

    assert {"open_town", "shelf", "drains"} == _old_names(tree)
    assert {"deed", "tale"} == _old_words(_texts(tree))
    assert {"Shelf"} == _old_words(_comments("a = 1  # Shelf\n"))


@pytest.mark.parametrize("text", ["shelf", "_shelf2", "OpenTown", "OLD_TOWN", "A tale. It", "aToy"])
def test_no_file_with_an_old_word_is_passed_over(text: str) -> None:
    assert _may_have(text)
