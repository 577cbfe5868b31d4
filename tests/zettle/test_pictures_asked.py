"""Whatever address a product names for its picture, only Zettle's hosts are asked, by sockets of
this machine: redirects, names that change their address, other schemes, and answers that are no
picture.

A merchant's other tools write these addresses. What is fetched from them is shown to the world.
"""

import asyncio
import contextlib
import gzip
import socket
import ssl
import tracemalloc
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from brygga.core.failures import Failure, Refused, Unreachable
from brygga.wire import InventoryPace, Wire, open_client
from brygga.zettle.api import Zettle
from tests.wire.doubles import SkippingClock
from tests.zettle.account import URLS, FixedTokens

HOST = "image.izettle.com"
PNG = b"\x89PNG" + bytes(100)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
Answer = Callable[[asyncio.StreamWriter], None]


@dataclass
class Listener:
    """A server of this machine that answers every request the same. `received`: first lines."""

    answer: bytes | Answer = b""
    received: list[str] = field(default_factory=list)
    connected: int = 0
    reached: bool = False
    """Somebody opened a connection, whatever became of it."""
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connected += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            self.received.append(head.partition(b"\r\n")[0].decode())
            if callable(self.answer):
                self.answer(writer)
            else:
                writer.write(self.answer)
            await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def listening(listener: Listener, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Its address."""
    if tls is not None:
        tls.sni_callback = lambda *_: setattr(listener, "reached", True)
    server = await asyncio.start_server(listener.serve, "127.0.0.1", 0, ssl=tls)
    listener.port = server.sockets[0].getsockname()[1]
    async with server:
        yield f"127.0.0.1:{listener.port}"


@contextlib.asynccontextmanager
async def zettle(own: str = "products.izettle.com") -> AsyncIterator[Zettle]:
    """With the client and the wire of the service. `own` is where Zettle's product host is."""
    clock = SkippingClock()
    urls = replace(URLS, products=f"http://{own}/products")
    async with open_client() as client:
        wire = Wire(client, clock)
        yield Zettle(wire, InventoryPace(clock), urls, FixedTokens("t"))


def answered(body: bytes, kind: str = "image/png", *more: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"content-type: {kind}", f"content-length: {len(body)}", *more]
    return "\r\n".join([*lines, "", ""]).encode() + body


@pytest.mark.parametrize(
    "url",
    [
        "http://{here}/x.png",
        "https://{here}/x.png",
        "http://localhost:{port}/x.png",
        "http://0x7f000001:{port}/x.png",
        "http://2130706433:{port}/x.png",
        "http://[::1]:{port}/x.png",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/x.png",
        "http://[fe80::1]/x.png",
        "https://metadata.google.internal/x.png",
        "file:///etc/passwd",
        "file://image.izettle.com/etc/passwd",
        "ftp://image.izettle.com/x.png",
        "gopher://image.izettle.com/x.png",
        "data:image/png;base64,iVBORw0KGgo=",
        "http://image.izettle.com/x.png",
        "//image.izettle.com/x.png",
        "https://izettle.com.evil.example/x.png",
        "https://evilizettle.com/x.png",
        "https://evil.example/#.izettle.com",
        "https://evil.example/?.izettle.com",
        "https://image.izettle.com@{here}/x.png",
        "https://{here}\\.izettle.com/x.png",
        "https://{here}\\@image.izettle.com/x.png",
        "https://{here}#@image.izettle.com/x.png",
        "https://{here}%2f.izettle.com/x.png",
        "https://image.izettle.com\n.evil.example/x.png",
        "https://image.izettle.com:99999/x.png",
        "https://image.izettle.com:x/x.png",
        "https://image.izettle.com:5432/x.png",
        "https://image.izettle.com/" + "x" * 5000,
        "https://[",
        "https://",
        "",
    ],
)
async def test_another_host_or_scheme_is_never_asked(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even its name is looked up."""
    named = lookups(monkeypatch)
    listener = Listener(answered(PNG))
    async with listening(listener) as here, zettle() as door:
        with pytest.raises(Refused) as refused:
            await door.picture(url.format(here=here, port=listener.port))

    assert "zettle_picture_unreadable" == refused.value.code
    assert ([], [], 0) == (named, listener.received, listener.connected)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_from_zettles_own_host_leads_nowhere(status: int) -> None:
    inside = Listener(answered(PNG))
    async with listening(inside) as secret:
        leads = (
            f"HTTP/1.1 {status} Found\r\nlocation: http://{secret}/x\r\ncontent-length: 0\r\n\r\n"
        )
        outside = Listener(leads.encode())
        async with listening(outside) as own, zettle(own) as door:
            with pytest.raises(Failure):
                await door.picture(f"http://{own}/image/x.png")

    assert (1, 0) == (outside.connected, inside.connected)


async def test_a_name_of_zettles_that_leads_inside_gets_no_question(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """DNS rebinding: the name resolves to this machine, which has no certificate for it."""
    inside = Listener(answered(PNG))
    async with listening(inside, self_signed(tmp_path)), zettle() as door:
        led = leads_to(inside, monkeypatch)
        with pytest.raises(Unreachable):
            await door.picture(f"https://{HOST}/x.png")

    assert HOST in led
    assert (True, []) == (inside.reached, inside.received)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (answered(SVG, "image/svg+xml"), "a script may be in it"),
        (answered(SVG, "text/html"), "a page"),
        (answered(PNG, ""), "no kind"),
        (b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", "nothing there"),
    ],
)
async def test_what_is_no_picture_is_refused(answer: bytes, why: str) -> None:
    async with listening(Listener(answer)) as own, zettle(own) as door:
        with pytest.raises(Refused):
            await door.picture(f"http://{own}/image/x.png")
    assert why


async def test_a_picture_without_an_end_is_cut() -> None:
    """Without a length, and for ever."""
    sent = 0

    def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: image/png\r\n\r\n")
        for _ in range(400):
            writer.write(bytes(100_000))
            sent += 100_000

    async with listening(Listener(endless)) as own, zettle(own) as door:
        with pytest.raises(Refused):
            await door.picture(f"http://{own}/image/x.png")

    assert sent > 8 * 1024 * 1024


async def test_a_bomb_is_never_unpacked_whole() -> None:
    """A gigabyte of zeros in a megabyte."""
    part = gzip.compress(bytes(64_000_000), 9)
    body = part * 16
    bomb = answered(body, "image/png", "content-encoding: gzip")
    async with listening(Listener(bomb)) as own, zettle(own) as door:
        tracemalloc.start()
        try:
            with pytest.raises(Failure):
                await door.picture(f"http://{own}/image/x.png")
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak < 200_000_000, f"{peak:,} bytes"


def leads_to(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every name resolves to this machine, where every port is this listener's. The names."""
    named: list[str] = []
    real_names, loop = socket.getaddrinfo, type(asyncio.get_running_loop())
    real_connection = loop.create_connection

    def getaddrinfo(host: Any, *rest: Any, **more: Any) -> Any:
        named.append(host.decode() if isinstance(host, bytes) else str(host))
        return real_names("127.0.0.1", *rest, **more)

    async def connect(self: Any, made: Any, host: str, port: int, **more: Any) -> Any:
        return await real_connection(self, made, host, listener.port, **more)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(loop, "create_connection", connect)
    return named


def lookups(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every name that is looked up."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, *rest: Any, **named: Any) -> Any:
        text = host.decode() if isinstance(host, bytes) else str(host)
        if text == "127.0.0.1":
            return real(host, *rest, **named)
        asked.append(text)
        raise OSError("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def self_signed(folder: Path) -> ssl.SSLContext:
    """A certificate for Zettle's name that nobody but its maker believes."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "own.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
