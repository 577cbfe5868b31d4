"""Every command in the documents is known here: it is run below, or by the test that is named, or
there is a reason why none runs it.
"""

import argparse
import asyncio
import re
import shlex
from importlib import import_module
from pathlib import Path

import pytest

from brygga.cli import commands
from brygga.database.engine import Database
from brygga.database.sealing import Sealer
from tests.cli.test_doctor_finds import KEY, environment
from tests.database.merchants import connected

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "CONTRIBUTING.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md")))
COMMAND = re.compile(
    r"^(?:\./(?:run|test|site)|brygga(?:-sandbox)?|\.venv/bin/\S+|python3?|pipx?|uv|git|curl|docker"
    r"|podman|systemctl)(?: |$)"
)
FENCED = re.compile(r"^```\w*\n(.*?)^```", re.M | re.S)
INDENTED = re.compile(r"(?:^ {4}\S.*\n)+", re.M)
INLINE = re.compile(r"`((?:\./run|\./test|\./site|brygga|docker|systemctl|uv|pipx) [^`]*)`")

ELSEWHERE = {
    "brygga demo": "cli/test_ending.py:test_nothing_is_left_of_a_demo",
    "brygga check": "packaging/test_wheel.py:test_an_installed_check_of_a_small_library_is_well",
    "brygga serve": "cli/test_no_traceback.py:test_a_schema_from_a_newer_version_is_one_line",
    "brygga worker": "cli/test_worker_door.py:test_a_worker_says_that_it_lives_and_works",
    "brygga bench": "cli/test_bench.py:test_webhooks_are_measured_and_none_is_lost",
    "brygga backup": (
        "cli/test_backup_restore.py:test_a_backup_comes_back_and_every_connection_waits"
    ),
    "brygga restore": "cli/test_backup_restore.py:test_without_yes_nothing_is_replaced",
    "brygga --help": "packaging/test_wheel.py:test_every_command_loads_in_an_empty_environment",
    "brygga --version": "packaging/test_wheel.py:test_an_installed_brygga_tells_its_version",
    "uv tool": "packaging/test_wheel.py:test_uninstalling_takes_the_program_and_leaves_the_data",
    "./site build": "packaging/test_site.py:test_the_site_builds_strictly_and_asks_no_other_host",
    ".venv/bin/python scripts/translations.py": (
        "web/test_texts.py:test_no_sentence_of_a_page_lacks_its_swedish"
    ),
    ".venv/bin/python scripts/release.py": (
        "packaging/test_release.py:test_a_release_holds_all_and_its_checksums"
    ),
    "./test --storm": "simulation/test_storm.py:test_no_unit_is_lost_or_invented",
    "./test --shrink": (
        "simulation/test_shrinking.py:test_a_failing_day_is_made_small_and_fails_as_before"
    ),
    "./test --explore": "explorer/test_explorer.py:test_exploring_stops_in_time_and_goes_on",
    "python -m tests.simulation.mutants": (
        "simulation/test_mutants.py:test_a_wrong_engine_is_caught"
    ),
    "python -m tests.simulation.realtime": (
        "simulation/test_realtime.py:test_workers_that_are_killed_lose_and_invent_no_unit"
    ),
    "python -m tests.simulation.scaled": (
        "simulation/test_realtime.py:test_workers_that_are_killed_lose_and_invent_no_unit"
    ),
    "python -m tests.simulation.reaction": (
        "simulation/test_reaction.py:test_a_burst_of_ten_reaches_the_other_side_in_seconds"
    ),
    "python -m tests.simulation.hollow": (
        "simulation/test_hollow.py:test_an_answer_that_says_nothing_moves_nothing"
    ),
}
"""How a command begins: the test, below tests/, that runs it or what it is made of."""
NOT_HERE = {
    "brygga certify": "asks a real account; its questions are tested in packages/sandbox",
    "./test": "runs these tests",
    ".venv/bin/python -m tests.simulation": "the same as `python -m tests.simulation`",
    ".venv/bin/python -m hatchling build": "the packaging tests build both wheels",
    "./site serve": "./site build, and a server until Ctrl-C",
    "git clone": "there is no address yet",
    "pipx": "the same wheel as with `uv tool install`, by another program",
    "uv export": "needs a package index",
    "uv lock": "as above",
    "uv pip compile": "as above",
    "curl": "a host of yours; tests/web/test_operator_api.py asks the same addresses",
    "docker": "no container runs here; tests/packaging/test_deploy.py reads the files",
    "podman": "as above",
    "systemctl": "no systemd runs here; tests/packaging/test_deploy.py reads the units",
    "python3 -c": "one line of Python's own library",
}
"""How a command begins, and why no test runs it."""


