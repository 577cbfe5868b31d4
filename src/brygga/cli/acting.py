"""What commands share that act on one connection: a transaction, and a refusal in one line."""

import sys
from collections.abc import Awaitable, Callable

from brygga.cli.process import Runtime
from brygga.database.engine import Tx
from brygga.web.operating.acts import NotNow


async def acted(runtime: Runtime, act: Callable[[Tx], Awaitable[str]]) -> int:
    """Prints what `act` says was done. 0: done; 1: it cannot be done now."""
    database = runtime.database()
    try:
        async with database.transaction() as tx:
            said = await act(tx)
    except NotNow as why:
        print(why, file=sys.stderr)
        return 1
    finally:
        await database.close()
    print(said)
    return 0
