"""`brygga migrate`: brings the database to this version, and its secrets to the first key.

It is safe at any time. `serve` and `worker` bring the database to this version at their start too,
but leave the secrets as they are. A change of keys ends when an operator runs this command, once
every process knows the new key.
"""

import argparse
import sys

from brygga.cli import logs, process
from brygga.cli.process import Runtime
from brygga.database import audit
from brygga.database.audit import Act, Actor, Entry
from brygga.database.migrating import current, upgrade
from brygga.database.resealing import reseal
from brygga.database.sealing import SealBroken
from brygga.system import SystemClock


def add(parser: argparse.ArgumentParser) -> None:
    """No arguments: everything is a setting."""


def run(asked: argparse.Namespace) -> int:
    logs.configure()
    return process.run(_migrate)


async def _migrate(runtime: Runtime) -> int:
    database = runtime.database()
    try:
        before = await current(database)
        await upgrade(database)
        after = await current(database)
        async with database.transaction() as tx:
            resealed = await reseal(tx)
            if resealed:
                facts = {"resealed": str(resealed)}
                await audit.add(
                    tx, Entry(Act.KEYS_CHANGED, Actor.OPERATOR, facts=facts), SystemClock().now()
                )
    except SealBroken as broken:
        print(f"{broken}; BRYGGA_SECRET_KEYS must still hold that key", file=sys.stderr)
        return 1
    finally:
        await database.close()
    print(
        f"the database is at {after}" + ("" if before == after else f", it was {before or 'empty'}")
    )
    if resealed:
        print(
            f"{resealed} secrets are now encrypted with the first of BRYGGA_SECRET_KEYS; older "
            "ones are no longer needed"
        )
    return 0