def lines_of(text: str) -> list[str]:
    """The commands of a page, in blocks and within sentences, as they are typed."""
    found: list[str] = []
    for block in [*FENCED.findall(text), *INDENTED.findall(FENCED.sub("", text))]:
        for line in block.replace("\\\n", " ").splitlines():
            bare = re.sub(r"\s+#.*$", "", line.strip())
            if COMMAND.match(bare):
                found.append(bare)
    found += [" ".join(one.split()) for one in INLINE.findall(text)]
    return [
        re.sub(r"^\./run(?= |$)", "brygga", line) if line != "./run" else "brygga demo"
        for line in found
    ]


def documented() -> list[str]:
    found = [one for page in PAGES for one in lines_of((ROOT / page).read_text(encoding="utf-8"))]
    return sorted(set(found))


def named(line: str) -> str:
    """How it begins, where a test of its own runs it or none does. "" where this test runs it."""
    begins = [one for one in (*ELSEWHERE, *NOT_HERE) if line == one or line.startswith(f"{one} ")]
    return max(begins, key=len, default="")


HERE = [line for line in documented() if not named(line)]


def test_every_command_of_the_documents_is_found() -> None:
    found = documented()

    assert len(found) > 60
    assert {"brygga demo", "brygga doctor", "brygga reconcile 7 --take lower"} <= set(found)


def test_what_is_named_here_stands_in_the_documents_and_in_the_tests() -> None:
    used = {named(line) for line in documented()}
    lacking = []
    for test in ELSEWHERE.values():
        file, _, name = test.partition(":")
        if f"def {name}(" not in (ROOT / "tests" / file).read_text(encoding="utf-8"):
            lacking.append(test)

    assert [] == sorted({*ELSEWHERE} - used), "no document has these any more"
    assert [] == lacking


def test_a_command_that_is_run_elsewhere_has_the_flags_that_it_is_shown_with() -> None:
    for line in (one for one in documented() if named(one).startswith("brygga ")):
        command, *words = shlex.split(line.replace("[", "").replace("]", ""))[1:]
        if command in commands.COMMANDS:
            parser = argparse.ArgumentParser(line)
            import_module(f"brygga.cli.{command}").add(parser)
            is_name = command in {"backup", "restore"} and not words
            parser.parse_args(["FILE"] if is_name else words)


PLAIN = {"demo", "serve", "worker", "migrate", "operator"}
"""Commands that run until they are ended, or say one line."""


def test_every_other_command_prints_json() -> None:
    """`support` prints nothing else."""
    without = set()
    for name in commands.COMMANDS:
        parser = argparse.ArgumentParser(name)
        import_module(commands.module_of(name)).add(parser)
        if "--json" not in parser.format_help():
            without.add(name)

    assert {*PLAIN, "support"} == without


PLACEHOLDERS = {"N": "1", "7": "1", "ID": "K7M2-9QXD", "FILE": "none.brygga"}


@pytest.fixture
def installation(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_url: str
) -> pytest.MonkeyPatch:
    """A database with one merchant, and the settings that lead to it."""
    for name, text in environment(tmp_path / "data").items():
        monkeypatch.setenv(name, text)
    monkeypatch.setenv("BRYGGA_DATABASE_URL", database_url)
    monkeypatch.chdir(tmp_path)

    async def made() -> None:
        database = Database.at(database_url, Sealer((KEY,)))
        await connected(database)
        await database.close()

    asyncio.run(made())
    return monkeypatch


def test_each_other_command_is_understood_and_ends_in_words(
    installation: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """0, or 1 with what is the matter: never 2, "this is not how it is asked", nor a traceback."""
    assert len(HERE) > 25
    for line in HERE:
        program, *words = [PLACEHOLDERS.get(word, word) for word in shlex.split(line)]
        assert program == "brygga", f"{line}: name the test that runs it, or why none does"

        try:
            code = commands.run(words)
        except SystemExit:
            # A sentence may call a command by its name alone, where another shows how it is asked.
            assert any(other.startswith(f"{line} ") for other in HERE), line
            continue
        told = capsys.readouterr()

        assert code in {0, 1}, (line, told.err)
        assert "Traceback" not in told.err
        assert told.out or told.err, f"{line} says nothing"
