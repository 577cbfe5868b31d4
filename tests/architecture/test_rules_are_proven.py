"""Every rule of docs/rules.md is named by at least one test that proves it."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


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
