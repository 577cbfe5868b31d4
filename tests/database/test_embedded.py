"""The embedded server lives as long as the process that started it, and harms nothing around it."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from brygga.database.embedded import embedded, start_or_join
from brygga.database.server_files import EmbeddedFailed

_OWNER = """
import sys, threading
from pathlib import Path
from brygga.database.embedded import embedded
with embedded(Path(sys.argv[1]), durable=False) as server:
    print(server.pid, server.url, flush=True)
    threading.Event().wait()
"""


_VACUUM = """
import sys, psycopg
with psycopg.connect(sys.argv[1], autocommit=True) as connection:
    connection.execute("SET vacuum_cost_delay = 50; SET vacuum_cost_limit = 1")
    print("now", flush=True)
    connection.execute("VACUUM ANALYZE kept")
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="brygga-embedded-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def _gone(pid: int) -> bool:
    for _ in range(600):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        threading.Event().wait(0.05)
    return False


def _owner(folder: Path) -> tuple["subprocess.Popen[str]", int, str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _OWNER, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    pid, url = process.stdout.readline().split()
    return process, int(pid), url


def test_data_outlives_the_server_and_nothing_else_does(folder: Path) -> None:
    with embedded(folder, durable=False) as first:
        with psycopg.connect(first.url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS number")
        run = first.run
    assert run is not None
    assert not run.exists()
    assert not (folder / "postgres.json").exists()

    with embedded(folder, durable=False) as second, psycopg.connect(second.url) as connection:
        assert (1,) == connection.execute("SELECT number FROM kept").fetchone()


def test_a_second_process_joins_the_first(folder: Path) -> None:
    owner, pid, url = _owner(folder)
    try:
        with embedded(folder) as joined:
            assert (False, pid, url) == (joined.owned, joined.pid, joined.url)
        with psycopg.connect(url) as connection:
            assert (1,) == connection.execute("SELECT 1").fetchone()
    finally:
        owner.kill()
        owner.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the next start stops the orphan")
def test_a_killed_owner_takes_its_server_with_it_and_the_next_start_goes(folder: Path) -> None:
    owner, pid, url = _owner(folder)
    run = Path(url.partition("host=")[2])
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS number")

    owner.kill()
    owner.wait()

    with embedded(folder, durable=False) as next_one, psycopg.connect(next_one.url) as connection:
        assert (1,) == connection.execute("SELECT number FROM kept").fetchone()
        assert _gone(pid)
        assert not run.exists()


async def test_a_server_that_was_killed_is_one_line_and_can_be_started_anew(
    folder: Path,
) -> None:
    with embedded(folder, durable=False) as server:
        os.kill(server.pid, signal.SIGKILL)
        said = await server.gone()
    assert "\n" not in said
    assert "start brygga again" in said

    with embedded(folder, durable=False) as again, psycopg.connect(again.url) as connection:
        assert (1,) == connection.execute("SELECT 1").fetchone()


@pytest.mark.parametrize(("tidy", "expected"), [(True, "on"), (False, "off")])
def test_a_server_keeps_itself_tidy_unless_it_is_left_alone(
    folder: Path, tidy: bool, expected: str
) -> None:
    with (
        embedded(folder, durable=False, tidy=tidy) as server,
        psycopg.connect(server.url) as connection,
    ):
        assert (expected,) == connection.execute("SHOW autovacuum").fetchone()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the next start stops the orphan")
def test_a_server_killed_in_the_middle_of_a_vacuum_is_no_obstacle(folder: Path) -> None:
    """Its vacuuming child ends with it, and the next start goes on with the same data, as a shop
    has it: nothing committed is lost.
    """
    with embedded(folder) as server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(
                "CREATE TABLE kept AS SELECT n, repeat('x', 500) AS text FROM generate_series(1, "
                "20000) AS n"
            )
            connection.execute("DELETE FROM kept WHERE n % 2 = 0")
            vacuum = subprocess.Popen(
                [sys.executable, "-c", _VACUUM, server.url],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            assert vacuum.stdout is not None
            vacuum.stdout.readline()
        os.kill(server.pid, signal.SIGKILL)
        vacuum.wait()

    with embedded(folder) as again, psycopg.connect(again.url) as connection:
        assert (10000,) == connection.execute("SELECT count(*) FROM kept").fetchone()


def test_no_port_is_opened_and_the_socket_is_private(folder: Path) -> None:
    with embedded(folder, durable=False) as server, psycopg.connect(server.url) as connection:
        assert ("",) == connection.execute("SHOW listen_addresses").fetchone()
        assert server.run is not None
        assert 0o700 == server.run.stat().st_mode & 0o777


@pytest.mark.skipif(
    os.geteuid() != 0, reason="only root has folders that the server's user may not enter"
)
def test_root_in_a_private_folder_leaves_its_mode_alone(folder: Path) -> None:
    private = folder / "private"
    private.mkdir(mode=0o700)
    data = private / "data"
    with embedded(data, durable=False) as server, psycopg.connect(server.url) as connection:
        assert (1,) == connection.execute("SELECT 1").fetchone()
    elsewhere = (data / "postgres").resolve()
    shutil.rmtree(elsewhere)

    assert 0o700 == private.stat().st_mode & 0o777
    assert not elsewhere.is_relative_to(folder)


def test_it_is_not_started_from_a_thread_that_may_end_before_the_process(folder: Path) -> None:
    caught: list[Exception] = []

    def start() -> None:
        try:
            start_or_join(folder)
        except EmbeddedFailed as refused:
            caught.append(refused)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()

    assert ["the embedded database must be started from the main thread"] == [
        str(refused) for refused in caught
    ]
