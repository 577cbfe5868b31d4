"""Every rule of docs/rules.md is named by at least one test that proves it."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
RULES = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")


def rules() -> list[str]:
    return re.findall(r"^\| ([CPASDE]\d+) \|", RULES, re.MULTILINE)


def told_in_a_browser() -> dict[str, list[str]]:
    """The rules that each test in Chromium names."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        if "pytest.mark.browser" not in text:
            continue
        for test in ast.walk(ast.parse(text)):
            if isinstance(test, ast.FunctionDef | ast.AsyncFunctionDef):
                found[f"{path.name}:{test.name}"] = rules_of(test)
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
    named: set[str] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        for marks in re.findall(r"mark\.rule\(([^)]*)\)", path.read_text(encoding="utf-8")):
            named |= set(re.findall(r"[\"']([A-Z]\d+)[\"']", marks))

    assert rules()
    assert sorted({*rules()} - named) == []


def test_every_rule_is_told_in_a_browser_as_the_table_says() -> None:
    """The table of docs/rules.md names, for each rule, one test that opens its pages in Chromium,
    and a second table the stories of what no rule names.
    """
    lines = re.findall(r"^\| `(test_\w+\.py:test_\w+)` \| ([^|]+) \|$", RULES, re.MULTILINE)
    rows = [
        (rule, test)
        for test, named in lines
        for rule in named.split(", ")
        if re.fullmatch(r"[CPASDE]\d+", rule)
    ]
    told = told_in_a_browser()

    assert sorted(rules()) == sorted(rule for rule, _ in rows)
    assert [] == [(rule, test) for rule, test in rows if rule not in told.get(test, [])]
    assert [] == [test for test, _ in lines if test not in told]
