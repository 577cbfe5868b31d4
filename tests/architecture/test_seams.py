"""Three rules that import contracts cannot hold: no remote call in a transaction, no stray clock or
dice, every rule tested.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "brygga"
SANDBOX = ROOT / "packages" / "sandbox" / "src"
MODULES = sorted([*SOURCE.rglob("*.py"), *SANDBOX.rglob("*.py")])

REMOTE = re.compile(r"\b(zettle|shop|wire|http|client)\b")
"""Names through which a platform is reached: `session.zettle`, `session.shop`, `wire.send`."""

CHANCE = {
    "time": {"time", "time_ns", "monotonic", "perf_counter", "sleep"},
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "random": set(),
    "secrets": set(),
    "uuid": {"uuid1", "uuid4"},
    "os": {"urandom"},
}
"""Calls by which a clock or dice enters; an empty set means every function of the module."""
CHANCES = re.compile(rf"\b(?:{'|'.join(CHANCE)})\b")
TRANSACTION = re.compile(r"transaction\(")

SEAM_MAKERS = {
    "system.py",
    "brygga_sandbox/clock.py",
    "brygga_sandbox/__main__.py",
    "brygga_sandbox/server.py",
    "brygga_sandbox/certify/live.py",
    "database/embedded.py",
}
"""Who may hold a real clock or real dice: the machine's clock and dice, the sandbox's seam, and
the launcher of a child process.
"""


def _name(path: Path) -> str:
    return str(path.relative_to(SANDBOX if path.is_relative_to(SANDBOX) else SOURCE))


def _parsed(path: Path, what: re.Pattern[str]) -> ast.Module:
    """Its tree; an empty one where the text has nothing of what is looked for."""
    text = path.read_text(encoding="utf-8")
    return ast.parse(text if what.search(text) else "", filename=str(path))


def _transactions(tree: ast.AST) -> Iterator[ast.AsyncWith]:
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncWith) and any(
            "transaction(" in ast.unparse(item.context_expr) for item in node.items
        ):
            yield node


def _remote_awaits(block: ast.AsyncWith) -> Iterator[str]:
    for statement in block.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Await) and isinstance(node.value, ast.Call):
                called = ast.unparse(node.value.func)
                if REMOTE.search(called.rpartition(".")[0]):
                    yield called


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_no_remote_call_is_awaited_inside_a_transaction(path: Path) -> None:
    found = [
        f"{path.name}:{block.lineno} {call}"
        for block in _transactions(_parsed(path, TRANSACTION))
        for call in _remote_awaits(block)
    ]

    assert found == []


def test_the_transaction_check_would_catch_a_remote_call() -> None:
    guilty = ast.parse(
        "async def f(s):\n async with s.transaction() as tx:\n  await s.zettle.product('u')\n"
    )

    assert ["s.zettle.product"] == [
        call for block in _transactions(guilty) for call in _remote_awaits(block)
    ]


def _stray_chance(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
        ):
            module, name = node.func.value.id, node.func.attr
            if module in CHANCE and (not CHANCE[module] or name in CHANCE[module]):
                yield f"{module}.{name}"
        if isinstance(node, ast.ImportFrom) and node.module in {"random", "secrets"}:
            names = {alias.name for alias in node.names}
            if names - {"Random", "compare_digest"}:
                yield f"from {node.module}"


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_clock_and_dice_enter_only_at_the_seams(path: Path) -> None:
    if _name(path) in SEAM_MAKERS:
        pytest.skip("makes the seams")
    found = [
        call
        for call in _stray_chance(_parsed(path, CHANCES))
        if call not in {"random.Random", "secrets.compare_digest"}
    ]

    assert found == []


def test_the_chance_check_would_catch_a_clock_and_dice() -> None:
    guilty = ast.parse(
        "import time, random\ntime.time()\nrandom.random()\nfrom secrets import token_hex\n"
    )

    assert {"time.time", "random.random", "from secrets"} == set(_stray_chance(guilty))
