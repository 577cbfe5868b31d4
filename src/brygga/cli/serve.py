"""`brygga serve`: the pages and webhook receivers; with --work also the work, for a shop that runs one process."""

import argparse
import contextlib
import socket

from brygga.cli import logs, process
from brygga.cli.house import web, working
from brygga.cli.process import Ground


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--host", default="127.0.0.1", help="the address to listen on; a reverse proxy with TLS stands before it"
    )
    parser.add_argument("--port", type=int, default=8700)
    parser.add_argument(
        "--work", action="store_true", help="work in this process too, instead of a `brygga worker` beside it"
    )


def run(asked: argparse.Namespace) -> int:
    logs.configure()
    return process.run(lambda ground: _serve(asked, ground))


async def _serve(asked: argparse.Namespace, ground: Ground) -> int:
    with process.stopping() as stop:
        async with process.open_service(ground) as service, contextlib.AsyncExitStack() as stack:
            try:
                door = socket.create_server((asked.host, asked.port), backlog=1024)
            except OSError as error:
                print(f"cannot listen on {asked.host}:{asked.port}: {error.strerror}")
                return 1
            await stack.enter_async_context(web(service, door))
            if asked.work:
                await stack.enter_async_context(working(service, stop))
            print(f"Brygga answers on http://{asked.host}:{asked.port} for {ground.settings.public_url}", flush=True)
            await stop.wait()
    return 0
