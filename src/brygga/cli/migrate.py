"""`brygga migrate`: brings the database to this version. Safe at any time; serve and worker do it at their start too."""

import argparse

from brygga.cli import logs, process
from brygga.cli.process import Ground
from brygga.store.database import Database
from brygga.store.migrating import current, upgrade
from brygga.wiring import sealer


def add(parser: argparse.ArgumentParser) -> None:
    """No arguments: everything is a setting."""


def run(asked: argparse.Namespace) -> int:
    logs.configure()
    return process.run(_migrate)


async def _migrate(ground: Ground) -> int:
    database = Database.at(ground.database_url, sealer(ground.settings))
    try:
        before = await current(database)
        await upgrade(database)
        after = await current(database)
    finally:
        await database.close()
    print(f"the database is at {after}" + ("" if before == after else f", it was {before or 'empty'}"))
    return 0
