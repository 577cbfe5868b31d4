"""Connections that waste a place: each ends by itself, in silence.

    the 401st connection of one peer at once      at once
    a peer opens more than 50 at once, and then   at once
    more than 200 a second
    the head of a request does not end            10 s after its first byte, or after the connection
                                                  was opened
    a body that nobody reads goes on              2 s after the answer

A configured proxy is no peer: it speaks for many. Uvicorn has no bound for any of this. What a
handler reads has bounds of its own (`web.bodies`).

A request that a proxy may read otherwise than we do is refused too (`OneReading`).
"""

import asyncio
import re
import socket
import struct
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from brygga.web.refusals import Refusals, Why

HEAD_S: Final = 10.0
AFTER_S: Final = 2.0
MOST: Final = 400
"""Each open page of a merchant holds one for its live figures."""
BURST: Final = 50
"""What one peer may open at once: each takes a millisecond or two of everybody's time."""
MOST_A_SECOND: Final = 200
FILLED_EVERY_S: Final = 0.01
MOST_HEAD: Final = 64 * 1024
"""Bytes of a head that has not ended yet."""
MOST_HEADERS: Final = 200
HOST: Final = re.compile(rb"(?:[A-Za-z0-9._~-]*|\[[0-9A-Fa-f:.]+\])(?::([0-9]{0,5}))?")
MOST_PORT: Final = 65_535
WAITING: Final = 4096
"""Connections that the kernel keeps until they are let in; its own bound may be lower."""
IN_A_TURN: Final = 8
"""Connections that are let in before the requests of others go on."""
CLOSED_IN_A_TURN: Final = 500
"""Unwelcome connections that are closed before the requests of others go on."""
ABORTING: Final = struct.pack("ii", 1, 0)
"""The option of a socket that is closed without a farewell: the kernel keeps nothing of it."""


@dataclass(slots=True)
class Peers:
    """Who holds how many connections to this process."""

    refusals: Refusals
    is_proxy: Callable[[str], bool]
    open: Counter[str] = field(default_factory=Counter)
    _filled_at: float = 0.0
    _spent: dict[str, float] = field(default_factory=dict)
    """By peer, how much of its burst is used. It comes back with time; then the peer is gone."""

    def is_welcome(self, peer: str, now: float) -> bool:
        """Whether this peer may open one more connection. Asked once for each."""
        if now - self._filled_at >= FILLED_EVERY_S:
            back = (now - self._filled_at) * MOST_A_SECOND
            self._filled_at = now
            self._spent = {of: used - back for of, used in self._spent.items() if used > back}
        used = self._spent.get(peer, 0.0) + 1
        if (self.open[peer] < MOST and used <= BURST) or self.is_proxy(peer):
            self._spent[peer] = used
            return True
        return False

    def enter(self, peer: str) -> None:
        self.open[peer] += 1

    def leave(self, peer: str) -> None:
        self.open[peer] -= 1
        if self.open[peer] <= 0:
            del self.open[peer]


class Door(socket.socket):
    """A listening socket that hangs up on a peer with too many connections, before anything is
    made for it: a flood costs a few microseconds a connection."""

    peers: Peers

    @classmethod
    def over(cls, listening: socket.socket, peers: Peers) -> "Door":
        door = cls(
            listening.family, listening.type, listening.proto, fileno=listening.dup().detach()
        )
        door.setblocking(False)
        door.peers = peers
        return door

    def listen(self, backlog: int = 0, /) -> None:
        """`backlog` is how many the event loop lets in at once, which is no bound of the kernel."""
        super().listen(WAITING)

    def accept(self) -> tuple[socket.socket, Any]:
        """Raises BlockingIOError when nobody who is welcome waits, or others are to have their
        turn.
        """
        now, closed = asyncio.get_running_loop().time(), 0
        try:
            while closed < CLOSED_IN_A_TURN:
                made, address = super().accept()
                if self.peers.is_welcome(str(address[0]), now):
                    return made, address
                made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORTING)
                made.close()
                closed += 1
            raise BlockingIOError
        finally:
            if closed:
                self.peers.refusals.note(Why.CONNECTIONS, "", closed)


class OneReading(h11.Connection):
    """h11, without what RFC 9112 leaves to the reader (6.3, 3.2): a request whose body has a length
    and is chunked too, or whose host is no host. A proxy that reads it otherwise could be led to
    take a part of it for another client's request.
    """

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        event = super().next_event()
        if isinstance(event, h11.Request):
            names = [name for name, _ in event.headers]
            if b"content-length" in names and b"transfer-encoding" in names:
                raise h11.RemoteProtocolError("a length, and chunked")
            if len(names) > MOST_HEADERS:
                raise h11.RemoteProtocolError("too many headers")
            hosts = [value for name, value in event.headers if name == b"host"]
            if not all(map(is_host, hosts)):
                raise h11.RemoteProtocolError("a host that is none")
        return event


def is_host(text: bytes) -> bool:
    """A name or an address, and a port where there is one. "" is what a client without a host
    sends.
    """
    found = HOST.fullmatch(text)
    return found is not None and int(found[1] or 0) <= MOST_PORT


class Doorkeeper(H11Protocol):
    """Uvicorn's protocol, with these bounds. The application's state holds its `Peers`."""

    _peer: str | None = None
    _timer: asyncio.TimerHandle | None = None
    _waits_for: str = ""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.conn = OneReading(h11.SERVER, MOST_HEAD)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._peer = self.client[0] if self.client else ""
        self._peers.enter(self._peer)
        self._wait_for("head", HEAD_S)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_for("", 0)
        if self._peer is not None:
            self._peers.leave(self._peer)
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        self._peers.refusals.note(Why.HEAD_MALFORMED, "")
        super().send_400_response(msg)

    def _watch(self) -> None:
        """A timer goes on while what it waits for is the same: a byte now and then gains no
        time.
        """
        if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
            self._wait_for("head", HEAD_S)
        elif self.conn.their_state is h11.SEND_BODY and self.conn.our_state is h11.DONE:
            self._wait_for("rest", AFTER_S)
        else:
            self._wait_for("", 0)

    def _wait_for(self, what: str, seconds: float) -> None:
        if what == self._waits_for:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._waits_for = what
        self._timer = self.loop.call_later(seconds, self._hang_up) if what else None

    def _hang_up(self) -> None:
        if self._waits_for == "head":
            self._peers.refusals.note(Why.HEAD_SLOW, "")
        self._waits_for = ""
        self.transport.close()

    @property
    def _peers(self) -> Peers:
        app: Any = self.config.app
        peers: Peers = app.state.peers
        return peers
