"""Every rule of docs/rules.md is named by at least one test that proves it."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
IN_A_BROWSER = [f"C{number}" for number in range(1, 13)] + [f"D{number}" for number in range(1, 5)]
"""Connect and disconnect: each is told once in Chromium too."""


def told_in_a_browser() -> dict[str, list[str]]:
    """The tests in Chromium that name each rule."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        if "pytest.mark.browser" not in text:
            continue
        for test in ast.walk(ast.parse(text)):
            if isinstance(test, ast.FunctionDef | ast.AsyncFunctionDef):
                for rule in rules_of(test):
                    found.setdefault(rule, []).append(f"{path.name}:{test.name}")
    return found


def rules_of(test: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """The rules that all its marks name."""
    marks = [one for one in test.decorator_list if ast.unparse(one).startswith("pytest.mark.rule(")]
    return [
        str(of.value)
        for mark in marks
        if isinstance(mark, ast.Call)
        for of in mark.args
        if isinstance(of, ast.Constant)
    ]


def test_every_rule_has_a_test_that_names_it() -> None:
    rules = set(
        re.findall(
            r"^\| ([CPASDE]\d+) \|",
            (ROOT / "docs" / "rules.md").read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    )
    named: set[str] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        for marks in re.findall(r"mark\.rule\(([^)]*)\)", path.read_text(encoding="utf-8")):
            named |= set(re.findall(r"[\"']([A-Z]\d+)[\"']", marks))

    assert rules
    assert sorted(rules - named) == []


def test_connect_and_disconnect_are_told_in_a_browser_as_the_table_says() -> None:
    """The table of docs/rules.md names, for each, a test that opens its pages in Chromium."""
    table = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\| `(test_\w+\.py:test_\w+)` \| ([CD\d, ]+) \|$", table, re.MULTILINE)
    rows = [(rule, test) for test, rules in lines for rule in rules.split(", ")]
    told = told_in_a_browser()

    assert sorted(IN_A_BROWSER) == sorted(rule for rule, _ in rows)
    assert [] == [(rule, test) for rule, test in rows if test not in told.get(rule, [])]
