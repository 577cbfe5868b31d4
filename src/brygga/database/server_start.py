"""Makes the cluster of the embedded PostgreSQL, and starts a server on it. The server ends with the
process that started it.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg

from brygga.database.server_files import EmbeddedFailed, Identity

_PR_SET_PDEATHSIG = 1
_TUNING = {
    "listen_addresses": "",
    "max_connections": "80",
    "shared_buffers": "64MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "max_parallel_workers_per_gather": "0",
    "max_worker_processes": "4",
    "io_method": "sync",
    "huge_pages": "off",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For demo, tests and simulation. A crash of the machine may lose everything. A crash of the app
loses nothing. A kill of the server itself loses its last half second.
"""
_KEPT_TIDY = {"autovacuum": "on", "autovacuum_naptime": "15s", "autovacuum_max_workers": "2"}
_LEFT_ALONE = {"autovacuum": "off"}
"""For tests and simulation: the server does nothing on the disk that they did not ask for, so that
runs are alike.
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """What runs, where, and as which user."""

    home: Path
    cluster: Path
    run: Path
    identity: Identity
    durable: bool
    tidy: bool


def initialise(plan: Plan) -> None:
    """Makes the cluster beside its final place and then moves it there whole, so that a start that
    is killed half-way leaves nothing that looks complete.
    """
    fresh = plan.cluster.with_name(f"{plan.cluster.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    plan.identity.give(fresh)
    # The wheel has no ICU. PostgreSQL's own C.UTF-8 knows upper and lower case of every letter and
    # sorts the same everywhere.
    locale = [
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        "--encoding=UTF8",
    ]
    options = [
        "-U",
        "brygga",
        "--auth=trust",
        "--no-instructions",
        *([] if plan.durable else ["--no-sync"]),
    ]
    done = subprocess.run(  # noqa: S603 - our own words only
        [str(plan.home / "bin" / "initdb"), "-D", str(fresh), *locale, *options],
        cwd="/",
        capture_output=True,
        check=False,
        user=plan.identity.user,
        group=plan.identity.group,
        extra_groups=plan.identity.groups,
    )
    if done.returncode:
        raise EmbeddedFailed(f"the embedded database cannot be made: {_last_line(done.stderr)}")
    if plan.cluster.exists():
        plan.cluster.rmdir()
    fresh.rename(plan.cluster)


def launch(plan: Plan, log: Path) -> "subprocess.Popen[bytes]":
    # After a server was killed, its last children may hold the shared memory for a moment.
    # PostgreSQL then refuses to start, and a later try succeeds.
    for _ in range(20):
        process = _spawn(plan, log)
        if _answers(process, plan.run):
            return process
        threading.Event().wait(0.2)
        said = log.read_bytes()
        if b"shared memory" not in said:
            break
    raise EmbeddedFailed(
        f"the embedded database does not start: {_last_line(said)} (all of it in {log})"
    )


def _spawn(plan: Plan, log: Path) -> "subprocess.Popen[bytes]":
    kept = _KEPT_TIDY if plan.tidy else _LEFT_ALONE
    settings = {
        **_TUNING,
        **({} if plan.durable else _FORGETFUL),
        **kept,
        "unix_socket_directories": str(plan.run),
    }
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with log.open("wb") as output:
        return subprocess.Popen(  # noqa: S603 - our own words only
            [str(plan.home / "bin" / "postgres"), "-D", str(plan.cluster), *words],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            # Safe: it makes two system calls only, and is started from the main thread.
            preexec_fn=die_with(os.getpid()),  # noqa: PLW1509
            user=plan.identity.user,
            group=plan.identity.group,
            extra_groups=plan.identity.groups,
        )


def die_with(parent: int) -> Callable[[], None] | None:
    """On Linux the kernel asks the server for a fast shutdown as soon as its parent has ended, for
    whatever reason.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def arm() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
        if os.getppid() != parent:  # the parent died between the fork and the line above
            os._exit(1)

    return arm


def _answers(process: "subprocess.Popen[bytes]", run: Path) -> bool:
    """Waits for the server, a minute at most, and creates our database if it does not exist. False
    when the process ended.
    """
    for _ in range(3000):
        if _ready(run):
            return True
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.02)
            return False
    process.send_signal(signal.SIGQUIT)
    process.wait()
    return False


def _ready(run: Path) -> bool:
    try:
        with psycopg.connect(
            f"postgresql://brygga@/postgres?host={run}", autocommit=True, connect_timeout=5
        ) as server:
            if (
                server.execute("SELECT 1 FROM pg_database WHERE datname = 'brygga'").fetchone()
                is None
            ):
                server.execute("CREATE DATABASE brygga")
    except psycopg.OperationalError:
        return False
    return True


def _last_line(output: bytes) -> str:
    lines = [line.strip() for line in output.decode(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "no message"
