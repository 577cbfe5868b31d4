"""PgBouncer in front of a PostgreSQL, where it is installed."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

BINARY = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
needs_pooler = pytest.mark.skipif(BINARY is None, reason="PgBouncer is not installed")
ASKS = {
    "transaction": (
        "ALTER ROLE brygga IN DATABASE {} SET statement_timeout = '30s'",
        "ALTER ROLE brygga IN DATABASE {} SET timezone = 'UTC'",
    ),
    "session": (
        "ALTER ROLE brygga IN DATABASE {} SET statement_timeout = '30s'",
        "ALTER ROLE brygga IN DATABASE {} SET timezone = 'UTC'",
        "ALTER ROLE brygga IN DATABASE {} SET plan_cache_mode = 'force_custom_plan'",
    ),
}
"""What the role has to ask for, by the pooler's mode (docs/scaling.md)."""
EXTRA = {
    "transaction": "default_pool_size = 6",
    "session": ("default_pool_size = 150\nignore_startup_parameters = options, extra_float_digits"),
}


@dataclass
class Pooler:
    """`server` says where PostgreSQL is, in PgBouncer's words."""

    folder: Path
    name: str
    port: int
    server: dict[str, str]
    mode: str = "transaction"
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        return f"postgresql://brygga@127.0.0.1:{self.port}/{self.name}"

    def start(self) -> None:
        assert BINARY is not None
        ini = self._written()
        own = ["-u", "nobody"] if os.geteuid() == 0 else []
        self.process = subprocess.Popen([BINARY, *own, "-q", str(ini)])
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.05)
        raise AssertionError("PgBouncer did not start")

    def lead_to(self, **server: str) -> None:
        """To another server from now on, without a restart."""
        self.server |= server
        self._written()
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def _written(self) -> Path:
        target = " ".join(f"{key}={value}" for key, value in self.server.items())
        users = self.folder / "users"
        users.write_text('"brygga" ""\n')
        ini = self.folder / "pgbouncer.ini"
        ini.write_text(
            f"[databases]\n{self.name} = {target} dbname={self.name}\n[pgbouncer]\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {self.port}\nunix_socket_dir =\n"
            f"auth_type = trust\nauth_file = {users}\npool_mode = {self.mode}\n"
            "max_client_conn = 400\nserver_lifetime = 5\nserver_login_retry = 1\n"
            f"{EXTRA[self.mode]}\n"
        )
        for one in (self.folder, users, ini):
            one.chmod(0o755)
        return ini
