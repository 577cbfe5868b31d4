"""The process hangs up on connections that waste a place, and believes configured proxies only."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from litestar import Litestar, Request, get, post

from brygga.cli import doorkeeper
from brygga.cli.serve import listen
from brygga.cli.serving import web
from brygga.web.refusals import Why


class Noted(list[str]):
    def note(self, why: Why, where: str, count: int = 1) -> None:
        self.extend([why.value] * count)


@get("/who")
async def who(request: Request[Any, Any, Any]) -> str:
    return request.client.host if request.client else ""


@post("/unread", status_code=200)
async def unread() -> str:
    return "done"


@contextlib.asynccontextmanager
async def served(*proxies: str) -> AsyncIterator[tuple[int, Noted]]:
    app, noted = Litestar([who, unread], openapi_config=None), Noted()
    app.state.refusals, app.state.closing = noted, asyncio.Event()
    service: Any = SimpleNamespace(web=app, settings=SimpleNamespace(trusted_proxies=proxies))
    door = listen("127.0.0.1", 0)
    async with web(service, door):
        yield door.getsockname()[1], noted
    door.close()


async def asked(port: int, text: bytes, wait_s: float = 2.0) -> bytes:
    """What comes back before the other side hangs up, or until `wait_s`."""
    found = b""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionError:
        return found
    writer.write(text)
    with contextlib.suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(wait_s):
            while part := await reader.read(1000):
                found += part
    writer.close()
    return found


WHO = b"GET /who HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"


@pytest.mark.parametrize(
    ("proxies", "header", "client"),
    [
        ((), b"203.0.113.7", b"127.0.0.1"),
        (("127.0.0.1",), b"203.0.113.7", b"203.0.113.7"),
        (("127.0.0.0/8",), b"203.0.113.7", b"203.0.113.7"),
        (("192.0.2.1",), b"203.0.113.7", b"127.0.0.1"),
        # What a client wrote itself stands before what the proxy added.
        (("127.0.0.1",), b"198.51.100.1, 203.0.113.7", b"203.0.113.7"),
    ],
)
async def test_a_client_is_believed_from_a_configured_proxy_only(
    proxies: tuple[str, ...], header: bytes, client: bytes
) -> None:
    async with served(*proxies) as (port, _):
        answer = await asked(port, WHO + b"x-forwarded-for: " + header + b"\r\n\r\n")

    assert client == answer.rpartition(b"\r\n\r\n")[2]


async def test_no_answer_names_the_server() -> None:
    async with served() as (port, _):
        answer = await asked(port, WHO + b"\r\n")

    assert b"200 OK" in answer
    assert b"\r\nserver:" not in answer.lower()


@pytest.mark.parametrize("start", [b"", b"GET / HTTP/1.1\r\nx: "])
async def test_a_head_that_does_not_end_is_hung_up_on(
    monkeypatch: pytest.MonkeyPatch, start: bytes
) -> None:
    monkeypatch.setattr(doorkeeper, "HEAD_S", 0.1)
    async with served() as (port, noted):
        assert b"" == await asked(port, start)
    assert ["head_slow"] == noted


async def test_a_slow_head_gains_no_time_by_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorkeeper, "HEAD_S", 0.2)
    async with served() as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        began = asyncio.get_running_loop().time()
        with contextlib.suppress(ConnectionError):
            while not reader.at_eof() and asyncio.get_running_loop().time() < began + 3:
                writer.write(b"a")
                await asyncio.sleep(0.05)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.01):
                        await reader.read(1)

        assert asyncio.get_running_loop().time() < began + 2


async def test_a_body_that_goes_on_after_the_answer_is_hung_up_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doorkeeper, "AFTER_S", 0.1)
    async with served() as (port, _):
        began = asyncio.get_running_loop().time()
        answer = await asked(
            port, b"POST /unread HTTP/1.1\r\nhost: x\r\ncontent-length: 9000\r\n\r\nabc", 5
        )

        assert answer.endswith(b"done")
        assert asyncio.get_running_loop().time() < began + 3


async def test_what_is_no_http_is_counted_and_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served() as (port, noted):
        answer = await asked(port, b"\x16\x03\x01 no http\r\n\r\n")

    assert (b"HTTP/1.1 400 ", ["head_malformed"]) == (answer[:13], noted)


async def test_one_peer_holds_a_share_of_the_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorkeeper, "MOST", 5)
    async with served() as (port, noted):
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(5)]
        await asyncio.sleep(0.05)
        refused = await asked(port, WHO + b"\r\n")
        for _, writer in held:
            writer.close()
        await asyncio.sleep(0.05)
        later = await asked(port, WHO + b"\r\n")

    assert (b"", b"HTTP/1.1 200") == (refused, later[:12])
    assert "connections" in noted


def test_a_configured_proxy_holds_as_many_as_it_needs() -> None:
    peers = doorkeeper.Peers(cast(Any, Noted()), lambda host: host == "10.0.0.1")

    assert all(peers.is_welcome("10.0.0.1", 0) for _ in range(1000))
    assert 50 == sum(peers.is_welcome("192.0.2.1", 0) for _ in range(1000))
    assert peers.is_welcome("192.0.2.1", 1)


def test_a_flood_of_connections_is_let_in_a_few_at_a_time() -> None:
    """Fifty at once, then two hundred a second; who is gone is forgotten."""
    peers = doorkeeper.Peers(cast(Any, Noted()), lambda _: False)
    flood = [
        sum(peers.is_welcome("192.0.2.1", tick / 50) for _ in range(80)) for tick in range(101)
    ]
    other = peers.is_welcome("192.0.2.2", 2.0)
    peers.is_welcome("192.0.2.3", 9.0)

    assert [50, 4] == flood[:2]
    assert 10 > max(flood[2:])
    assert 430 < sum(flood) < 470
    assert other
    assert ["192.0.2.3"] == list(peers._spent)


def test_the_listening_socket_stays_the_callers() -> None:
    door = listen("127.0.0.1", 0)
    with doorkeeper.Door.over(door, doorkeeper.Peers(cast(Any, Noted()), lambda _: False)) as over:
        assert over.getsockname() == door.getsockname()
    assert socket.socket.getsockname(door)
    door.close()


@pytest.mark.parametrize(
    "head",
    [
        # Two ways to say where the body ends: what follows could be another client's request.
        b"POST /unread HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n",
        b"POST /unread HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\ncontent-length: 9\r\n",
        b"POST /unread HTTP/1.1\r\nhost: x\r\ncontent-length: +9\r\n",
        b"POST /unread HTTP/1.1\r\nhost: x\r\ntransfer-encoding: xchunked\r\n",
        b"POST /unread HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked, identity\r\n",
        b"POST /unread HTTP/1.1\r\nhost: x\r\ntransfer-encoding : chunked\r\n",
        b"GET /who HTTP/1.1\r\nhost: a\r\nhost: b\r\n",
        b"GET /who HTTP/1.1\r\nhost: evil.example:1/\r\n",
        b"GET /who HTTP/1.1\r\nhost: me@evil.example\r\n",
        b"GET /who HTTP/1.1\r\nhost: evil.example:99999\r\n",
        b'GET /who HTTP/1.1\r\nhost: "><script>\r\n',
        b"GET /who HTTP/1.1\r\nhost: x\r\na: b\0c\r\n",
    ],
)
async def test_what_a_proxy_could_read_otherwise_is_refused_whole(head: bytes) -> None:
    """One answer, 400, and an end: nothing after it is taken for a request."""
    async with served() as (port, noted):
        answer = await asked(port, head + b"\r\n0\r\n\r\n" + WHO + b"\r\n")

    assert 1 == answer.count(b"HTTP/1.1 ")
    assert (b"HTTP/1.1 400 ", ["head_malformed"]) == (answer[:13], noted)


@pytest.mark.parametrize(
    "host", [b"brygga.example", b"brygga.example:8700", b"[::1]:8700", b"127.0.0.1", b"localhost:"]
)
async def test_a_proper_host_is_let_in(host: bytes) -> None:
    assert doorkeeper.is_host(host)


async def test_a_head_of_very_many_headers_is_refused() -> None:
    many = b"".join(b"x-%d: 1\r\n" % number for number in range(201))
    async with served() as (port, _):
        answer = await asked(port, WHO + many + b"\r\n")

    assert b"HTTP/1.1 400 " == answer[:13]
