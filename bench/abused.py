"""The service that `bench/abuse.py` abuses, and a bare server beside it, each in a process of its
own: `python bench/abused.py service`. It says where it is, and ends with its input.
"""

import asyncio
import contextlib
import json
import logging
import os
import re
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import uvicorn

from brygga.cli import check, demo_stack, logs, merchant
from brygga.cli.browser import BrowserClient
from brygga.cli.demo_stack import Wish
from brygga.database import connections

STALL_S = 0.05


@dataclass(frozen=True, slots=True)
class Target:
    """A running service. `cookies` belong to the merchant's session, `token` to that session's
    forms.
    """

    port: int
    pid: int
    hook_key: str
    cookies: str
    token: str


@dataclass(slots=True)
class Stalls:
    """What the service's thread was doing while its event loop stood still, by place in the code.

    A beat of the loop comes every few milliseconds. A thread beside it takes the stack whenever the
    last beat is older than `STALL_S`. `own` is the longest time between two beats less the time in
    which the thread stood in line for a processor that others of this machine had.
    """

    beaten: float = field(default_factory=time.perf_counter)
    in_line: float = 0.0
    longest: float = 0.0
    own: float = 0.0
    seen: Counter[str] = field(default_factory=Counter)

    async def beat(self) -> None:
        self.in_line = in_line_s()
        while True:
            now, in_line = time.perf_counter(), in_line_s()
            gap = now - self.beaten
            self.longest = max(self.longest, gap)
            self.own = max(self.own, gap - (in_line - self.in_line))
            self.beaten, self.in_line = now, in_line
            await asyncio.sleep(0.005)

    def look(self, thread: int) -> None:
        while True:
            time.sleep(0.01)
            if time.perf_counter() - self.beaten > STALL_S:
                frames = traceback.extract_stack(sys._current_frames()[thread])[-8:]
                places = (f"{Path(one.filename).name}:{one.name}:{one.lineno}" for one in frames)
                self.seen[" < ".join(reversed(list(places)))] += 1

    def report(self) -> str:
        """The places of the stalls since the last report, most frequent first."""
        lines = [f"longest {self.longest * 1000:.0f} ms, own {self.own * 1000:.0f} ms"]
        lines += [f"{count:4} x {place}" for place, count in self.seen.most_common(12)]
        self.seen.clear()
        self.longest = self.own = 0.0
        return "\n".join(lines)


def in_line_s() -> float:
    """How long this thread has stood in line for a processor so far. 0 where the kernel does not
    tell.
    """
    try:
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    except (FileNotFoundError, IndexError):
        return 0.0


async def _serve(database_url: str) -> None:
    """The child: opens the house, connects a merchant, says where it is, and ends with its
    input.
    """
    async with (
        demo_stack.open_stack(Wish(port_base=0, products=20), database_url) as home,
        demo_stack.browser_client() as http,
    ):
        browser = BrowserClient(http)
        await merchant.connect(browser, home.url)
        await check.quiet(home)
        page = await browser.open(f"{home.url}/help")
        async with home.service.database.read() as tx:
            (connection,) = await connections.active(tx)
        port = int(home.url.rpartition(":")[2])
        kept = {one.name: one.value for one in http.cookies.jar if "brygga" in one.name}
        cookies = "; ".join(f"{name}={value}" for name, value in kept.items())
        token = re.search(r'name="_csrf_token" value="(\w+)"', page)
        assert token is not None
        target = Target(port, os.getpid(), connection.hook_key, cookies, token[1])
        print(json.dumps(asdict(target)), flush=True)
        stalls = Stalls()
        beating = asyncio.create_task(stalls.beat())
        looks = threading.Thread(target=stalls.look, args=(threading.get_ident(),), daemon=True)
        looks.start()
        # A line for each abuse that is over, until the input ends.
        while name := await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps([stalls.longest * 1000, stalls.own * 1000]), flush=True)
            print(f"{name.strip()}: {stalls.report()}", file=sys.stderr, flush=True)
        beating.cancel()


async def _serve_bare() -> None:
    """The child that the service is compared with: the same server with an application that only
    answers. What `/health` waits here, the machine and the server cost.
    """

    async def app(scope: Any, receive: Any, send: Any) -> None:
        status = 200 if scope["path"] == "/health" else 404
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    door = socket.create_server(("127.0.0.1", 0), backlog=4096)
    config = uvicorn.Config(
        app, http="h11", lifespan="off", access_log=False, log_level="error", backlog=4096
    )
    target = Target(door.getsockname()[1], os.getpid(), "k" * 43, "", "x")
    serving = asyncio.create_task(uvicorn.Server(config).serve(sockets=[door]))
    print(json.dumps(asdict(target)), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    serving.cancel()


def child(kind: str) -> None:
    logs.configure(logging.WARNING)
    if kind == "bare":
        asyncio.run(_serve_bare())
        return
    with demo_stack.throwaway_database() as database_url:
        asyncio.run(_serve(database_url))


@contextlib.contextmanager
def running(kind: str, log: Path) -> Iterator[tuple[Target, Callable[[str], list[float]]]]:
    """A child of this kind, and how to tell it that an abuse is over: it answers for how long its
    loop stood still, and for how long of its own, in milliseconds.
    """
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, __file__, kind],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None

        def over(name: str) -> list[float]:
            assert process.stdin is not None
            assert process.stdout is not None
            print(name, file=process.stdin, flush=True)
            return [float(one) for one in json.loads(process.stdout.readline())]

        try:
            yield Target(**json.loads(process.stdout.readline())), over
        finally:
            process.stdin.close()
            process.wait(30)


def resident_mb(pid: int) -> float:
    text = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", text)
    return int(found[1]) / 1024 if found else 0.0


if __name__ == "__main__":
    child(sys.argv[1])
