"""`brygga signout`: all sessions of one merchant end, and nobody else's."""

import argparse
import json

import pytest

from brygga.cli import signout
from brygga.cli.process import Runtime
from brygga.database import audit
from brygga.database.audit import Act
from brygga.database.engine import Database
from brygga.database.sessions import Sessions
from tests.cli.test_erase_command import runtime
from tests.conftest import MovableClock
from tests.database.merchants import connected

__all__ = ["runtime"]


async def test_an_operator_ends_all_sessions_of_one_merchant(
    database: Database,
    clock: MovableClock,
    runtime: Runtime,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lind, berg = await connected(database), await connected(database, "org-2", "def456")
    kept = Sessions(database, clock)
    for key, of in (("lind-1", lind), ("lind-2", lind), ("berg-1", berg)):
        await kept.keep(key, b"data", of.id, None)
    code = await signout._sign_out(argparse.Namespace(connection=lind.id, json=False), runtime)
    async with database.read() as tx:
        (noted,) = await audit.of(tx, lind.id)

    assert [False, False, True] == [
        await kept.exists(key) for key in ("lind-1", "lind-2", "berg-1")
    ]
    assert (0, Act.OPERATOR, "2") == (code, noted.act, noted.facts["sessions"])
    assert "2 sessions have ended" in capsys.readouterr().out
    nobody = argparse.Namespace(connection=berg.id + 100, json=True)
    assert 1 == await signout._sign_out(nobody, runtime)
    again = argparse.Namespace(connection=berg.id, json=True)
    assert 0 == await signout._sign_out(again, runtime)
    told = json.loads(capsys.readouterr().out)
    assert {"connection": berg.id, "sessions_ended": 1} == told
