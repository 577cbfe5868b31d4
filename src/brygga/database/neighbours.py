"""Which processes of this machine use one embedded database. This proves that an earlier holder of
a lease is dead.

Every process that uses the data folder holds a shared lock while it runs. The kernel releases the
lock however a process ends. A process that gets the exclusive lock is the only one. A database at
an address of its own gives no such proof: there, leases run out by themselves.
"""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def present(data_dir: Path) -> Iterator[bool]:
    """Registers this process for the length of the block. True when no other process was registered
    at its beginning.
    """
    with (data_dir / "processes.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            alone = False
        else:
            alone = True
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield alone
