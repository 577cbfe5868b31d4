"""`brygga worker`: takes jobs until it stops. Any number may run, on any number of machines."""

import argparse

from brygga.cli import logs, process
from brygga.cli.process import Runtime
from brygga.cli.running import open_service


def add(parser: argparse.ArgumentParser) -> None:
    """No arguments: everything is a setting."""


def run(asked: argparse.Namespace) -> int:
    logs.configure()
    return process.run(_work)


async def _work(runtime: Runtime) -> int:
    with process.stopping() as stop:
        async with open_service(runtime) as service:
            print("Brygga works", flush=True)
            await service.worker.run(stop)
    return 0
