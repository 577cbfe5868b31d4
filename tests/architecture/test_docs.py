"""The documents speak of the code as it is: what they name exists."""

import ast
import dataclasses
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from brygga.cli.commands import COMMANDS
from brygga.database.work_items import Kind
from brygga_sandbox.bigcommerce.switches import Switches as ShopSwitches
from brygga_sandbox.zettle.switches import Switches as TillSwitches

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SOURCE = ROOT / "src" / "brygga"


def _text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def _section(text: str, title: str) -> str:
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def _rows(text: str) -> Iterator[list[str]]:
    """The cells of every row of a table, its head and rule left out."""
    lines = text.splitlines()
    for place, line in enumerate(lines):
        head = place + 1 < len(lines) and lines[place + 1].startswith("|---")
        if line.startswith("|") and not line.startswith("|---") and not head:
            yield [cell.strip() for cell in line.strip("|").split("|")]


def _quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


HOUSE = {row[0]: row for row in _rows(_section(_text("design.md"), "Where each rule lives"))}
RULES = re.findall(r"^\| ([CPASDE]\d+) \|", _text("rules.md"), re.MULTILINE)
DECISIONS = [
    number
    for number, text in re.findall(
        r"^(\d+)\. (.*)$",
        _section(_text("rules.md"), "Decided where the promise leaves a choice"),
        re.MULTILINE,
    )
    if "*Not built yet.*" not in text
]


def _has(tree: ast.Module, dotted: str) -> bool:
    """Whether a function, a class, a value, or a method written `Class.method` is defined at the
    top of a module.
    """
    body: Sequence[ast.stmt] = tree.body
    for name in dotted.split("."):
        found = [node for node in body if name in _defined(node)]
        if not found:
            return False
        body = getattr(found[0], "body", [])
    return True


def _defined(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
        case _:
            return []


def _missing(names: Sequence[str], below: Path) -> list[str]:
    def exists(name: str) -> bool:
        path, _, dotted = name.partition(":")
        file = below / path
        return file.is_file() and (
            not dotted or _has(ast.parse(file.read_text(encoding="utf-8")), dotted)
        )

    return [name for name in names if not exists(name)]


def _named_in(path: Path) -> set[str]:
    """The rules that some test of a file is marked with."""
    items = re.findall(r"mark\.rule\(([^)]*)\)", path.read_text(encoding="utf-8"))
    return {rule for item in items for rule in re.findall(r"[\"']([A-Z]\d+)[\"']", item)}


def test_every_rule_and_every_decision_has_its_row() -> None:
    assert [*RULES, *DECISIONS] == list(HOUSE)
    assert len(DECISIONS) == 22


@pytest.mark.parametrize("rule", HOUSE)
def test_what_is_said_to_be_a_rule_exists(rule: str) -> None:
    names = _quoted(HOUSE[rule][1])

    assert names
    assert all(":" in name for name in names)
    assert [] == _missing(names, SOURCE)


@pytest.mark.parametrize("rule", HOUSE)
def test_what_is_said_to_prove_a_rule_does(rule: str) -> None:
    names = _quoted(HOUSE[rule][2])

    assert names
    assert [] == _missing(names, ROOT)
    if rule in RULES:
        assert [] == [name for name in names if rule not in _named_in(ROOT / name)]
    else:
        assert all(":test_" in name for name in names)


def test_the_check_would_catch_a_name_that_is_gone() -> None:
    guilty = [
        "core/planning.py:planned",
        "core/plans.py:plan",
        "sync/stock/commands.py:StockCommands.divide",
    ]

    assert guilty == _missing(
        [*guilty, "core/planning.py:plan", "sync/stock/commands.py:StockCommands.split"], SOURCE
    )


@pytest.mark.parametrize(
    ("platform", "switches"), [("Zettle", TillSwitches), ("BigCommerce", ShopSwitches)]
)
def test_every_switch_that_an_open_question_names_exists_and_none_is_left_out(
    platform: str, switches: type[TillSwitches | ShopSwitches]
) -> None:
    named = [
        name
        for row in _rows(_section(_text("open-questions.md"), platform))
        for name in _quoted(row[3])
    ]
    known = {field.name for field in dataclasses.fields(switches)}

    assert sorted(known) == sorted(named)


@pytest.mark.parametrize(
    "folder",
    [
        *("", "core", "core/stock", "wire", "zettle", "bigcommerce"),
        *("sync", "sync/worker", "sync/stock", "sync/products", "sync/connection"),
    ],
)
def test_the_tree_of_the_design_page_names_every_module(folder: str) -> None:
    tree = _section(_text("design.md"), "Packages").split("```")[1]
    named = set(re.findall(r"[a-z_]+", tree))
    modules = {path.stem for path in (SOURCE / folder).glob("*.py")} - {"__init__", "__main__"}

    assert modules <= named


def test_the_design_page_lists_every_command() -> None:
    rows = _rows(_section(_text("design.md"), "Settings and commands"))

    assert {name for row in rows for name in _quoted(row[0])} == set(COMMANDS)


def test_the_rooms_page_lists_the_kinds_of_work_items_most_urgent_first() -> None:
    rows = _rows(_section(_text("rooms.md"), "Work items"))

    assert [kind.value for kind in Kind] == [_quoted(row[0])[0] for row in rows if len(row) == 4]


@pytest.mark.parametrize(
    "page",
    ["design.md", "rooms.md", "open-questions.md", "glossary.md", "newcomer-questions.md"],
)
def test_every_file_that_a_page_names_exists(page: str) -> None:
    """Only what is named with its folder, as `core/planning.py`; bare names stand in the tree of
    the house.
    """
    named = re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)(?::[A-Za-z_.]+)?`", _text(page))
    gone = [name for name in named if not (SOURCE / name).is_file() and not (ROOT / name).is_file()]

    assert gone == []


@pytest.mark.parametrize("page", ["glossary.md", "newcomer-questions.md"])
def test_every_function_that_a_page_names_exists(page: str) -> None:
    named = set(re.findall(r"`((?:[a-z_]+/)*[a-z_]+\.py:[A-Za-z_.]+)`", _text(page)))

    assert len(named) > 40
    assert [] == [
        name for name in sorted(named) if _missing([name], SOURCE if _is_ours(name) else ROOT)
    ]


def _is_ours(name: str) -> bool:
    return (SOURCE / name.partition(":")[0]).is_file()
