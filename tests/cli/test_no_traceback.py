"""A mistake of the operator ends every command with a line that names it, never in a traceback."""

import io
import socket
import sys
from pathlib import Path

import psycopg
import pytest

from brygga.cli import commands
from brygga.database.embedded import Server
from tests.cli.test_doctor_finds import environment

READERS = (
    ["status"],
    ["plan", "1"],
    ["sync", "1"],
    ["retry", "--all"],
    ["log", "1"],
    ["audit"],
    ["erase", "1"],
)
STARTERS = (["serve", "--port", "0"], ["worker"], ["migrate"])


def ended(
    words: list[str], capsys: pytest.CaptureFixture[str], *, names: str, lines: int = 1
) -> None:
    code = commands.run(words)
    told = capsys.readouterr()

    assert code == 1, words
    assert names in told.err, (words, told.err)
    assert len(told.err.strip().splitlines()) == lines, (words, told.err)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    for name, text in environment(tmp_path / "data").items():
        monkeypatch.setenv(name, text)
    return monkeypatch


@pytest.mark.slow
def test_a_schema_from_a_newer_version_is_one_line(
    at: pytest.MonkeyPatch, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with psycopg.connect(database_url) as one:
        one.execute("UPDATE alembic_version SET version_num = '9999'")
    at.setenv("BRYGGA_DATABASE_URL", database_url)

    for words in STARTERS:
        ended(words, capsys, names="9999, which this version does not know")


@pytest.mark.slow
def test_a_port_in_use_is_one_line(
    at: pytest.MonkeyPatch, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    at.setenv("BRYGGA_DATABASE_URL", database_url)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for command in ("serve", "worker"):
            ended([command, "--port", port], capsys, names=f"cannot listen on 127.0.0.1:{port}")
        ended(["sandbox", "--port-base", port], capsys, names=f"port {port} of 127.0.0.1 is not")


@pytest.mark.slow
def test_an_empty_database_is_one_line(
    at: pytest.MonkeyPatch, empty_database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    at.setenv("BRYGGA_DATABASE_URL", empty_database_url)

    for words in READERS:
        ended(words, capsys, names="run `brygga migrate`")


@pytest.mark.slow
def test_a_role_without_rights_is_one_line(
    at: pytest.MonkeyPatch,
    empty_database_url: str,
    database_url: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with psycopg.connect(empty_database_url, autocommit=True) as owner:
        owner.execute("DROP ROLE IF EXISTS guest")
        owner.execute("CREATE ROLE guest LOGIN")
    at.setenv("BRYGGA_DATABASE_URL", empty_database_url.replace("brygga@", "guest@"))
    for words in STARTERS:
        ended(words, capsys, names="the database role lacks a right")
    at.setenv("BRYGGA_DATABASE_URL", database_url.replace("brygga@", "guest@"))
    for words in (*READERS, *STARTERS):
        ended(words, capsys, names="the database role lacks a right")
    with psycopg.connect(empty_database_url, autocommit=True) as owner:
        owner.execute("DROP ROLE guest")


@pytest.mark.slow
def test_a_database_that_is_down_is_one_line(
    at: pytest.MonkeyPatch, postgres: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    at.setenv("BRYGGA_DATABASE_URL", "postgresql://u@127.0.0.1:9/n?connect_timeout=2")
    for words in (*READERS, *STARTERS):
        ended(words, capsys, names="does not answer")
    at.setenv("BRYGGA_DATABASE_URL", postgres.url.replace("/brygga?", "/nothing_here?"))
    for words in STARTERS:
        ended(words, capsys, names="does not exist")


@pytest.mark.slow
def test_wrong_settings_are_a_line_each(
    at: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    at.setenv("BRYGGA_METRICS", "everybody")
    at.delenv("BRYGGA_PUBLIC_URL")

    for words in (*READERS, *STARTERS):
        ended(words, capsys, names="BRYGGA_METRICS is wrong", lines=2)


@pytest.mark.slow
def test_a_data_folder_that_cannot_be_made_is_one_line(
    at: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    at.setenv("BRYGGA_DATA_DIR", str(tmp_path / "file" / "data"))

    for words in (*READERS, *STARTERS):
        ended(words, capsys, names=str(tmp_path / "file"))


def test_a_reader_that_goes_away_is_no_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`brygga log 1 | head` closes the pipe before all is written."""

    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Closed())
    monkeypatch.setattr(commands, "_run", lambda _: sys.stdout.write("much"))

    assert commands.run(["status"]) == 141
