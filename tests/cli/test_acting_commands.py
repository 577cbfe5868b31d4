"""`brygga pause`, `resume`, `queue`, `support` and `operator`, and the files of an operator's
secrets.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import pytest

from brygga import setting_texts
from brygga.cli import commands, demo_stack, pause, queue, resume
from brygga.cli import support as support_command
from brygga.cli.acting import acted
from brygga.cli.process import Runtime
from brygga.database.engine import Database
from brygga_sandbox.clock import RealClock
from brygga_sandbox.sandbox import Plan, Sandbox
from tests.cli.test_operators_commands import failed_set_up


async def test_pause_queue_support_and_resume_by_command(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each with `--json`, and a refusal in one line."""
    number = await failed_set_up(database)
    settings = demo_stack.settings_for(Sandbox(Plan(products=0), RealClock()), "http://127.0.0.1:1")
    runtime = Runtime(replace(settings, database_url=database.url))
    asked = argparse.Namespace(connection=number, product="", json=True)
    codes = [
        await acted(runtime, lambda tx: pause._pause(tx, asked)),
        await acted(runtime, lambda tx: pause._pause(tx, asked)),
        await queue._queue(argparse.Namespace(connection=None, json=True), runtime),
        await acted(runtime, lambda tx: resume._resume(tx, asked)),
        await acted(runtime, lambda tx: support_command._support(tx, asked)),
        await acted(runtime, lambda tx: resume._resume(tx, asked)),
    ]
    said, wrong = capsys.readouterr()
    shown = [json.loads(part) for part in said.replace("}\n{", "}\0{").split("\0")]

    assert [0, 0, 0, 0, 0, 1] == codes
    assert [True, False] == [shown[0]["changed"], shown[1]["changed"]]
    assert {"account", "library"} == {one["kind"] for one in shown[2]["failed"]}
    assert {"connection": number, "held": True, "paused": ""} == shown[3]
    assert number == shown[4]["connection"]["number"]
    assert wrong.strip() == f"connection {number} is not paused"


def test_a_new_secret_comes_with_the_line_for_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == commands.run(["operator", "new-secret"])
    secret, *_, line = capsys.readouterr().out.split()
    both, hashed = tmp_path / "plain", tmp_path / "hashed"
    both.write_text(f"# of Anna\n{secret}\n\n")
    hashed.write_text(line)
    found = [setting_texts.secrets_file(str(one)) for one in (both, hashed)]

    assert found[0] == found[1]
    assert (line.removeprefix("sha256:"),) == found[0]


@pytest.mark.parametrize(
    ("text", "why"),
    [("", "no secret"), ("short", "32 characters"), ("sha256:ff", "64 hex"), (None, "be read")],
)
def test_a_wrong_secrets_file_is_one_line(tmp_path: Path, text: str | None, why: str) -> None:
    file = tmp_path / "secrets"
    if text is not None:
        file.write_text(text)

    with pytest.raises(ValueError, match=why):
        setting_texts.secrets_file(str(file))
