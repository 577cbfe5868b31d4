"""`brygga doctor`: what works in this installation, what is wrong, and how to fix it.

It changes nothing and calls no merchant's account.
"""

import argparse
import asyncio
import json
import os
from dataclasses import asdict

from brygga import settings as configuration
from brygga.cli import logs, process
from brygga.cli.checkup.addresses import addresses, answers, doors
from brygga.cli.checkup.database import database
from brygga.cli.checkup.findings import Finding, Verdict, reported, wrong
from brygga.cli.checkup.machine import disks
from brygga.cli.checkup.mail import mail
from brygga.cli.checkup.platforms import credentials, hosts
from brygga.cli.process import Runtime
from brygga.database.server_files import EmbeddedFailed
from brygga.settings import Settings, SettingsWrong
from brygga.wire import open_client


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(asked: argparse.Namespace) -> int:
    """0: nothing is wrong; 1: something is. Wrong settings are findings like all others, and then
    the only ones: nothing else can be examined without them.
    """
    logs.configure()
    try:
        settings = configuration.read(os.environ)
    except SettingsWrong as found:
        mend = 'set it in the environment; README.md, "Run it for real", explains each setting'
        return told(asked, [wrong(problem, mend) for problem in found.problems])
    try:
        with process.runtime(settings) as opened:
            return asyncio.run(process.until_ended(lambda one: _doctor(asked, one), opened))
    except EmbeddedFailed as failed:
        mend = "see that BRYGGA_DATA_DIR can be written to, or set BRYGGA_DATABASE_URL"
        found_here = [wrong(str(failed), mend)]
        return told(asked, [*found_here, *asyncio.run(_outside(settings))])


async def _doctor(asked: argparse.Namespace, runtime: Runtime) -> int:
    return told(asked, [*await database(runtime), *await _outside(runtime.own_settings)])


async def _outside(settings: Settings) -> list[Finding]:
    """All that is examined without the database."""
    async with open_client() as http:
        return [
            *disks(settings),
            *addresses(settings),
            *doors(settings),
            *await hosts(settings, http),
            *await credentials(settings, http),
            await answers(settings, http),
            *await mail(settings),
        ]


def told(asked: argparse.Namespace, found: list[Finding]) -> int:
    """Prints them and returns the exit code."""
    print(json.dumps([asdict(one) for one in found], indent=2) if asked.json else reported(found))
    return int(any(one.verdict is Verdict.WRONG for one in found))
