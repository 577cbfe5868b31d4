"""What strangers and merchants send to a service that they abuse, item by item
(`bench/abuse.py`).
"""

import contextlib
import socket
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from abused import Target

LONGEST_S = 8.0
FORM = "application/x-www-form-urlencoded"
MANY_FIELDS = b"a=1&" * 250_000
"""One million bytes."""


@dataclass(slots=True)
class Attack:
    """What one abuse did. Threads share it; a counter of answers is all they write."""

    target: Target
    ends_at: float
    answers: Counter[str]

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.ends_at


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
