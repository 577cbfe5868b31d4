"""A PostgreSQL of our own for one machine: a child process that lives exactly as long as the
process that started it.

The first process that asks owns the server. Later ones join it through a file in the data folder,
and stop when it stops. The server opens only a socket in a private folder, never a port.
"""

import asyncio
import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from brygga.database.server_files import (
    RUN_PREFIX,
    EmbeddedFailed,
    binaries,
    cluster_of,
    identity,
    run_folder,
)
from brygga.database.server_start import Plan, initialise, launch


@dataclass(slots=True)
class Server:
    """A running embedded PostgreSQL. `owned`: closing it stops the server. Otherwise closing it
    only leaves the server.
    """

    url: str
    pid: int
    process: "subprocess.Popen[bytes] | None" = None
    lock: IO[str] | None = None
    run: Path | None = None
    record: Path | None = None

    @property
    def owned(self) -> bool:
        return self.process is not None

    def alive(self) -> bool:
        return self.process.poll() is None if self.process else _running(self.pid)

    async def gone(self) -> str:
        """Waits until the server has stopped, and returns one line that says so. For callers that
        cannot go on without it.
        """
        while self.alive():  # noqa: ASYNC110 - another process has no event of ours to set
            await asyncio.sleep(0.5)
        who = "stopped" if self.owned else "was stopped together with the process that owned it"
        return f"the embedded database {who}; start brygga again"

    def close(self) -> None:
        """Stops an owned server (a fast shutdown: open transactions roll back) and leaves only the
        data.
        """
        if self.process is None:
            return
        if self.record:
            self.record.unlink(missing_ok=True)
        for how, timeout_s in ((signal.SIGINT, 30), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
            with contextlib.suppress(subprocess.TimeoutExpired):
                if self.process.poll() is None:
                    self.process.send_signal(how)
                self.process.wait(timeout_s)
                break
        if self.run:
            shutil.rmtree(self.run, ignore_errors=True)
        if self.lock:
            self.lock.close()


@contextlib.contextmanager
def embedded(data_dir: Path, durable: bool = True, *, tidy: bool = True) -> Iterator[Server]:
    """The server of this data folder, started now or joined, for the length of the block.

    `tidy`: it runs vacuum and analyze by itself.
    """
    server = start_or_join(data_dir, durable, tidy=tidy)
    try:
        yield server
    finally:
        server.close()


def start_or_join(data_dir: Path, durable: bool = True, *, tidy: bool = True) -> Server:
    """Raises `EmbeddedFailed`. Call it from the main thread: the kernel ties the server's life to
    the thread that started it.
    """
    if sys.platform == "win32":
        raise EmbeddedFailed(
            "the embedded database runs on Linux and macOS; set BRYGGA_DATABASE_URL"
        )
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = (data_dir / "postgres.lock").open("a")
    except OSError as error:
        raise EmbeddedFailed(
            f"{data_dir} cannot be written to ({error.strerror}): set BRYGGA_DATA_DIR to a folder "
            "of your own, or BRYGGA_DATABASE_URL"
        ) from error
    for _ in range(200):
        if _locked(lock):
            return _start(data_dir, lock, durable, tidy=tidy)
        if joined := _join(data_dir):
            lock.close()
            return joined
        threading.Event().wait(0.1)
    lock.close()
    raise EmbeddedFailed(
        f"another process holds {data_dir} but its embedded database does not come up"
    )


def _locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return True


def _join(data_dir: Path) -> Server | None:
    try:
        known = json.loads((data_dir / "postgres.json").read_text())
    except (FileNotFoundError, ValueError):
        return None
    # A record from an earlier owner is about a server that has stopped or is stopping.
    if known["owner"] != (data_dir / "postgres.lock").read_text() or not _running(known["pid"]):
        return None

    return Server(known["url"], known["pid"])


# ---- Starting ------------------------------------------------------------------------------------


def _start(data_dir: Path, lock: IO[str], durable: bool, *, tidy: bool) -> Server:
    """Starts a server. While we hold the lock, no running process owns a server here: one that
    still runs is an orphan and is stopped first.
    """
    if threading.current_thread() is not threading.main_thread():
        lock.close()
        raise EmbeddedFailed("the embedded database must be started from the main thread")
    record = data_dir / "postgres.json"
    run: Path | None = None
    try:
        _sweep_last_run(record)
        user = identity()
        cluster = cluster_of(data_dir, user)
        _stop_orphan(cluster)
        run = run_folder(user)
        plan = Plan(binaries(run, user), cluster, run, user, durable, tidy)
        if not (cluster / "PG_VERSION").exists():
            initialise(plan)
        process = launch(plan, data_dir / "postgres.log")
    except BaseException:
        if run:
            shutil.rmtree(run, ignore_errors=True)
        lock.close()
        raise
    url = f"postgresql://brygga@/brygga?host={run}"
    _write_record(
        record, {"url": url, "pid": process.pid, "run": str(run), "owner": str(os.getpid())}
    )

    return Server(url, process.pid, process, lock, run, record)


# ---- What an earlier start left ------------------------------------------------------------------


def _stop_orphan(cluster: Path) -> None:
    """Stops a server whose owner has ended, and waits until it has stopped."""
    try:
        pid = int((cluster / "postmaster.pid").read_text().split()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return
    if not _is_server_of(pid, cluster):
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGINT)
    for _ in range(600):
        if not _running(pid):
            return
        threading.Event().wait(0.05)
    raise EmbeddedFailed(
        f"an embedded database that an earlier start left behind (process {pid}) does not stop"
    )


def _is_server_of(pid: int, cluster: Path) -> bool:
    """Whether the process is PostgreSQL on this cluster, and not another process that got its
    number later.
    """
    if Path("/proc/self/cmdline").exists():
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        except FileNotFoundError:
            return False
    else:
        shown = subprocess.run(  # noqa: S603 - our own words only
            ["/bin/ps", "-o", "command=", "-p", str(pid)],
            capture_output=True,
            text=True,
            check=False,
        )
        command = shown.stdout
    return "postgres" in command and str(cluster) in command


def _sweep_last_run(record: Path) -> None:
    with contextlib.suppress(FileNotFoundError, ValueError, KeyError):
        run = Path(json.loads(record.read_text())["run"])
        if run.name.startswith(RUN_PREFIX):
            shutil.rmtree(run, ignore_errors=True)
        record.unlink(missing_ok=True)


def _running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _write_record(record: Path, values: dict[str, object]) -> None:
    fresh = record.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(values, file)
    fresh.rename(record)
