"""Which processes of this machine work on one embedded database: proof that whoever held a lease
there before is dead.

Every process that uses the data folder holds a shared lock for as long as it lives; the kernel lets
go of it however a process ends. Who gets the lock for itself alone is the only one. A database at
an address of its own gives no such proof: there leases run out by themselves.
"""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def present(data_dir: Path) -> Iterator[bool]:
    """Makes this process known for the length of the block. True when no other was there at its
    beginning.
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
