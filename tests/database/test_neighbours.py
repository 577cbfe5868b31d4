"""After a crash the next start works at once where it is proven that nobody else is left."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from brygga.database import connections, leases
from brygga.database.engine import Database
from brygga.database.neighbours import present
from tests.conftest import NOON
from tests.database.merchants import account

MARGIN = timedelta(seconds=10)
_NEIGHBOUR = """
import sys
from pathlib import Path
from brygga.database.neighbours import present
with present(Path(sys.argv[1])) as alone:
    print(alone, flush=True)
    sys.stdin.read()
"""


def test_alone_is_who_finds_no_other_and_a_killed_one_is_none(tmp_path: Path) -> None:
    with present(tmp_path) as first:
        other = subprocess.Popen(
            [sys.executable, "-c", _NEIGHBOUR, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert other.stdout is not None
        second = other.stdout.readline().strip()
    with present(tmp_path) as while_it_lives:
        pass
    other.kill()
    other.communicate()
    with present(tmp_path) as afterwards:
        pass

    assert (True, "False", False, True) == (first, second, while_it_lives, afterwards)


async def test_a_dead_holders_lease_ends_at_once_and_its_margin_stays(database: Database) -> None:
    """It may have sent a request in its last moment, which is still on its way."""
    async with database.transaction() as tx:
        connection = await connections.start(tx, account(), "key", NOON)
        until = NOON + timedelta(seconds=90)
        dead = await leases.acquire(
            tx, connection.id, "dead", now=NOON, until=until, takeover_delay=MARGIN
        )
    async with database.transaction() as tx:
        ended = await leases.end_all(tx, NOON)
        early = await leases.acquire(
            tx, connection.id, "next", now=NOON + MARGIN, until=until, takeover_delay=MARGIN
        )
        later = NOON + MARGIN + timedelta(seconds=1)
        taken = await leases.acquire(
            tx, connection.id, "next", now=later, until=until, takeover_delay=MARGIN
        )
        again = await leases.end_all(tx, until)

    assert (1, None, 0) == (ended, early, again)
    assert dead is not None
    assert taken is not None
    assert taken.fence.epoch > dead.fence.epoch
