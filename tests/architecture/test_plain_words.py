"""Names and docstrings use the field's words, not those of an earlier vocabulary."""

import ast
import functools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLACES = ("src", "packages", "tests", "bench", "scripts")
OLD = frozenset(
    [
        "shelf",
        "shelves",
        "flight",
        "flights",
        "tale",
        "tales",
        "maybes",
        "untold",
        "reconsidered",
        "slack",
        "birth",
        "births",
        "remade",
        "asleep",
        "unborn",
        "leaver",
        "leavers",
        "outlook",
        "outworn",
        "vitals",
        "household",
        "deed",
        "deeds",
        "town",
        "towns",
        "toy",
        "whim",
        "whims",
        "sky",
        "coda",
    ]
)
"""Words that have one meaning only, which another word has now (docs/glossary.md)."""
KEPT = {
    "src/brygga/database/migrations/versions": "a migration names tables as they were then",
    "tests/database/test_carried_over.py": "rows as an earlier version wrote them",
    "tests/architecture/test_plain_words.py": "this list",
}
_KEPT = re.compile(r"[Bb]irth[-_]only|[Dd]emo stack")
_LETTERS = re.compile(
    rf"(?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z]))(?i:{'|'.join(sorted(OLD))})(?![a-z])"
)
"""An old word at the beginning of a name or after what ends a word in it (`WORDS`)."""
WORDS = re.compile(r"_+|\d+|(?<=[a-z])(?=[A-Z])")


def _may_have(text: str) -> bool:
    lower = text.lower()
    return any(word in lower for word in OLD) and bool(_LETTERS.search(text))


@functools.cache
def _trees() -> Sequence[tuple[Path, ast.Module]]:
    """Of the files whose text has the letters of an old word: no other can have one."""
    return [
        (path, ast.parse(text))
        for place in PLACES
        for path in sorted((ROOT / place).rglob("*.py"))
        if not str(path.relative_to(ROOT)).startswith(tuple(KEPT))
        if _may_have(text := path.read_text(encoding="utf-8"))
    ]


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


def _docstrings(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            yield node.value.value


def _old_in(text: str) -> frozenset[str]:
    return frozenset(word for word in WORDS.split(_KEPT.sub("", text)) if word.lower() in OLD)


def _found(tree: ast.AST, *, prose: bool) -> set[str]:
    if not prose:
        return {name for name in _names(tree) if _old_in(name)}
    text = " ".join(re.sub(r"`[^`]*`", "", _KEPT.sub("", one)) for one in _docstrings(tree))
    return {word for word in re.findall(r"[A-Za-z]+", text) if word.lower() in OLD}


@pytest.mark.parametrize("prose", [False, True], ids=["names", "docstrings"])
def test_no_old_word_is_left(prose: bool) -> None:
    found = {
        str(path.relative_to(ROOT)): sorted(words)
        for path, tree in _trees()
        if (words := _found(tree, prose=prose))
    }

    assert found == {}


def test_the_check_would_see_an_old_word() -> None:
    tree = ast.parse('def open_town(shelf):\n    "A deed of the `town`."\n')

    assert {"open_town", "shelf"} == _found(tree, prose=False)
    assert {"deed"} == _found(tree, prose=True)


@pytest.mark.parametrize("text", ["shelf", "_shelf2", "OpenTown", "OLD_TOWN", "A tale. It", "aToy"])
def test_no_file_with_an_old_word_is_passed_over(text: str) -> None:
    assert _may_have(text)
