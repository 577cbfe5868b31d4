"""A client that costs little: requests that are built before, and answers of which only the status
is read.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from brygga.system import SystemClock

CLOCK = SystemClock()
_LENGTH = b"content-length:"


@dataclass(slots=True)
class Outcome:
    """`accepted` are the places of the requests that were answered 200; `took` seconds each."""

    seconds: float = 0.0
    accepted: list[int] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    refused: int = 0

    @property
    def a_second(self) -> float:
        return len(self.accepted) / self.seconds if self.seconds else 0.0


def request(
    method: str, url: str, headers: dict[str, str] | None = None, body: bytes = b""
) -> bytes:
    parts = urlsplit(url)
    lines = [
        f"{method} {parts.path or '/'} HTTP/1.1",
        f"host: {parts.netloc}",
        f"content-length: {len(body)}",
        *(f"{name}: {value}" for name, value in (headers or {}).items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


async def sent(url: str, requests: Sequence[bytes], at_once: int = 32) -> Outcome:
    """Sends all, `at_once` at a time, each connection one after the other. It ends early where the
    server goes away.
    """
    outcome, places = Outcome(), iter(range(len(requests)))
    began = CLOCK.monotonic()
    await asyncio.gather(*(_one_by_one(url, requests, places, outcome) for _ in range(at_once)))
    outcome.seconds = CLOCK.monotonic() - began
    return outcome


async def _one_by_one(
    url: str, requests: Sequence[bytes], places: Iterator[int], outcome: Outcome
) -> None:
    where = urlsplit(url)
    try:
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        for place in places:
            began = CLOCK.monotonic()
            writer.write(requests[place])
            status = await _answer(reader)
            if status == 200:
                outcome.took.append(CLOCK.monotonic() - began)
                outcome.accepted.append(place)
            else:
                outcome.refused += 1
        writer.close()
    except (OSError, asyncio.IncompleteReadError):
        return


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    length = next(
        (
            int(line[len(_LENGTH) :])
            for line in head.lower().split(b"\r\n")
            if line.startswith(_LENGTH)
        ),
        0,
    )
    if length:
        await reader.readexactly(length)
    return status
