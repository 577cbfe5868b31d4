"""How long `/health` waits while strangers abuse the service: `python bench/abuse.py [name ...]`.

The service runs in a process of its own, with its sandboxes and a merchant who is connected. Each
abuse runs for at most 12 seconds, only over loopback. Meanwhile `/health` is asked for on a fresh
connection, again and again. A row says how long it waited, how often it failed, what the abuse was
answered, and how much memory the service holds afterwards. Beside it stand the same figures of a
bare server, and for how long the service's loop stood still by its own work. The bar is 250 ms
above "nothing" of the same run. `--json F` writes the rows to a file.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import multiprocessing
import os
import re
import socket
import statistics
import subprocess
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import uvicorn

from brygga.cli import check, demo_stack, logs, merchant
from brygga.cli.browser import BrowserClient
from brygga.cli.demo_stack import Wish
from brygga.database import connections

BAR_MS = 250
LONGEST_S = 8.0
STALL_S = 0.05
FORM = "application/x-www-form-urlencoded"
MANY_FIELDS = b"a=1&" * 250_000
"""One million bytes."""


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
class Attack:
    """What one abuse did. Threads share it; a counter of answers is all they write."""

    target: Target
    ends_at: float
    answers: Counter[str]

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.ends_at


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    longest_ms: float
    median_ms: float
    asked: int
    failed: int
    seconds: float
    resident_mb: float
    answers: dict[str, int]
    bare_longest_ms: float = 0.0
    """The same abuse against a server with nothing behind it, a moment before."""
    bare_median_ms: float = 0.0
    own_ms: float = 0.0
    """The longest that the service's loop stood still by its own work (`Stalls.own`)."""


# ---- The service ---------------------------------------------------------------------------------


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
            [sys.executable, __file__, "--child", kind],
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


# ---- Asking --------------------------------------------------------------------------------------


def connect(target: Target, timeout_s: float = 10.0, source: str = "127.0.0.9") -> socket.socket:
    """Abuse comes from another address of this machine than the questions for `/health`."""
    return socket.create_connection(("127.0.0.1", target.port), timeout_s, (source, 0))


def answer_of(door: socket.socket) -> str:
    """The status, or "silence" where the connection ends without one."""
    try:
        head = door.recv(64)
    except TimeoutError:
        return "no answer"
    except OSError:
        return "silence"
    return head.split(b" ", 2)[1].decode() if head.startswith(b"HTTP/1.1 ") else "silence"


def head_of(line: str, length: int | None, kind: str, extra: str = "") -> bytes:
    size = "transfer-encoding: chunked" if length is None else f"content-length: {length}"
    return f"{line} HTTP/1.1\r\nhost: x\r\n{size}\r\ncontent-type: {kind}\r\n{extra}\r\n".encode()


def send(attack: Attack, head: bytes, body: bytes = b"", times: int = 1) -> None:
    """One request whose body is `body`, repeated; ends when the service answers or hangs up."""
    with contextlib.suppress(OSError), connect(attack.target, LONGEST_S) as door:
        try:
            door.sendall(head)
            for _ in range(times):
                door.sendall(body)
                if attack.is_over:
                    break
        except OSError:
            pass
        attack.answers[answer_of(door)] += 1


