"""`brygga serve`: the pages and webhook receivers; with --work also the work, for an installation
with one process.
"""

import argparse
import contextlib
import socket
import sys

from brygga.cli import arguments, logs, process
from brygga.cli.process import Runtime
from brygga.cli.running import open_service
from brygga.cli.serving import web, working


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="the address to listen on; a reverse proxy with TLS stands before it",
    )
    parser.add_argument(
        "--port", type=arguments.port, default=8700, help="8700 by default; 0: any that is free"
    )
    parser.add_argument(
        "--work",
        action="store_true",
        help="work in this process too, instead of a `brygga worker` beside it",
    )


def run(asked: argparse.Namespace) -> int:
    logs.configure()
    return process.run(lambda runtime: _serve(asked, runtime))


async def _serve(asked: argparse.Namespace, runtime: Runtime) -> int:
    with process.stopping() as stop:
        async with open_service(runtime) as service, contextlib.AsyncExitStack() as stack:
            try:
                door = listen(asked.host, asked.port)
            except OSError as error:
                print(
                    f"cannot listen on {asked.host}:{asked.port}: {error.strerror}", file=sys.stderr
                )
                return 1
            await stack.enter_async_context(web(service, door))
            if asked.work:
                service.web.state.ready = service.ready_to_work
                await stack.enter_async_context(working(service, stop))
            print(
                f"Brygga answers on {address(door)} for {runtime.settings.public_url}", flush=True
            )
            await stop.wait()
    return 0


def listen(host: str, port: int) -> socket.socket:
    """Raises OSError. An address with colons is an IPv6 address."""
    return socket.create_server(
        (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=1024
    )


def address(door: socket.socket) -> str:
    host, port = door.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
