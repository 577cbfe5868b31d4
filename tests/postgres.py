"""A PostgreSQL of an operator's own: a server on a loopback port, and a standby that follows it."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from brygga.database import server_files, server_start

NAME = "brygga"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "250",
    "shared_buffers": "64MB",
    "wal_level": "replica",
    "max_wal_senders": "4",
    "hot_standby": "on",
    "wal_receiver_status_interval": "1",
    "fsync": "off",
    "jit": "off",
    "huge_pages": "off",
    "io_method": "sync",
}
"""`fsync` is off: processes die here, the machine does not."""
ANSWERS_S = 60.0


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@dataclass
class Postgres:
    """A server that can be killed, started again, followed and promoted."""

    home: Path
    folder: Path
    user: server_files.Identity
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, name: str = NAME) -> str:
        return f"postgresql://brygga@{self.host}/{name}"

    def start(self) -> None:
        """Returns when it answers."""
        words = {**SETTINGS, "port": str(self.port)}
        options = [word for name, value in words.items() for word in ("-c", f"{name}={value}")]
        with (self.folder.parent / f"{self.folder.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(self.home / "bin" / "postgres"), "-D", str(self.folder), *options],
                cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                preexec_fn=server_start.die_with(os.getpid()),  # noqa: PLW1509 - as the product does
                user=self.user.user, group=self.user.group, extra_groups=self.user.groups,
            )  # fmt: skip
        ends = time.monotonic() + ANSWERS_S
        while time.monotonic() < ends:
            with contextlib.suppress(psycopg.OperationalError), self.asked():
                return
            time.sleep(0.1)
        raise AssertionError(f"PostgreSQL does not answer at {self.host}")

    @contextlib.contextmanager
    def asked(self, name: str = "postgres") -> Iterator[psycopg.Connection]:
        with psycopg.connect(self.url(name), autocommit=True, connect_timeout=5) as one:
            yield one

    def end(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """SIGQUIT: at once, as a crash; SIGINT: in order. Whatever is left of it is killed."""
        if self.process is None:
            return
        self.process.send_signal(how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def restart(self, how: signal.Signals = signal.SIGQUIT) -> None:
        self.end(how)
        self.start()

    def followed(self) -> "Postgres":
        """A standby that has confirmed each commit before this server confirms it."""
        other = Postgres(self.home, self.folder.with_name("standby"), self.user)
        self._run(
            "pg_basebackup", "--pgdata", str(other.folder), "--dbname", self.url("postgres"),
            "--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast",
        )  # fmt: skip
        other.start()
        with self.asked() as one:
            one.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            one.execute("SELECT pg_reload_conf()")
        return other

    def promote(self) -> None:
        """Returns when it takes writes."""
        with self.asked() as one:
            done = one.execute("SELECT pg_promote(true, 60)").fetchone()
        assert done == (True,), "the standby does not take over"

    def _run(self, name: str, *words: str) -> None:
        done = subprocess.run(
            [str(self.home / "bin" / name), *words],
            cwd="/", capture_output=True, check=False, user=self.user.user,
            group=self.user.group, extra_groups=self.user.groups,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()


@contextlib.contextmanager
def own_postgres() -> Iterator[Postgres]:
    """A server with an empty database of our name. It and its standby end with the block."""
    with tempfile.TemporaryDirectory(prefix="brygga-own-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        user = server_files.identity()
        inner = folder / "data"
        inner.mkdir()
        user.give(inner)
        home = server_files.binaries(folder, user)
        server = Postgres(home, inner / "primary", user)
        try:
            server._run(
                "initdb", "-D", str(server.folder), "-U", "brygga", "--auth=trust", "--no-sync",
                "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
                "--encoding=UTF8",
            )  # fmt: skip
            server.start()
            with server.asked() as one:
                one.execute(f"CREATE DATABASE {NAME}")
            yield server
        finally:
            server.end()
            _end_all(inner)


def _end_all(folder: Path) -> None:
    """Ends what still serves a folder below this one."""
    for record in folder.glob("*/postmaster.pid"):
        with contextlib.suppress(ProcessLookupError, ValueError, OSError):
            os.killpg(int(record.read_text().splitlines()[0]), signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)