def watch(target: Target, until: Callable[[], bool]) -> tuple[list[float], int]:
    """The seconds that each `/health` took, and how many failed."""
    took, failed = [], 0
    while not until():
        began = time.perf_counter()
        try:
            with connect(target, 70, "127.0.0.1") as door:
                door.sendall(b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
                failed += answer_of(door) != "200"
        except OSError:
            failed += 1
        took.append(time.perf_counter() - began)
        time.sleep(0.01)
    return took, failed


def run(
    name: str,
    abuse: Callable[[Attack], None],
    target: Target,
    threads: int,
    beside: Row | None = None,
) -> Row:
    """The abuse runs in a process of its own, below all others: it is the work of another
    machine.
    """
    reported, tell = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.Process(target=_abuse, args=(abuse, target, threads, tell))
    began = time.monotonic()
    process.start()
    took, failed = watch(target, lambda: not process.is_alive())
    seconds = time.monotonic() - began
    took.extend(watch(target, lambda: time.monotonic() >= began + seconds + 0.5)[0])
    longest, median = max(took) * 1000, statistics.median(took) * 1000
    held_mb, answers = resident_mb(target.pid), reported.recv()
    bare_ms = (beside.longest_ms, beside.median_ms) if beside else (0.0, 0.0)
    return Row(name, longest, median, len(took), failed, seconds, held_mb, answers, *bare_ms)


def _abuse(abuse: Callable[[Attack], None], target: Target, threads: int, tell: Connection) -> None:
    os.nice(15)
    attack = Attack(target, time.monotonic() + LONGEST_S, Counter())
    workers = [threading.Thread(target=abuse, args=(attack,)) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    tell.send(dict(attack.answers.most_common(5)))


# ---- Bodies (item by item what a stranger may send) ----------------------------------------------


def nothing(attack: Attack) -> None:
    time.sleep(3)


def large_form(attack: Attack) -> None:
    """50 MB of fields for the form that takes pictures, from nobody."""
    send(attack, head_of("POST /library/new", 50_000_000, FORM), MANY_FIELDS, 50)


def large_chunks(attack: Attack) -> None:
    """The same without a length."""
    chunk = f"{len(MANY_FIELDS):x}\r\n".encode() + MANY_FIELDS + b"\r\n"
    send(attack, head_of("POST /library/new", None, FORM), chunk, 50)


def get_with_body(attack: Attack) -> None:
    send(attack, head_of("GET /help", 9_000_000, FORM), MANY_FIELDS, 9)


def many_fields(attack: Attack) -> None:
    while not attack.is_over:
        body = b"a&" * 127_000
        send(attack, head_of("POST /sign-out", len(body), FORM), body)


def many_parts(attack: Attack) -> None:
    part = b'--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n'
    body = part * 4500 + b"--x--\r\n"
    while not attack.is_over:
        send(attack, head_of("POST /sign-out", len(body), "multipart/form-data; boundary=x"), body)


def hooks(attack: Attack) -> None:
    """A megabyte of JSON for an address that is nobody's."""
    deep, wide = b"[" * 500_000 + b"]" * 500_000, b"[" + b"1.5," * 249_000 + b"1]"
    while not attack.is_over:
        for body in (deep, wide):
            send(
                attack,
                head_of("POST /hooks/zettle/" + "k" * 43, len(body), "application/json"),
                body,
            )


def known_hook(attack: Attack) -> None:
    """A megabyte of JSON for an address that is somebody's, signed by nobody."""
    rows = b'{"eventName":"X","payload":"{}","timestamp":"1","a":[' + b"1.5," * 240_000 + b"1]}"
    for platform in ("zettle", "bigcommerce") * 500:
        if attack.is_over:
            break
        path = f"POST /hooks/{platform}/{attack.target.hook_key}"
        send(attack, head_of(path, len(rows), "application/json"), rows)


def slow(attack: Attack) -> None:
    """A hundred bodies of which a byte comes now and then."""
    paths = [
        "POST /sign-out",
        "POST /hooks/zettle/" + "k" * 43,
        f"POST /hooks/zettle/{attack.target.hook_key}",
    ]
    doors = []
    for number in range(100):
        with contextlib.suppress(OSError):
            door = connect(attack.target)
            door.sendall(head_of(paths[number % 3], 1000, FORM))
            doors.append(door)
    while doors and not attack.is_over:
        time.sleep(1)
        for door in doors:
            with contextlib.suppress(OSError):
                door.sendall(b"a")
    for door in doors:
        door.settimeout(0.05)
        attack.answers[answer_of(door)] += 1
        door.close()


def torn(attack: Attack) -> None:
    """Bodies that end in the middle."""
    paths = ("/sign-out", "/library/new", f"/hooks/zettle/{attack.target.hook_key}")
    while not attack.is_over:
        for path in paths:
            for kind in (FORM, "multipart/form-data; boundary=x"):
                with contextlib.suppress(OSError), connect(attack.target) as door:
                    door.sendall(head_of(f"POST {path}", 5000, kind) + b"--x\r\ncontent-dis")
                attack.answers["torn off"] += 1


def malformed(attack: Attack) -> None:
    unknown = b"--x\r\ncontent-type: text/plain; charset=none\r\n"
    named = b'content-disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n'
    bodies = [
        ("multipart/form-data; boundary=x", unknown + named),
        ("multipart/form-data", b"--x\r\n\r\n"),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\ncontent-disposition: form-data\r\n\r\n1\r\n--x--\r\n",
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n\xff\r\n--x--\r\n',
        ),
        (FORM, b"%00=%00&%ff=%ff&=&&&"),
    ]
    extra = f"cookie: {attack.target.cookies}\r\n"
    while not attack.is_over:
        for kind, body in bodies:
            send(attack, head_of("POST /sign-out", len(body), kind, extra), body)


def own_pictures(attack: Attack) -> None:
    """50 MB of pictures from a signed-in merchant: as much as the form takes."""
    start = (
        "--x\r\ncontent-disposition: form-data; "
        f'name="_csrf_token"\r\n\r\n{attack.target.token}\r\n'
    )
    part = (
        b'--x\r\ncontent-disposition: form-data; name="picture"; filename="a.png"\r\n\r\n'
        + b"x" * 4_999_000
    )
    length = len(start) + 10 * (len(part) + 2) + 7
    extra = f"cookie: {attack.target.cookies}\r\n"
    kind = "multipart/form-data; boundary=x"
    with contextlib.suppress(OSError), connect(attack.target, LONGEST_S) as door:
        door.sendall(head_of("POST /library/new", length, kind, extra) + start.encode())
        for _ in range(10):
            door.sendall(part + b"\r\n")
        door.sendall(b"--x--\r\n")
        attack.answers[answer_of(door)] += 1


def own_fields(attack: Attack) -> None:
    """50 MB of fields from a signed-in merchant."""
    extra = f"cookie: {attack.target.cookies}\r\n"
    send(attack, head_of("POST /library/new", 50_000_000, FORM, extra), MANY_FIELDS, 50)


# ---- Floods --------------------------------------------------------------------------------------


def flood(attack: Attack, *lines: str, extra: str = "") -> None:
    while not attack.is_over:
        for line in lines:
            send(attack, f"{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{extra}\r\n".encode())


def sign_ins(attack: Attack) -> None:
    flood(attack, "GET /sign-in/zettle")


def callbacks(attack: Attack) -> None:
    paths = ("/zettle/auth?code=a&state=b", "/bigcommerce/auth?code=a&context=stores/x&scope=s")
    flood(
        attack, *(f"GET {path}" for path in (*paths, "/bigcommerce/load?signed_payload_jwt=a.b.c"))
    )


def small_hooks(attack: Attack) -> None:
    while not attack.is_over:
        for path in ("/hooks/zettle/" + "k" * 43, f"/hooks/bigcommerce/{attack.target.hook_key}"):
            send(attack, head_of(f"POST {path}", 2, "application/json"), b"{}")


def streams(attack: Attack) -> None:
    """A hundred live streams of one session."""
    doors = []
    for _ in range(100):
        with contextlib.suppress(OSError):
            door = connect(attack.target)
            cookie = f"cookie: {attack.target.cookies}\r\n"
            door.sendall(f"GET /apps/bigcommerce/live HTTP/1.1\r\nhost: x\r\n{cookie}\r\n".encode())
            doors.append(door)
    for door in doors:
        attack.answers[answer_of(door)] += 1
    time.sleep(1)
    for door in doors:
        door.close()


def support_cases(attack: Attack) -> None:
    body = f"_csrf_token={attack.target.token}".encode()
    extra = f"cookie: {attack.target.cookies}\r\nconnection: close\r\n"
    while not attack.is_over:
        send(attack, head_of("POST /support", len(body), FORM, extra), body)


def silent(attack: Attack) -> None:
    """Two hundred connections that never ask, or never end their question."""
    doors = []
    for number in range(200):
        with contextlib.suppress(OSError):
            door = connect(attack.target)
            door.sendall(b"GET / HTTP/1.1\r\nx: " if number % 2 else b"")
            doors.append(door)
    time.sleep(11)
    for door in doors:
        door.settimeout(0.05)
        attack.answers[answer_of(door)] += 1
        door.close()


ABUSES: dict[str, tuple[Callable[[Attack], None], int]] = {
    "nothing": (nothing, 1),
    "large_form": (large_form, 1),
    "large_chunks": (large_chunks, 1),
    "get_with_body": (get_with_body, 1),
    "many_fields": (many_fields, 2),
    "many_parts": (many_parts, 2),
    "hooks": (hooks, 2),
    "known_hook": (known_hook, 2),
    "slow": (slow, 1),
    "torn": (torn, 1),
    "malformed": (malformed, 2),
    "own_pictures": (own_pictures, 1),
    "own_fields": (own_fields, 1),
    "sign_ins": (sign_ins, 4),
    "callbacks": (callbacks, 4),
    "small_hooks": (small_hooks, 4),
    "streams": (streams, 1),
    "support_cases": (support_cases, 2),
    "silent": (silent, 1),
}


def show(row: Row, idle: Row) -> None:
    over = row.longest_ms - (idle.longest_ms if idle.name == "nothing" else 0.0)
    verdict = "" if over < BAR_MS else f"  over {BAR_MS} ms"
    answers = ", ".join(f"{count} x {answer}" for answer, count in row.answers.items())
    print(
        f"{row.name:<15}{row.longest_ms:6.0f} ({row.bare_longest_ms:4.0f}) ms "
        f"{row.median_ms:5.0f} ({row.bare_median_ms:3.0f}) ms  own {row.own_ms:4.0f} ms "
        f"{row.asked:5} asked {row.failed:3} failed"
        f" {row.seconds:6.1f} s {row.resident_mb:6.0f} MB  {answers}{verdict}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "names", nargs="*", help=f"which abuses: {', '.join(ABUSES)}; all unless told"
    )
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    parser.add_argument(
        "--log", type=Path, default=Path(os.devnull), help="where the service's log goes"
    )
    parser.add_argument("--child", choices=("service", "bare"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        child(asked.child)
        return
    rows = []
    print(
        "abuse          /health longest (bare server), median (bare server), own: the loop's stall"
    )
    with running("bare", asked.log) as (bare, _), running("service", asked.log) as (target, over):
        for name in asked.names or ABUSES:
            abuse, threads = ABUSES[name]
            beside = run(name, abuse, bare, threads)
            found = run(name, abuse, target, threads, beside)
            rows.append(replace(found, own_ms=over(name)[1]))
            show(rows[-1], rows[0])
    if asked.json:
        asked.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))


if __name__ == "__main__":
    main()
