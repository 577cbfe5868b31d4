"""What a command loads: as little as it needs, so that it answers at once. Counted, not timed."""

import subprocess
import sys

import pytest

SERVICE = frozenset(
    {"alembic", "brygga_sandbox", "brygga.wiring", "litestar", "pgqueuer", "uvicorn"}
)
DATABASE = frozenset({"brygga.database", "psycopg", "sqlalchemy", "structlog"})
LOADED = """
import sys
from importlib import import_module
from brygga.cli import commands
for name in sys.argv[1:]:
    import_module(f"brygga.cli.{name}")
print(*sys.modules)
"""


def loaded(*commands: str) -> set[str]:
    """The modules in a process of its own that is about to run these commands, and the packages
    that they are in.
    """
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *commands], capture_output=True, text=True, check=True
    )
    names = [name.split(".") for name in done.stdout.split()]
    return {".".join(name[:depth]) for name in names for depth in (1, 2)}


@pytest.mark.parametrize(
    ("commands", "unneeded"),
    [
        ((), SERVICE | DATABASE),
        (("status", "plan", "log", "retry", "sync"), SERVICE),
        (("migrate",), {"litestar"}),
        (("serve", "worker"), {"brygga_sandbox"}),
    ],
    ids=["help and version", "what reads the database", "migrate", "what runs for real"],
)
def test_a_command_loads_only_what_it_needs(
    commands: tuple[str, ...], unneeded: frozenset[str]
) -> None:
    assert not loaded(*commands) & unneeded
