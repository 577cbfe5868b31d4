"""Functions and files stay small enough to read: cyclomatic complexity as radon counts it."""

import ast
import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLACES = ("src", "packages", "scripts", "bench", "tests")
MOST = 20
"""Radon's grade C ends here."""
LONGEST_FUNCTION = 60
"""Lines of a function, but for migrations, which stay as they ran."""
LONGEST_FILE = 450
"""Lines of a module."""
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEF = re.compile(r"^(?:    )?(?:async )?def ", re.MULTILINE)
_BLOCK = re.compile(r"^(?:async def|def|class) ", re.MULTILINE)
_BRANCH = re.compile(r"\b(?:if|elif|else|for|while|except|case|and|or|assert)\b")


@functools.cache
def _files() -> Mapping[Path, str]:
    paths = (path for place in PLACES for path in sorted((ROOT / place).rglob("*.py")))
    return {
        path.relative_to(ROOT): path.read_text(encoding="utf-8")
        for path in paths
        if "node_modules" not in path.parts
    }


def _may_be_complex(text: str) -> bool:
    """Whether some function has so many words that begin a branch: no other file is parsed."""
    return any(len(_BRANCH.findall(part)) >= MOST for part in _DEF.split(text))


def _may_be_long(text: str) -> bool:
    """Whether some function or class at the margin has so many lines."""
    return any(part.count("\n") > LONGEST_FUNCTION for part in _BLOCK.split(text))


def _own(node: ast.AST) -> int:
    """What one node adds."""
    match node:
        case ast.For() | ast.AsyncFor() | ast.While():
            return 1 + bool(node.orelse)
        case ast.Try() | ast.TryStar():
            return len(node.handlers) + bool(node.orelse)
        case ast.BoolOp():
            return len(node.values) - 1
        case ast.comprehension():
            return 1 + len(node.ifs)
        case ast.Match():
            return len([one for one in node.cases if not _is_rest(one.pattern)])
        case _:
            return isinstance(node, ast.If | ast.IfExp | ast.Assert)


def _is_rest(pattern: ast.pattern) -> bool:
    return isinstance(pattern, ast.MatchAs) and pattern.pattern is None


def _branches(node: ast.AST) -> int:
    """Of a node and all below it, but for functions within it and for what is asserted."""
    if isinstance(node, ast.Assert):
        return 1
    below = (one for one in ast.iter_child_nodes(node) if not isinstance(one, _FUNCTIONS))
    return _own(node) + sum(_branches(one) for one in below)


def _functions(text: str) -> Iterator[tuple[str, int]]:
    """Every function, with one more than its branches."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, _FUNCTIONS):
            yield node.name, 1 + sum(_branches(one) for one in node.body)


def test_no_function_is_more_complex_than_grade_c() -> None:
    found = {
        f"{path}:{name}": complexity
        for path, text in _files().items()
        if _may_be_complex(text)
        for name, complexity in _functions(text)
        if complexity > MOST
    }

    assert found == {}


def test_no_module_is_longer_than_a_reader_keeps_in_mind() -> None:
    long = [str(path) for path, text in _files().items() if text.count("\n") > LONGEST_FILE]

    assert long == []


def test_no_function_is_longer_than_a_page() -> None:
    long = [
        f"{path}:{node.name}"
        for path, text in _files().items()
        if "versions" not in path.parts and _may_be_long(text)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, _FUNCTIONS)
        if (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]

    assert long == []


def test_the_check_counts_branches() -> None:
    text = (
        "def f(a, b):\n"
        "    if a and b:\n        pass\n"
        "    for one in [two for two in b if two]:\n        assert one\n"
        "    try:\n        pass\n    except ValueError:\n        pass\n"
        "    match a:\n        case 1:\n            pass\n        case _:\n            pass\n"
    )

    assert [("f", 9)] == list(_functions(text))
    assert _may_be_long("def f():\n" + "    pass\n" * LONGEST_FUNCTION)
    assert _may_be_complex("def f(a):\n" + "    if a:\n        pass\n" * MOST)
