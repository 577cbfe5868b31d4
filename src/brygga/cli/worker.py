"""`brygga worker`: takes jobs until it stops. Any number may run, on any number of machines."""

import argparse
import contextlib
import sys

from brygga.cli import arguments, logs, process
from brygga.cli.process import Runtime
from brygga.cli.running import open_service
from brygga.cli.serve import address, listen
from brygga.cli.serving import answering


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--host", default="127.0.0.1", help="the address of --port; 127.0.0.1 by default"
    )
    parser.add_argument(
        "--port",
        type=arguments.port,
        help="answer /healthz, /readyz and /metrics there; unset, on no port",
    )


def run(asked: argparse.Namespace) -> int:
    logs.configure()
    return process.run(lambda runtime: _work(asked, runtime))


async def _work(asked: argparse.Namespace, runtime: Runtime) -> int:
    with process.stopping() as stop:
        async with open_service(runtime) as service, contextlib.AsyncExitStack() as stack:
            if asked.port is not None:
                try:
                    door = listen(asked.host, asked.port)
                except OSError as error:
                    print(
                        f"cannot listen on {asked.host}:{asked.port}: {error.strerror}",
                        file=sys.stderr,
                    )
                    return 1
                await stack.enter_async_context(answering(service, door))
                print(f"Health and figures on {address(door)}", flush=True)
            print("Brygga works", flush=True)
            await service.worker.run(stop)
    return 0
